// What the desktop application gives its page; absent in a browser.
import { BRIDGE, type DesktopBridge } from "../../shared/contract/desktop.ts";

/** The preload script's bridge; undefined in a browser. */
export function desktopBridge(page: Window = window): DesktopBridge | undefined {
  return (page as unknown as Record<string, DesktopBridge | undefined>)[BRIDGE];
}
