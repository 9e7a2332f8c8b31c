// What suites in a browser share: the host on a workspace, a page whose complaints are kept, acts that go on from each other, a picture of what failed.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, onTestFailed } from "vitest";
import { findChromium, launchChromium } from "./chromium.ts";
import { SIZE } from "./screen.ts";
import { type Serving, screenshots, serve } from "./studio.ts";

/** How long anything may take: a busy machine takes its time. */
const PATIENCE_MS = 60_000;

export const chromium = findChromium();
if (!chromium) console.warn("Skipped: no Chromium on the PATH. Install chromium, or set CHROMIUM_PATH.");

export interface StageOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  /** What the page may do beside the clipboard. */
  readonly permissions?: readonly string[];
  /** Errors of the page that the suite provokes. */
  readonly expected?: RegExp;
}

export interface Stage {
  /** Goes with the suite. */
  readonly folder: string;
  readonly workspace: string;
  /** Errors that any page told. */
  readonly complaints: string[];
  /** Addresses that any page asked for. */
  readonly asked: string[];
  readonly serving: Serving;
  readonly context: BrowserContext;
  /** Starts the host, and opens a page of it in a new session of the browser. @param path of the workspace, when it is another */
  open(path?: string): Promise<Page>;
  /** Another page of the session, before it goes anywhere. */
  newPage(): Promise<Page>;
  /** Takes the page to a place by its route, as a link would. */
  go(hash: string): Promise<void>;
}

/** To be called in a suite that is skipped without Chromium. @param name of the suite's pictures and folder */
export function useStage(name: string, { viewport = SIZE, permissions = [], expected }: StageOptions = {}): Stage {
  const folder = mkdtempSync(join(tmpdir(), `simclr-s2-${name}-`));
  const complaints: string[] = [];
  const asked: string[] = [];
  let browser: Browser | undefined;
  let context: BrowserContext | undefined;
  let serving: Serving | undefined;
  let page: Page | undefined;

  const complain = (text: string) => {
    if (!expected?.test(text)) complaints.push(text);
  };
  async function newPage(): Promise<Page> {
    page = await context!.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") complain(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => complain(`${error.name}: ${error.message}`));
    return page;
  }

  beforeAll(async () => {
    browser = await launchChromium(chromium!);
  });
  goOnFromEachOther(async () => page?.screenshot({ path: join(screenshots, `failed-${name}.png`) }));
  afterAll(async () => {
    await browser?.close();
    await serving?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    folder,
    workspace: join(folder, "workspace"),
    complaints,
    asked,
    get serving() {
      return serving!;
    },
    get context() {
      return context!;
    },
    async open(path = join(folder, "workspace")) {
      await context?.close();
      serving = await serve(path);
      context = await browser!.newContext({ viewport, colorScheme: "light", reducedMotion: "reduce" });
      await context.grantPermissions(["clipboard-read", "clipboard-write", ...permissions]);
      context.setDefaultTimeout(PATIENCE_MS);
      context.on("request", (request) => asked.push(request.url()));
      const opened = await newPage();
      await opened.goto(serving.url);
      return opened;
    },
    newPage,
    go: (hash) =>
      page!.evaluate((next) => {
        window.location.hash = next;
      }, hash),
  };
}

/** Makes each test of a suite an act that goes on from the one before it: after a failure the others are skipped. @param shoot keeps what the failed one shows */
export function goOnFromEachOther(shoot: () => Promise<unknown>): void {
  let brokenAt: string | undefined;
  beforeAll(() => {
    mkdirSync(screenshots, { recursive: true });
  });
  beforeEach((test) => {
    if (brokenAt !== undefined) test.skip(`after the failure of "${brokenAt}"`);
    onTestFailed(async ({ task }) => {
      brokenAt ??= task.name;
      await shoot().catch(() => {});
    });
  });
}
