// Workspaces and settings across processes, in a configuration folder of the test's own.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRouterClient } from "@orpc/server";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { changeSettings, configFolder, readRecent, readSettings, rememberWorkspace } from "../../../electron/app/config-folder.ts";
import { createRouter } from "../../../electron/app/router.ts";
import { applyEngine, lastWorkspace, openStudio, pathKind, type Studio } from "../../../electron/app/studio.ts";
import { AppSettings } from "../../../shared/domain/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "simclr-s2-studio-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let config: string;
let nth = 0;
beforeEach(() => {
  config = join(folder, `config-${++nth}`);
});

describe("the configuration's folder", () => {
  it("is where each platform keeps it", () => {
    expect(configFolder({ XDG_CONFIG_HOME: "/c" }, "linux")).toBe(join("/c", "simclr-s2-studio"));
    expect(configFolder({ HOME: "/h" }, "linux")).toBe(join("/h", ".config", "simclr-s2-studio"));
    expect(configFolder({ HOME: "/h" }, "darwin")).toBe(join("/h", "Library", "Application Support", "simclr-s2-studio"));
    expect(configFolder({ APPDATA: "/a" }, "win32")).toBe(join("/a", "simclr-s2-studio"));
    expect(configFolder({ SIMCLR_S2_CONFIG: "/own", XDG_CONFIG_HOME: "/c" }, "linux")).toBe("/own");
  });
});

describe("settings", () => {
  it("are defaults without a file, and kept with one", async () => {
    expect(await readSettings(config)).toEqual(AppSettings.parse({}));
    await changeSettings(config, { appearance: "dark", threads: 3 });
    await changeSettings(config, { notifications: false });
    expect(await readSettings(config)).toMatchObject({ appearance: "dark", threads: 3, notifications: false });
  });

  it("refuse a value that is not allowed, and name the wrong one of a file", async () => {
    await expect(changeSettings(config, { threads: 0 })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringContaining("threads"),
    });
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "settings.json"), '{"version":1,"colour":"red"}');
    await expect(readSettings(config)).rejects.toMatchObject({ code: "BAD_FILE", message: expect.stringContaining("colour") });
  });

  it("choose the engine by the environment, unless the user set it there", () => {
    const settings = AppSettings.parse({ engine: "wasm" });
    const env: NodeJS.ProcessEnv = {};
    applyEngine(settings, env);
    expect(env.SIMCLR_S2_ENGINE).toBe("wasm");
    const set: NodeJS.ProcessEnv = { SIMCLR_S2_ENGINE: "tensorflow" };
    applyEngine(settings, set);
    expect(set.SIMCLR_S2_ENGINE).toBe("tensorflow");
  });
});

describe("the workspace to begin with", () => {
  it("is the last one that is there, if the settings want it", async () => {
    const gone = join(folder, "gone");
    await rememberWorkspace(config, gone, 1);
    expect(await lastWorkspace(config)).toBeUndefined();
    const there = join(folder, "there");
    mkdirSync(there);
    writeFileSync(join(there, "workspace.json"), '{"format":"simclr-s2-workspace"}');
    await rememberWorkspace(config, there, 2);
    expect(await lastWorkspace(config)).toBe(there);
    await changeSettings(config, { reopen: false });
    expect(await lastWorkspace(config)).toBeUndefined();
  });

  it("is not kept from starting by a broken list", async () => {
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "recent.json"), "not json");
    expect(await readRecent(config)).toEqual([]);
  });
});

describe("what a path is", () => {
  it("is told before it is opened", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect(await pathKind(join(folder, "not-there"))).toBe("new");
    expect(await pathKind(empty)).toBe("empty");
    expect(await pathKind(folder)).toBe("folder");
    writeFileSync(join(folder, "a-file"), "");
    expect(await pathKind(join(folder, "a-file"))).toBe("file");
  });
});

describe("a studio", () => {
  let studio: Studio;
  const first = () => join(folder, `first-${nth}`);
  const second = () => join(folder, `second-${nth}`);
  beforeEach(async () => {
    studio = await openStudio({ workspace: first(), config, door: "serve" });
  });
  afterEach(() => studio.close());
  const client = () => createRouterClient(createRouter(studio.host, studio));

  it("opens another workspace in the place of the first, and remembers both", async () => {
    const switched = new Promise<string>((done) => studio.onSwitch((host) => done(host.workspace.value.path)));
    await expect(client().workspace.open({ path: second() })).rejects.toMatchObject({ data: { code: "NOT_FOUND" } });
    expect(existsSync(second())).toBe(false);
    await client().workspace.open({ path: second(), make: true });
    expect(await switched).toBe(second());
    const { workspaces } = await client().workspace.recent();
    expect(workspaces.map(({ path, state }) => [path, state])).toEqual([
      [second(), "open"],
      [first(), "there"],
    ]);
    await client().workspace.forget({ path: first() });
    expect((await client().workspace.recent()).workspaces).toHaveLength(1);
    expect(existsSync(join(first(), "workspace.json"))).toBe(true);
  });

  it("does not leave running work unasked, and pauses it when it may", async () => {
    const { jobs } = studio.host;
    jobs.start({ kind: "study", title: "Study demo", target: "demo", unit: "runs" }, ({ signal }) => {
      return new Promise((_done, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
    });
    await expect(client().workspace.open({ path: second(), make: true })).rejects.toMatchObject({
      data: { code: "BUSY", data: { running: ["Study demo"] } },
    });
    expect(studio.host.workspace.value.path).toBe(first());
    await client().workspace.open({ path: second(), make: true, pause: true });
    expect(jobs.jobs.value[0]?.status).toBe("paused");
  });

  it("keeps the present workspace when the other cannot be opened", async () => {
    const taken = join(folder, `taken-${nth}`);
    mkdirSync(taken);
    writeFileSync(join(taken, "thesis.doc"), "");
    await expect(client().workspace.open({ path: taken, make: true })).rejects.toMatchObject({ data: { code: "ALREADY_EXISTS" } });
    expect(studio.host.workspace.value.path).toBe(first());
  });

  it("tells changed settings to every window, and which count after a restart only", async () => {
    const stop = new AbortController();
    const seen = await client().settings.watch(undefined, { signal: stop.signal });
    expect((await seen.next()).value).toMatchObject({ settings: { appearance: "system" }, restart: [] });
    await Promise.all([client().settings.change({ appearance: "dark" }), client().settings.change({ engine: "wasm" })]);
    expect((await seen.next()).value).toMatchObject({ settings: { appearance: "dark", engine: "wasm" }, restart: ["engine"] });
    stop.abort();
    expect(JSON.parse(readFileSync(join(config, "settings.json"), "utf8"))).toMatchObject({ appearance: "dark", engine: "wasm" });
    await expect(client().settings.change({ threads: "many" })).rejects.toMatchObject({ data: { code: "BAD_ARGUMENT" } });
  });

  it("asks its windows, and knows when there is none", async () => {
    expect(studio.ask({ kind: "palette" })).toBe(false);
    const stop = new AbortController();
    const requests = studio.requests(stop.signal);
    const first = requests.next();
    expect(studio.ask({ kind: "go", hash: "#/start" })).toBe(true);
    expect((await first).value).toEqual({ kind: "go", hash: "#/start" });
    stop.abort();
    expect((await requests.next()).done).toBe(true);
    expect(studio.ask({ kind: "palette" })).toBe(false);
  });
});
