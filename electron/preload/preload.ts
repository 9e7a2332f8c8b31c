// Hands the page a MessagePort to the host, and the paths of dropped files; nothing else.
import { contextBridge, ipcRenderer, webUtils } from "electron";
import { BRIDGE, type DesktopBridge, PORT_MESSAGE } from "../../shared/contract/desktop.ts";
import { CONNECT_CHANNEL } from "./channels.ts";

const bridge: DesktopBridge = { pathOf: (file) => webUtils.getPathForFile(file) };
contextBridge.exposeInMainWorld(BRIDGE, bridge);

ipcRenderer.on(CONNECT_CHANNEL, (event) => {
  window.postMessage(PORT_MESSAGE, window.location.origin, [...event.ports]);
});

window.addEventListener("DOMContentLoaded", () => ipcRenderer.send(CONNECT_CHANNEL));
