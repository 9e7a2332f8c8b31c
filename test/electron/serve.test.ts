// The browser door without a browser: who is let in, and what crosses.
import { request } from "node:http";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import type { ContractRouterClient } from "@orpc/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Host } from "../../electron/app/host.ts";
import { type Served, serve } from "../../electron/serve.ts";
import type { contract } from "../../shared/contract/app.ts";
import { AppError } from "../../shared/domain/errors.ts";

/** A host that answers a few calls; the others are never reached here. */
const host = {
  listFolders: async ({ path }: { path: string | null }) => {
    throw new AppError("NOT_A_FOLDER", `${path} is not a folder.`, { data: { path } });
  },
  datasets: {
    image: async (path: string) => (path.startsWith("/image/tile/a/") ? new Uint8Array([137, 80, 78, 71]) : undefined),
    columns: async (path: string) => {
      if (path.startsWith("/columns/gone/")) throw new AppError("NOT_FOUND", "There is no data set gone.");
      return path.startsWith("/columns/a/") ? new Uint8Array([1, 2, 3]) : undefined;
    },
  },
  workspace: {
    value: { path: "/w", datasets: [], studies: [], isSample: false },
    async *watch() {
      yield { path: "/w", datasets: [], studies: [], isSample: false };
      yield { path: "/w2", datasets: [], studies: [] };
    },
  },
} as unknown as Host;

let door: Served;
let url: URL;
beforeAll(async () => {
  door = await serve({ host, port: 0 });
  url = new URL(door.url);
});
afterAll(() => door.close());

function get(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port: url.port, path, headers, method }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString("latin1");
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    call.on("error", reject);
    call.end();
  });
}

function socket(options: { token?: string | null; origin?: string } = {}): Promise<WebSocket> {
  const query = options.token === null ? "" : `?token=${options.token ?? url.searchParams.get("token")}`;
  const ws = new WebSocket(`ws://127.0.0.1:${url.port}/rpc${query}`, { origin: options.origin ?? url.origin });
  return new Promise((resolve, reject) => {
    ws.on("open", () => resolve(ws));
    ws.on("error", reject);
  });
}

describe("who is let in", () => {
  it("asks for the token", async () => {
    expect((await get("/")).status).toBe(401);
    expect((await get("/?token=wrong")).status).toBe(401);
    expect((await get("/image/tile/a/0.png")).status).toBe(401);
  });

  it("takes the token in the address, then the cookie", async () => {
    const image = await get(`/image/tile/a/0.png?token=${url.searchParams.get("token")}`);
    expect(image).toMatchObject({ status: 200, headers: { "content-type": "image/png" } });
    const cookie = `simclr_s2_token_${url.port}=${url.searchParams.get("token")}`;
    expect((await get("/image/tile/a/0.png", { cookie })).status).toBe(200);
    expect((await get("/image/tile/b/0.png", { cookie })).status).toBe(404);
  });

  it("gives columns with the token only, fresh each time, and says what is not there", async () => {
    expect((await get("/columns/a/footprints")).status).toBe(401);
    const token = `?token=${url.searchParams.get("token")}`;
    const columns = await get(`/columns/a/footprints${token}`);
    expect(columns).toMatchObject({ status: 200, body: "\x01\x02\x03", headers: { "cache-control": "no-store" } });
    expect(await get(`/columns/b/footprints${token}`)).toMatchObject({ status: 404, body: "There is nothing at this path." });
    expect(await get(`/columns/gone/footprints${token}`)).toMatchObject({ status: 404, body: "There is no data set gone." });
  });

  it("refuses other hosts, other origins and other methods", async () => {
    expect((await get("/", { host: "evil.example" })).status).toBe(403);
    expect((await get("/", { origin: "http://evil.example" })).status).toBe(403);
    expect((await get("/", {}, "POST")).status).toBe(405);
  });

  it.each(["/../package.json", "/%2e%2e/%2e%2e/package.json", "/..%2f..%2fpackage.json", "/%00", "/assets/../../node/cli.js"])(
    "gives no file outside the renderer: %s",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  it("sends a strict policy", async () => {
    const policy = String((await get("/")).headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
  });

  it("opens a socket with the token from its own origin only", async () => {
    await expect(socket({ token: null })).rejects.toThrow();
    await expect(socket({ token: "wrong" })).rejects.toThrow();
    await expect(socket({ origin: "http://evil.example" })).rejects.toThrow();
    (await socket()).close();
  });

  it("says what to do when the port is taken", async () => {
    await expect(serve({ host, port: Number(url.port) })).rejects.toThrow(/--port/);
  });
});

describe("what crosses the socket", () => {
  it("is typed errors, values and streams", async () => {
    const ws = await socket();
    const client: ContractRouterClient<typeof contract> = createORPCClient(new RPCLink({ websocket: ws as never }));
    await expect(client.workspace.get()).resolves.toEqual({ path: "/w", datasets: [], studies: [], isSample: false });
    await expect(client.folder.list({ path: "/nowhere" })).rejects.toMatchObject({
      code: "APP_ERROR",
      message: "/nowhere is not a folder.",
      data: { code: "NOT_A_FOLDER", data: { path: "/nowhere" } },
    });
    const paths: string[] = [];
    for await (const workspace of await client.workspace.watch()) paths.push(workspace.path);
    expect(paths).toEqual(["/w", "/w2"]);
    await expect(client.dataset.get({ dataset: "../x" })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    ws.close();
  });
});
