// Whom the main process gives a port to the host, and what its protocol serves; Electron's part is made up. The whole runs in test/e2e/desktop.e2e.ts.
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessagePort } from "node:worker_threads";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/message-port";
import type { ContractRouterClient } from "@orpc/contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openStudio, type Studio } from "../../../electron/app/studio.ts";
import { servePage } from "../../../electron/main/page.ts";
import type { contract } from "../../../shared/contract/app.ts";

const electron = await vi.hoisted(async () => {
  const { EventEmitter: Emitter } = await import("node:events");
  const { MessageChannel: Channel } = await import("node:worker_threads");
  const handlers = new Map<string, (request: { url: string; signal: AbortSignal }) => Promise<Response>>();
  const permissions: Record<string, (...args: unknown[]) => unknown> = {};
  const keep = (name: string) => (handler: (...args: unknown[]) => unknown) => {
    permissions[name] = handler;
  };
  return {
    handlers,
    permissions,
    module: {
      ipcMain: new Emitter(),
      MessageChannelMain: Channel,
      protocol: {
        handle: (scheme: string, handler: (request: { url: string; signal: AbortSignal }) => Promise<Response>) =>
          handlers.set(scheme, handler),
      },
      session: { defaultSession: { setPermissionRequestHandler: keep("request"), setPermissionCheckHandler: keep("check") } },
    },
  };
});
vi.mock("electron", () => electron.module);

const folder = mkdtempSync(join(tmpdir(), "simclr-s2-page-"));
let studio: Studio;
beforeAll(async () => {
  const opening = openStudio({
    workspace: join(folder, "workspace"),
    config: join(folder, "config"),
    door: "electron",
    choosePath: async () => "/chosen",
  });
  servePage(opening);
  studio = await opening;
});
afterAll(async () => {
  await studio.close();
  rmSync(folder, { recursive: true, force: true });
});

const OWN = "studio://app/index.html";
const sender = Object.assign(new EventEmitter(), { mainFrame: { url: OWN }, isDestroyed: () => false, postMessage: vi.fn() });

/** Asks for a port as the preload script does; the port, or `undefined` when it was refused. */
async function connect(senderFrame: unknown): Promise<MessagePort | undefined> {
  sender.postMessage.mockClear();
  electron.module.ipcMain.emit("simclr-s2:connect", { sender, senderFrame });
  await new Promise((done) => setImmediate(done));
  return (sender.postMessage.mock.calls[0]?.[2] as MessagePort[] | undefined)?.[0];
}

describe("the page's protocol and port", () => {
  it("gives a port to its own page's main frame only, and the contract works over it", async () => {
    expect(await connect({ url: "https://evil.example/" })).toBeUndefined();
    expect(await connect({ url: OWN })).toBeUndefined();
    expect(await connect(null)).toBeUndefined();
    const port = await connect(sender.mainFrame);
    const client: ContractRouterClient<typeof contract> = createORPCClient(new RPCLink({ port: port as never }));
    port!.start();
    await expect(client.workspace.get()).resolves.toMatchObject({ datasets: [], studies: [] });
    await expect(client.folder.choose({ what: "folder" })).resolves.toBe("/chosen");
    await expect(client.study.get({ study: "nothing" })).rejects.toMatchObject({ code: "APP_ERROR", data: { code: "NOT_FOUND" } });
    port!.close();
  });

  it("gives no port to a main frame that went elsewhere", async () => {
    sender.mainFrame.url = "https://evil.example/";
    expect(await connect(sender.mainFrame)).toBeUndefined();
    sender.mainFrame.url = OWN;
  });

  it("serves no file outside the renderer and no image that is not there", async () => {
    const get = async (path: string) =>
      (await electron.handlers.get("studio")!({ url: `studio://app${path}`, signal: new AbortController().signal })).status;
    expect(await get("/../../package.json")).toBe(404);
    expect(await get("/%2e%2e/node/main.js")).toBe(404);
    expect(await get("/image/tile/none/0.png")).toBe(404);
  });

  it("grants copying, and no other permission", () => {
    expect(electron.permissions.check!(null, "media")).toBe(false);
    expect(electron.permissions.check!(null, "clipboard-sanitized-write")).toBe(true);
    const answer = vi.fn();
    electron.permissions.request!(null, "notifications", answer);
    expect(answer).toHaveBeenCalledWith(false);
  });
});
