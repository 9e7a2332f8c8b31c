// Whether the system tells when work ends while the window is away: the user's setting, and no more than the browser allows. In the desktop application the main
// process tells, by the same setting, and the page keeps silent.
import { useState } from "react";
import { useHost, useSettings } from "./host.tsx";

export interface Notify {
  readonly isOn: boolean;
  /** The browser refuses notifications of this page. */
  readonly isRefused: boolean;
  /** Keeps the setting; asks the browser where it has not been asked. */
  set(isOn: boolean): Promise<void>;
  /** Tells through the browser, where that is on and the window is not in front. A click brings it there. */
  tell(title: string, body: string, onClick: () => void): void;
}

const permissionOf = () => ("Notification" in window ? Notification.permission : "denied");

export function useNotify(): Notify {
  const { client, connection } = useHost();
  const isWanted = useSettings()?.settings.notifications ?? false;
  const isDesktop = connection.door.kind === "electron";
  const [permission, setPermission] = useState(permissionOf);
  return {
    isOn: isWanted && (isDesktop || permission === "granted"),
    isRefused: !isDesktop && permission === "denied",
    async set(isOn) {
      if (isOn && !isDesktop && permissionOf() === "default") setPermission(await Notification.requestPermission());
      await client.settings.change({ notifications: isOn });
    },
    tell(title, body, onClick) {
      if (isDesktop || !isWanted || document.hasFocus() || permissionOf() !== "granted") return;
      const notification = new Notification(title, { body, tag: title });
      notification.onclick = () => {
        window.focus();
        onClick();
        notification.close();
      };
    },
  };
}
