// The one window: where it was, what it may not do, and what happens when its page is lost.
import { join } from "node:path";
import { BrowserWindow, dialog, nativeTheme, screen } from "electron";
import { LEAST_SIZE, readWindowState, restoredBounds, writeWindowState } from "../app/desktop/window-state.ts";
import { isOurs, PAGE } from "./page.ts";

export interface WindowOptions {
  /** File that keeps the window's place. */
  readonly stateFile: string;
  /** The first route, with its `#`; the page's own choice when empty. */
  readonly hash: string;
  /** Asked when the user closes the window; false keeps it open. */
  readonly mayClose: () => boolean;
}

/** A page that is lost so often within so long is not loaded again by itself. */
const LOST_MOST = 3;
const LOST_WITHIN_MS = 60_000;
/** The page's ground in both colour schemes: nothing flashes before it is drawn. */
const GROUND = { light: "#ffffff", dark: "#1a1d21" } as const;

export async function openWindow({ stateFile, hash, mayClose }: WindowOptions): Promise<BrowserWindow> {
  const kept = await readWindowState(stateFile);
  const main = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter(({ id }) => id !== main.id);
  const window = new BrowserWindow({
    ...restoredBounds(
      kept,
      [main, ...others].map(({ workArea }) => workArea),
    ),
    minWidth: LEAST_SIZE.width,
    minHeight: LEAST_SIZE.height,
    show: false,
    title: "SimCLR-S2 Studio",
    backgroundColor: nativeTheme.shouldUseDarkColors ? GROUND.dark : GROUND.light,
    webPreferences: {
      preload: join(import.meta.dirname, "preload.cjs"),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
    },
  });
  if (kept?.isMaximised) window.maximize();
  window.once("ready-to-show", () => window.show());
  window.on("close", (event) => {
    const { x, y, width, height } = window.getNormalBounds();
    writeWindowState(stateFile, { version: 1, x, y, width, height, isMaximised: window.isMaximized() });
    if (!mayClose()) event.preventDefault();
  });
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  webContents.on("will-navigate", (event) => {
    if (!isOurs(event.url)) event.preventDefault();
  });
  webContents.on("will-attach-webview", (event) => event.preventDefault());
  const lostAt: number[] = [];
  webContents.on("render-process-gone", (_event, { reason, exitCode }) => {
    if (reason === "clean-exit" || window.isDestroyed()) return;
    console.error(`The window's page ended: ${reason} (${exitCode})`);
    const now = Date.now();
    lostAt.push(now);
    const recent = lostAt.filter((at) => now - at < LOST_WITHIN_MS);
    if (recent.length <= LOST_MOST) webContents.reload();
    else
      dialog.showErrorBox(
        "The window's page ends again and again",
        `It ended ${recent.length} times within a minute (${reason}). Running work is not touched. Load it again by View, Reload.`,
      );
  });
  loadPage(window, PAGE + hash);
  return window;
}

/** Loads an address of the page. Another one that is asked for before it is there takes its place: the first is given up then, which is no fault. */
export function loadPage(window: Pick<BrowserWindow, "loadURL">, address: string): void {
  window.loadURL(address).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_ABORTED") console.error(`The window's page was not loaded: ${error.message}`);
  });
}
