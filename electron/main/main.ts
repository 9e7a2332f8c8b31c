// Electron's main process: one window on the same page and the same host as the other doors. What it does is Electron's part alone:
// lifecycle, window, menu, dialogs, notices. Security: sandbox, context isolation, an own protocol instead of file:, no navigation, no new
// windows, no permissions, the sender of every message checked.
import { homedir } from "node:os";
import { join } from "node:path";
import { app, type BrowserWindow, clipboard, dialog, Menu, nativeTheme, shell } from "electron";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { configFolder } from "../app/config-folder.ts";
import { LINK_SCHEME, linkTo, type Target, targetOfArguments, targetOfLink, targetOfPath } from "../app/desktop/target.ts";
import { END_ANSWERS, type EndAnswer, endQuestion, settledAnswer } from "../app/desktop/work.ts";
import { lastWorkspace, openStudio, pathKind, type Studio } from "../app/studio.ts";
import { followWork } from "./background.ts";
import { menuTemplate } from "./menu.ts";
import { PAGE, registerScheme, servePage } from "./page.ts";
import { loadPage, openWindow } from "./window.ts";

let window: BrowserWindow | undefined;
let opening: Promise<BrowserWindow> | undefined;
let studio: Studio | undefined;
/** What was asked for before there is a studio: macOS hands over a file before it says that it is ready. */
let early: Target | undefined;
/** Whether the end is settled: nothing is asked any more. */
let isEnding = false;
/** Whether the user is being asked how to end. */
let isAsked = false;

/** The route to show in the workspace that is being opened. */
let landing = "";
/** The study of the sample project. */
const SAMPLE_LANDING = "#/comparison/demo";

const ownArguments = (argv: readonly string[]) => argv.slice(app.isPackaged ? 1 : 2);

// The window

/** Shows the window, at a route when one is given. */
async function show(hash = ""): Promise<void> {
  if (window) {
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    // A page that is still loading hears of no request.
    if (hash !== "" && !studio?.ask({ kind: "go", hash })) loadPage(window, PAGE + hash);
    return;
  }
  opening ??= openWindow({ stateFile: join(configFolder(), "window.json"), hash, mayClose });
  window = await opening;
  opening = undefined;
  window.on("closed", () => {
    window = undefined;
  });
}

/** A message box on the window, or without one. @returns the chosen button's index and the tick */
async function ask(options: Electron.MessageBoxOptions): Promise<Electron.MessageBoxReturnValue> {
  return window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options);
}

// The end

/** Closing the window on running work asks first; macOS keeps the application without a window anyway. */
function mayClose(): boolean {
  if (isEnding || process.platform === "darwin" || !studio?.host.jobs.isWorking()) return true;
  askToEnd();
  return false;
}

function askToEnd(): void {
  if (isAsked) return;
  isAsked = true;
  void settleEnd()
    .then((answer) => {
      if (answer === "background") window?.destroy();
      if (answer === "pause") end();
    })
    .finally(() => {
      isAsked = false;
    });
}

async function settleEnd(): Promise<EndAnswer> {
  const question = studio && endQuestion(studio.host.jobs.jobs.value);
  if (!studio || !question) return "pause";
  const settled = settledAnswer(studio.settings.value);
  if (settled) return settled;
  const { message, detail, buttons } = question;
  const { response, checkboxChecked } = await ask({
    ...{ type: "question", message, detail, buttons: [...buttons], defaultId: 0, cancelId: 2 },
    checkboxLabel: "Do this always (Settings has it, too)",
  });
  const answer = END_ANSWERS[response] ?? "stay";
  if (checkboxChecked && answer !== "stay") await studio.changeSettings({ onClose: answer });
  return answer;
}

/** Pauses what runs, and quits, without a question. */
function end(): void {
  isEnding = true;
  app.quit();
}

// Workspaces

/** Opens what a command line, a file or a link names. */
async function openTarget(target: Target): Promise<void> {
  if (!studio) {
    early = target;
    return;
  }
  const { workspace, hash = "", isLink } = target;
  const present = studio.host.workspace.value.path;
  if (workspace === undefined || workspace === present) return show(hash);
  if (isLink) {
    const { response } = await ask({
      ...{ type: "question", message: `Open the workspace ${workspace}?`, buttons: ["Open", "Cancel"], defaultId: 1, cancelId: 1 },
      detail: "A link asks for it.",
    });
    if (response !== 0) return;
  }
  if (await switchTo((pause) => studio!.open(workspace, { make: false, pause }), hash)) await show();
}

/** Opens another workspace; running work is paused only when the user agrees. @param hash shown then @returns whether it is open */
async function switchTo(open: (pause: boolean) => Promise<unknown>, hash = ""): Promise<boolean> {
  const present = studio?.host;
  try {
    landing = hash;
    await open(false);
    if (studio?.host === present) await show(hash); // it is the one that is open
    return true;
  } catch (error) {
    landing = "";
    if (!(error instanceof AppError && error.code === "BUSY")) {
      await ask({ type: "error", message: "The workspace was not opened", detail: messageOf(error) });
      return false;
    }
    const { response } = await ask({
      ...{ type: "question", message: error.message, buttons: ["Pause it and open the other", "Stay here"], defaultId: 1, cancelId: 1 },
      detail: "What is done is kept. A study goes on by itself when this workspace is opened again; other work when it is started again.",
    });
    return response === 0 && switchTo(() => open(true), hash);
  }
}

