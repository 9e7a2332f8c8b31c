// The built application as a user starts it: its commands, and the browser door.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

export const root = resolve(import.meta.dirname, "../..");
/** The bundle: `dist/`, or another one for trying out. */
const dist = process.env.SIMCLR_S2_DIST ?? join(root, "dist");
const cli = join(dist, "node/cli.js");

/** Where screenshots go. */
export const screenshots = join(root, "test-results/screenshots");

/** Runs a command of the application. @throws Error with its output when it fails */
export async function command(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

export interface Serving {
  /** With the token. */
  readonly url: string;
  /** What it wrote to standard error so far. */
  errors(): string;
  stop(): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

/** Starts the browser door on a free port and waits for its address. */
export async function serve(workspace: string): Promise<Serving> {
  if (!existsSync(cli)) throw new Error(`${cli} is missing: build it by node build/bundle.mjs`);
  const child = spawn(process.execPath, [cli, "serve", "--workspace", workspace, "--port", "0", "--json"], {
    cwd: root,
    // The user's own settings and recent workspaces are not for tests.
    env: { ...process.env, SIMCLR_S2_CONFIG: join(dirname(workspace), "config") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  const url = await new Promise<string>((done, fail) => {
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += String(chunk);
      const found = /"url":\s*"([^"]+)"/.exec(out);
      if (found) done(found[1]!);
    });
    child.once("exit", (code) => fail(new Error(`serve ended with ${code}: ${errors}`)));
  });
  return { url, errors: () => errors, stop: () => end(child, "SIGINT"), kill: () => end(child, "SIGKILL") };
}

async function end(child: ChildProcess, signal: "SIGINT" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(timer);
}
