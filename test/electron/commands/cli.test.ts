// The command line as a program calls it: exit codes, and what it leaves on the disk.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bundle, bundle } from "../runs/bundled.ts";

const folder = mkdtempSync(join(tmpdir(), "cli-"));
let bundled: Bundle;
beforeAll(async () => {
  bundled = await bundle({ cli: "electron/cli.ts" });
});
afterAll(async () => {
  await bundled?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command line until its end. @param options.readsOutput false: closes its standard output at once, as `| head` would */
function cli(args: readonly string[], { readsOutput = true } = {}): Promise<{ code: number | null; out: string; errors: string }> {
  const child = spawn(process.execPath, [bundled.path("cli"), ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  if (!readsOutput) child.stdout.destroy();
  return new Promise((done) => child.once("close", (code) => done({ code, out, errors })));
}

describe("the command line", () => {
  it.each([
    [["serve", "--port", "abc"], /--port.*number/s],
    [["serve", "--port", "99999"], /from 0 to 65535/],
    [["demo", "--patches", "none"], /--patches.*number/s],
    [["ingest", ".", "--dataset", "d", "--workers", "0"], /from 1 to 64/],
    [["tiles", "--dataset", "d", "--offset", "-1"], /from 0/],
    [["pretrain", "--dataset", "d", "--seed", "x"], /--seed.*number/s],
    [["study", "run", "x", "--gpus", "0"], /--gpus.*from 1/s],
    [["doctor", "--arms", "0"], /--arms.*from 1/s],
    [["sample"], /FOLDER/],
    [["label", "d", "--vector", "x", "--minimum-share", "2"], /above 0, to 1/],
    [["label", "d", "--csv", "x", "--add", "--replace"], /cannot be used with/],
    [["nonsense"], /unknown command/],
  ])("leaves %j with 2 and says what is allowed", async (args, message) => {
    const { code, out, errors } = await cli(args);
    expect(errors).toMatch(message);
    expect(errors).not.toMatch(/^\s+at /m);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  it.each([
    ["tiles", ["--dataset", "d"]],
    ["tile", ["x", "--dataset", "d", "--out", "x.npy"]],
    ["pretrain", ["--dataset", "d"]],
    ["finetune", ["x"]],
    ["label", ["d", "--csv", "x.csv"]],
    ["study", ["status", "x"]],
    ["study", ["create", "x", "--dataset", "d"]],
  ])("makes no workspace of a mistyped path: %s %j", async (command, args) => {
    const { code, out } = await cli([command, ...args, "--workspace", "mistyped", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "NOT_FOUND", message: expect.stringContaining("There is no workspace in") } });
    expect(existsSync(join(folder, "mistyped"))).toBe(false);
  });

  it("names a run that is not there", async () => {
    mkdirSync(join(folder, "empty"), { recursive: true });
    expect((await cli(["ingest", "empty", "--workspace", "work", "--dataset", "d"])).code).toBe(1);
    expect((await cli(["finetune", "gone", "--workspace", "work"])).errors).toMatch(/has no run "gone"/);
  });

  it("ends quietly when nobody reads on", async () => {
    const { code, errors } = await cli(["--help"], { readsOutput: false });
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
  });
});
