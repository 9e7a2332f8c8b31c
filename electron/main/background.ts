// What is told outside of the window while work runs: the bar on the taskbar, a machine that stays awake, notices, the icon in the tray.
import { fileURLToPath } from "node:url";
import { type BrowserWindow, Menu, Notification, nativeImage, powerSaveBlocker, Tray } from "electron";
import { noticesOf } from "../../shared/domain/notices.ts";
import { shareDone, workLine } from "../app/desktop/work.ts";
import type { Host } from "../app/host.ts";
import type { Studio } from "../app/studio.ts";

export interface BackgroundOptions {
  readonly studio: Studio;
  /** The window, while there is one. */
  readonly window: () => BrowserWindow | undefined;
  readonly show: (hash: string) => void;
  readonly quit: () => void;
  /** Work has ended, and no window is open. */
  readonly onIdle: () => void;
}

const TRAY_ICON = fileURLToPath(new URL("../icons/32x32.png", import.meta.url));
const TOLD_EVERY_MS = 500;

/** Follows the jobs of the present host, and of the next one after a switch. */
export function followWork(options: BackgroundOptions): void {
  const { studio } = options;
  let following = new AbortController();
  const start = (host: Host) => {
    following.abort();
    following = new AbortController();
    void follow(host, options, following.signal);
  };
  studio.onSwitch(start);
  start(studio.host);
}

async function follow(host: Host, { studio, window, show, quit, onIdle }: BackgroundOptions, signal: AbortSignal): Promise<void> {
  let before = host.jobs.jobs.value;
  let blocker: number | undefined;
  let tray: Tray | undefined;
  const shown = new Set<Notification>(); // one that is collected cannot be clicked
  for await (const jobs of host.jobs.jobs.watch(signal, TOLD_EVERY_MS)) {
    const share = shareDone(jobs);
    const isWorking = share !== -1;
    const open = window();
    open?.setProgressBar(share);
    const { keepAwake, notifications } = studio.settings.value;
    if (isWorking && keepAwake) blocker ??= powerSaveBlocker.start("prevent-app-suspension");
    else if (blocker !== undefined) {
      powerSaveBlocker.stop(blocker);
      blocker = undefined;
    }
    if (notifications && !open?.isFocused() && Notification.isSupported()) {
      for (const { title, body, hash } of noticesOf(before, jobs)) {
        const notice = new Notification({ title, body });
        shown.add(notice);
        notice.on("click", () => show(hash));
        notice.on("close", () => shown.delete(notice));
        notice.show();
      }
    }
    if (isWorking && !open) {
      if (!tray) {
        tray = new Tray(nativeImage.createFromPath(TRAY_ICON));
        tray.setContextMenu(
          Menu.buildFromTemplate([
            { label: "Open the Window", click: () => show("") },
            { label: "Pause and Quit", click: quit },
          ]),
        );
        tray.on("click", () => show(""));
      }
      tray.setToolTip(workLine(jobs));
    } else {
      tray?.destroy();
      tray = undefined;
    }
    if (!isWorking && before.some(({ status }) => status === "running") && !open) onIdle();
    before = jobs;
  }
  if (blocker !== undefined) powerSaveBlocker.stop(blocker);
  tray?.destroy();
}
