// Names of the hand-over of the port: main -> preload -> page.

/** IPC channel by which the preload asks for, and gets, a port. */
export const CONNECT_CHANNEL = "simclr-s2:connect";
/** The window message that carries the port to the page. */
export const PORT_MESSAGE = "simclr-s2:port";
