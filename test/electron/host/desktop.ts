// Starts the desktop application: by Electron where SIMCLR_S2_ELECTRON names its program, else against the stand-in. Both are driven alike.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, _electron as electron, type Page } from "playwright-core";
import type { Bundle } from "../runs/bundled.ts";
import type * as StandIn from "./electron.ts";

const root = resolve(import.meta.dirname, "../../..");
const dist = process.env.SIMCLR_S2_DIST ?? join(root, "dist");
/** Electron's program. */
export const ELECTRON = process.env.SIMCLR_S2_ELECTRON;

/** Electron's module, as a function in the main process sees it; `standIn` is there only without Electron. */
export type Module = typeof StandIn;

export interface Desktop {
  readonly page: Page;
  /** Runs a function in the main process, with Electron's module. It sees nothing else of the test. */
  evaluate<Argument, Result>(work: (module: Module, argument: Argument) => Result | Promise<Result>, argument?: Argument): Promise<Result>;
  /** The window's page anew: after it was closed and opened again, or lost. */
  nextPage(): Promise<Page>;
  /** Its exit code, once it has ended by itself. */
  readonly ended: Promise<number | null>;
  errors(): string;
  kill(): Promise<void>;
}

export interface DesktopOptions {
  /** Folder of the application's own files: user data and configuration. */
  readonly home: string;
  readonly args?: readonly string[];
  readonly chromium: string;
  /** The bundled stand-in. */
  readonly bundle: Bundle;
}

const environment = (home: string) => ({ ...(process.env as Record<string, string>), SIMCLR_S2_CONFIG: join(home, "config") });

/** Starts it and waits for its window. */
export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  return ELECTRON ? startElectron(ELECTRON, options) : startStandIn(options);
}

async function startElectron(executablePath: string, { home, args = [] }: DesktopOptions): Promise<Desktop> {
  const app = await electron.launch({ executablePath, args: [root, `--user-data-dir=${home}`, ...args], env: environment(home) });
  let errors = "";
  app.process().stderr?.on("data", (chunk) => {
    errors += String(chunk);
  });
  const ended = new Promise<number | null>((done) => app.process().once("exit", done));
  let page = await app.firstWindow();
  return {
    get page() {
      return page;
    },
    evaluate: (work, argument) => app.evaluate(work as never, argument as never),
    async nextPage() {
      page = app.windows().find((window) => window !== page && !window.isClosed()) ?? (await app.waitForEvent("window"));
      return page;
    },
    ended,
    errors: () => errors,
    kill: () => app.close(),
  };
}

/** The arguments that let a Node process find the stand-in under Electron's name. */
export function standInArguments(bundle: Bundle): string[] {
  const hooks = `export const resolve = (name, context, next) => name === "electron" ? { url: ${JSON.stringify(pathToFileURL(realpathSync(bundle.path("electron"))))}, shortCircuit: true } : next(name, context);`;
  const register = `import { register } from "node:module"; register("data:text/javascript,${encodeURIComponent(hooks)}");`;
  return ["--import", `data:text/javascript,${encodeURIComponent(register)}`];
}

/** Starts the main process against the stand-in, without waiting for anything. */
export function spawnStandIn({ home, args = [], chromium: program, bundle }: DesktopOptions): ChildProcess {
  return spawn(process.execPath, [...standInArguments(bundle), join(dist, "node/main.js"), ...args], {
    cwd: home,
    stdio: ["ignore", "inherit", "pipe", "ipc"],
    env: { ...environment(home), STAND_IN_USER_DATA: join(home, "data"), STAND_IN_CHROMIUM: program },
  });
}

async function startStandIn(options: DesktopOptions): Promise<Desktop> {
  const portFile = join(options.home, "data/chromium/DevToolsActivePort");
  mkdirSync(options.home, { recursive: true });
  rmSync(portFile, { force: true });
  const child = spawnStandIn(options);
  let errors = "";
  child.stderr!.on("data", (chunk) => {
    errors += String(chunk);
  });
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  const waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  child.on("message", (answer: { id: number; value?: unknown; error?: string }) => waiting.get(answer.id)?.(answer));
  let next = 1;
  const evaluate: Desktop["evaluate"] = (work, argument) =>
    new Promise((done, fail) => {
      const id = next++;
      waiting.set(id, ({ value, error }) => (error === undefined ? done(value as never) : fail(new Error(error))));
      child.send({ id, source: work.toString(), argument });
    });
  const port = await untilIt(
    () => readFileSync(portFile, "utf8").split("\n")[0]!,
    ended,
    () => errors,
  );
  const browser: Browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const context = browser.contexts()[0]!;
  const isWindow = (page: Page) => !page.isClosed() && new URL(page.url()).hostname.endsWith(".localhost");
  const find = (except?: Page) =>
    untilIt(
      () => {
        const found = context.pages().find((page) => page !== except && isWindow(page));
        if (!found) throw new Error("no window yet");
        return found;
      },
      ended,
      () => errors,
    );
  let page = await find();
  return {
    get page() {
      return page;
    },
    evaluate,
    async nextPage() {
      page = await find();
      return page;
    },
    ended,
    errors: () => errors,
    async kill() {
      await browser.close().catch(() => {});
      if (child.exitCode === null && child.signalCode === null) {
        child.disconnect();
        const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
        await ended;
        clearTimeout(timer);
      }
    },
  };
}

const PATIENCE_MS = 60_000;

/** What a look gives, as soon as it throws no more. */
async function untilIt<T>(look: () => T, ended: Promise<unknown>, errors: () => string): Promise<T> {
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  for (const until = Date.now() + PATIENCE_MS; ; ) {
    try {
      return look();
    } catch (error) {
      if (isEnded || Date.now() > until) throw new Error(`the application did not come up: ${errors()}`, { cause: error });
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}