async function showFolder(path: string): Promise<void> {
  await shell.openPath(path);
}

async function choosePath(what: "folder" | "file"): Promise<string | null> {
  const options = { properties: [what === "folder" ? ("openDirectory" as const) : ("openFile" as const), "createDirectory" as const] };
  const { filePaths } = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options);
  return filePaths[0] ?? null;
}

/** The dialog for a workspace; a folder that is none may hold data instead. */
async function chooseWorkspace(): Promise<void> {
  const path = await choosePath("folder");
  if (path === null || !studio) return;
  if ((await pathKind(path)) === "folder") return show(`#/data?${new URLSearchParams({ add: "1", path })}`);
  await switchTo((pause) => studio!.open(path, { make: true, pause }));
}

async function openSample(): Promise<void> {
  if (!studio) return;
  const { sampleFolder } = await studio.recent();
  await switchTo((pause) => studio!.openSample(sampleFolder, { pause }), SAMPLE_LANDING);
}

async function refreshMenu(current: Studio): Promise<void> {
  const { workspaces } = await current.recent();
  const recent = workspaces.filter(({ state }) => state === "there").map(({ path }) => path);
  const go = (hash: string) => void show(hash);
  const template = menuTemplate(
    { platform: process.platform, isPackaged: app.isPackaged, recent },
    {
      go,
      newWorkspace: () => void chooseWorkspace(),
      openWorkspace: () => void chooseWorkspace(),
      openRecent: (path) => void switchTo((pause) => current.open(path, { make: false, pause })),
      openSample: () => void openSample(),
      palette: () => void show().then(() => current.ask({ kind: "palette" })),
      copyLink: () => {
        if (window) clipboard.writeText(linkTo(current.host.workspace.value.path, new URL(window.webContents.getURL()).hash));
      },
    },
  );
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

// The start

/** The workspace to begin with: the one asked for, the one open last, or one among the user's documents. */
async function firstWorkspace({ workspace, isLink }: Target): Promise<string> {
  // A link is no reason to open a workspace unasked: it is asked for once the window is there.
  if (workspace !== undefined && !isLink) return workspace;
  return (await lastWorkspace()) ?? join(app.getPath("documents") || homedir(), "SimCLR-S2");
}

async function start(): Promise<void> {
  let target: Target = { isLink: false };
  let fault: unknown;
  try {
    target = targetOfArguments(ownArguments(process.argv), process.cwd());
  } catch (error) {
    fault = error;
  }
  if (process.platform === "darwin") await app.whenReady();
  if (early) target = early;
  early = undefined;
  const starting = firstWorkspace(target).then((workspace) => openStudio({ workspace, door: "electron", choosePath, showFolder }));
  starting.catch(() => {}); // told below
  await app.whenReady();
  servePage(starting);
  // The window draws itself while the workspace is read.
  await show(target.isLink ? "" : target.hash);
  const current = await starting;
  studio = current;
  const arrived = () => {
    app.addRecentDocument(join(current.host.workspace.value.path, "workspace.json"));
    void refreshMenu(current);
  };
  arrived();
  current.onSwitch(() => {
    arrived();
    // By another query, since Chromium takes another hash of the same page for a step within it.
    if (window) loadPage(window, `${PAGE}?${Date.now()}${landing}`);
    landing = "";
  });
  void followAppearance(current);
  followWork({
    studio: current,
    window: () => window,
    show: (hash) => void show(hash),
    quit: end,
    onIdle: () => {
      if (process.platform !== "darwin") end();
    },
  });
  if (fault) void tellNotOpened(fault);
  if (target.isLink) await openTarget(target);
  if (early) await openTarget(early);
}

/** Dialogs and menus have the window's colours. */
async function followAppearance({ settings }: Studio): Promise<void> {
  for await (const { appearance } of settings.watch(undefined)) nativeTheme.themeSource = appearance;
}

const tellNotOpened = (error: unknown) => ask({ type: "error", message: "This cannot be opened", detail: messageOf(error) });

/** Opens what is asked for while the application runs, or starts. */
function guarded(find: () => Target): void {
  const open = async () => openTarget(find());
  open().catch(tellNotOpened);
}

if (!app.requestSingleInstanceLock()) {
  app.quit();
} else {
  registerScheme();
  app.setAsDefaultProtocolClient(LINK_SCHEME);
  app.on("second-instance", (_event, argv, folder) => guarded(() => targetOfArguments(ownArguments(argv), folder)));
  app.on("open-url", (event, url) => {
    event.preventDefault();
    guarded(() => targetOfLink(url));
  });
  app.on("open-file", (event, path) => {
    event.preventDefault();
    guarded(() => targetOfPath(path, process.cwd()));
  });
  app.on("activate", () => void show());
  app.on("window-all-closed", () => {
    if (!studio?.host.jobs.isWorking() && process.platform !== "darwin") app.quit();
  });
  let isClosed = false;
  app.on("before-quit", (event) => {
    if (isClosed || !studio) return;
    event.preventDefault();
    if (isEnding || !studio.host.jobs.isWorking()) {
      isEnding = true;
      void studio.close().finally(() => {
        isClosed = true;
        app.quit();
      });
    } else askToEnd();
  });
  start().catch((error: unknown) => {
    console.error(error);
    dialog.showErrorBox("SimCLR-S2 Studio could not start", messageOf(error));
    app.exit(1);
  });
}
