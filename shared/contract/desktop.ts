// What the preload script and the page know of each other.

/** The window message that carries the host's port to the page. */
export const PORT_MESSAGE = "simclr-s2:port";
/** The page's global with what only the desktop application can do. */
export const BRIDGE = "simclrS2";

export interface DesktopBridge {
  /** Where a dropped file or folder lies; empty for what is no file of the disk. */
  pathOf(file: File): string;
}
