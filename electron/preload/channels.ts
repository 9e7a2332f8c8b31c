/** IPC channel by which the preload script asks for, and gets, a port to the host. */
export const CONNECT_CHANNEL = "simclr-s2:connect";
