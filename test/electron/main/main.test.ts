// The main process against a stand-in for Electron's API: what it asks of Electron, whom it answers, and that the contract works over its port.
// The stand-in is no Electron: that Chromium then obeys (sandbox, protocols) is Electron's part.
import type { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessagePort } from "node:worker_threads";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/message-port";
import type { ContractRouterClient } from "@orpc/contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { contract } from "../../../shared/contract/app.ts";

const documents = mkdtempSync(join(tmpdir(), "simclr-s2-main-"));

const electron = await vi.hoisted(async () => {
  const { EventEmitter: Emitter } = await import("node:events");
  const { MessageChannel: Channel } = await import("node:worker_threads");
  const app = Object.assign(new Emitter(), {
    isPackaged: true,
    quit: vi.fn(),
    exit: vi.fn(),
    whenReady: async () => {},
    getPath: vi.fn(),
    requestSingleInstanceLock: () => true,
  });
  const windows: unknown[] = [];
  class BrowserWindow extends Emitter {
    readonly options: Record<string, unknown>;
    readonly loaded: string[] = [];
    openHandler: (() => { action: string }) | undefined;
    readonly webContents = Object.assign(new Emitter(), {
      mainFrame: { url: "studio://app/index.html" },
      setWindowOpenHandler: (handler: () => { action: string }) => {
        this.openHandler = handler;
      },
      postMessage: vi.fn(),
    });
    constructor(options: Record<string, unknown>) {
      super();
      this.options = options;
      windows.push(this);
    }
    async loadURL(url: string) {
      this.loaded.push(url);
    }
    show() {}
    focus() {}
  }
  const handlers = new Map<string, (request: { url: string }) => Promise<Response>>();
  const permissions: Record<string, (...args: never[]) => unknown> = {};
  return {
    app,
    windows,
    handlers,
    permissions,
    module: {
      app,
      BrowserWindow,
      ipcMain: new Emitter(),
      dialog: { showErrorBox: vi.fn(), showOpenDialog: vi.fn(async () => ({ filePaths: ["/chosen"] })) },
      MessageChannelMain: Channel,
      powerSaveBlocker: { start: vi.fn(() => 1), stop: vi.fn() },
      protocol: {
        registerSchemesAsPrivileged: vi.fn(),
        handle: (scheme: string, handler: (request: { url: string }) => Promise<Response>) => handlers.set(scheme, handler),
      },
      session: {
        defaultSession: {
          setPermissionRequestHandler: (handler: (...args: never[]) => unknown) => {
            permissions.request = handler;
          },
          setPermissionCheckHandler: (handler: (...args: never[]) => unknown) => {
            permissions.check = handler;
          },
        },
      },
    },
  };
});
vi.mock("electron", () => electron.module);

interface FakeWindow extends EventEmitter {
  options: { webPreferences: Record<string, unknown> };
  loaded: string[];
  openHandler: () => { action: string };
  webContents: EventEmitter & { mainFrame: { url: string }; postMessage: ReturnType<typeof vi.fn> };
}
let window: FakeWindow;

beforeAll(async () => {
  process.argv = [process.execPath];
  electron.app.getPath.mockReturnValue(documents);
  await import("../../../electron/main/main.ts");
  await vi.waitFor(() => expect(electron.windows).toHaveLength(1), 30_000);
  window = electron.windows[0] as FakeWindow;
});
afterAll(() => rmSync(documents, { recursive: true, force: true }));

/** Asks for a port as the preload does; the port, or `undefined` when it was refused. */
function connect(sender: unknown, senderFrame: unknown): MessagePort | undefined {
  window.webContents.postMessage.mockClear();
  electron.module.ipcMain.emit("simclr-s2:connect", { sender, senderFrame });
  return (window.webContents.postMessage.mock.calls[0]?.[2] as MessagePort[] | undefined)?.[0];
}

describe("the main process", () => {
  it("opens one sandboxed window on the application's own protocol", () => {
    expect(window.options.webPreferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
    expect(window.loaded).toEqual(["studio://app/index.html"]);
  });

  it("refuses new windows, navigation and all permissions but copying", () => {
    expect(window.openHandler()).toEqual({ action: "deny" });
    const event = { preventDefault: vi.fn() };
    window.webContents.emit("will-navigate", event);
    expect(event.preventDefault).toHaveBeenCalled();
    expect(electron.permissions.check!(null as never, "media" as never)).toBe(false);
    expect(electron.permissions.check!(null as never, "clipboard-sanitized-write" as never)).toBe(true);
    const answer = vi.fn();
    electron.permissions.request!(null as never, "camera" as never, answer as never);
    expect(answer).toHaveBeenCalledWith(false);
  });

  it("gives a port to its own page's main frame only, and the contract works over it", async () => {
    const { webContents } = window;
    expect(connect(webContents, { url: "https://evil.example/" })).toBeUndefined();
    expect(connect(webContents, { url: "studio://app/index.html" })).toBeUndefined();
    expect(connect(webContents, null)).toBeUndefined();
    const port = connect(webContents, webContents.mainFrame);
    expect(port).toBeDefined();
    const client: ContractRouterClient<typeof contract> = createORPCClient(new RPCLink({ port: port as never }));
    port!.start();
    await expect(client.workspace.get()).resolves.toMatchObject({ datasets: [], studies: [] });
    await expect(client.folder.choose({ what: "folder" })).resolves.toBe("/chosen");
    await expect(client.study.get({ study: "nothing" })).rejects.toMatchObject({ code: "APP_ERROR", data: { code: "NOT_FOUND" } });
    port!.close();
  });

  it("serves no file outside the renderer and no image that is not there", async () => {
    expect((await electron.handlers.get("studio")!({ url: "studio://app/../../package.json" })).status).toBe(404);
    expect((await electron.handlers.get("tile")!({ url: "tile://app/image/tile/none/0.png" })).status).toBe(404);
    const columns = await electron.handlers.get("studio")!({ url: "studio://app/columns/none/footprints" });
    expect(columns.status).toBe(404);
    expect(await columns.text()).toContain('no data set "none"');
  });

  it("ends with its last window when nothing runs", () => {
    electron.app.emit("window-all-closed");
    expect(electron.app.quit).toHaveBeenCalled();
  });
});
