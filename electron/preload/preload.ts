// Hands the renderer a MessagePort to the host, and nothing else.
import { ipcRenderer } from "electron";
import { CONNECT_CHANNEL, PORT_MESSAGE } from "./channels.ts";

ipcRenderer.on(CONNECT_CHANNEL, (event) => {
  window.postMessage(PORT_MESSAGE, window.location.origin, [...event.ports]);
});

window.addEventListener("DOMContentLoaded", () => ipcRenderer.send(CONNECT_CHANNEL));
