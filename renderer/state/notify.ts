// Whether the system tells when a study ends: off until it is asked for, kept in this browser, and no more than the browser allows.
import { useSyncExternalStore } from "react";
import { createStore } from "./store.ts";

const KEY = "simclr-s2-notify";
const store = createStore(localStorage.getItem(KEY) === "1");

export interface NotifySetting {
  /** It was asked for, and the browser lets it. */
  readonly isOn: boolean;
  /** The browser refuses notifications of this page. */
  readonly isRefused: boolean;
  /** Asks the browser where it has not been asked. @returns whether it is on now */
  set(isOn: boolean): Promise<boolean>;
}

const permission = () => ("Notification" in window ? Notification.permission : "denied");

async function set(isOn: boolean): Promise<boolean> {
  if (isOn && permission() === "default") await Notification.requestPermission();
  const isAllowed = isOn && permission() === "granted";
  localStorage.setItem(KEY, isAllowed ? "1" : "0");
  store.set(isAllowed);
  return isAllowed;
}

export function useNotifySetting(): NotifySetting {
  const wanted = useSyncExternalStore(store.subscribe, store.get);
  return { isOn: wanted && permission() === "granted", isRefused: permission() === "denied", set };
}

/** Tells through the system, where that is on. A click brings the window to the front. */
export function notify(title: string, body: string, onClick: () => void): void {
  if (!store.get() || permission() !== "granted") return;
  const notification = new Notification(title, { body, tag: title });
  notification.onclick = () => {
    window.focus();
    onClick();
    notification.close();
  };
}
