// Running other programs: the one door, so that tests can stand in for a machine without Python, a compiler or a network.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What a program left behind; `code` is 127 when it does not exist. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end without a shell and never throws for its failure.
 * @param options.timeoutMs after which it is killed (default: 1 minute)
 */
export type Exec = (
  command: string,
  args: readonly string[],
  options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number; readonly cwd?: string },
) => Promise<Outcome>;

/** The real {@link Exec}. */
export const exec: Exec = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      signal: options.signal,
      timeout: options.timeoutMs ?? 60_000,
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error) => {
      if (options.signal?.aborted) reject(error);
      else resolve({ code: 127, stdout, stderr: error.message });
    });
    child.on("close", (code) => resolve({ code: code ?? 124, stdout, stderr }));
  });

/**
 * The first of some programs that PATH holds, without running it.
 * @param names tried in order
 * @returns its full path, or undefined
 */
export function findOnPath(names: readonly string[], path: string | undefined = process.env.PATH): string | undefined {
  for (const name of names) {
    for (const folder of (path ?? "").split(delimiter)) {
      if (folder === "") continue;
      const candidate = join(folder, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}
