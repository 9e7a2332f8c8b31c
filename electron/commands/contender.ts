// Programs that are measured in turn: each prints its figures as JSON, and the report shows their spread.
import { spawn } from "node:child_process";
import { AppError } from "../../shared/domain/errors.ts";

/** A program that prints an object of JSON, last. */
export interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Runs a program to its end.
 * @returns what it printed
 * @throws AppError NO_DATA when it fails or prints none; the signal's reason
 */
export function runContender<T>({ command, args }: Contender, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], signal });
    let text = "";
    let errors = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    child.stderr.on("data", (chunk) => (errors += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      const start = text.indexOf("{");
      if (code === 0 && start >= 0) resolve(JSON.parse(text.slice(start)) as T);
      else
        reject(
          new AppError(
            "NO_DATA",
            `${command} ${args.join(" ")} gave no figures: ${errors.trim().split("\n").at(-1) ?? `exit code ${code}`}`,
          ),
        );
    });
  });
}

/** Whether a Python has these modules. @param modules as in `import` */
export function hasModules(python: string, modules: string, signal: AbortSignal): Promise<boolean> {
  return runContender({ name: "", command: python, args: ["-c", `import ${modules}; print('{}')`] }, signal).then(
    () => true,
    () => false,
  );
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

/** Smallest, median and largest. */
export function spreadOf(values: readonly number[]): readonly [minimum: number, median: number, maximum: number] {
  const ordered = sorted(values);
  return [ordered[0]!, median(values), ordered.at(-1)!];
}

export function median(values: readonly number[]): number {
  return sorted(values)[Math.floor(values.length / 2)]!;
}
