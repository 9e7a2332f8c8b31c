// A stand-in for Electron's API, for machines without its program: the application's real main process and preload script run against it, and its
// windows are pages of the system's Chromium. It is small, and proves less than Electron: the preload script shares the page's world, studio: is
// an http: address whose requests are answered here, nothing is sandboxed by us, and menus, dialogs, trays and notices are only remembered.
import { EventEmitter } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContext, chromium, type Frame, type Page, type Request as PageRequest, type Route } from "playwright-core";

const settings = {
  userData: process.env.STAND_IN_USER_DATA ?? "",
  chromium: process.env.STAND_IN_CHROMIUM ?? "",
  preload: "",
};
/** What a test may look at that Electron itself does not tell. */
export const standIn = {
  notifications: [] as Notification[],
  trays: new Set<Tray>(),
  blockers: new Set<number>(),
  progress: [] as number[],
  recentDocuments: [] as string[],
  errorBoxes: [] as string[],
  /** Paths of dropped files by their names, which Chromium does not tell. */
  droppedPaths: {} as Record<string, string>,
};

/** The address that stands for a custom scheme's. */
const HOST = ".localhost";
const toHttp = (url: string) => url.replace(/^([a-z]+):\/\/app\//, `http://$1${HOST}/`);
const toScheme = (url: string) => url.replace(/^http:\/\/([a-z]+)\.localhost\//, "$1://app/");

/** An event whose default can be prevented. */
function preventable(): { defaultPrevented: boolean; preventDefault(): void } {
  const event = {
    defaultPrevented: false,
    preventDefault: () => {
      event.defaultPrevented = true;
    },
  };
  return event;
}

// The application

class App extends EventEmitter {
  readonly isPackaged = false;
  private isQuitting = false;

  whenReady = () => browser().then(() => undefined);
  getPath = (name: string) => join(settings.userData, name);
  setAsDefaultProtocolClient = () => true;
  addRecentDocument = (path: string) => void standIn.recentDocuments.push(path);

  requestSingleInstanceLock(): boolean {
    mkdirSync(settings.userData, { recursive: true });
    const lock = join(settings.userData, "stand-in.lock");
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
    } catch {
      if (isAlive(Number(readFileSync(lock, "utf8")))) {
        const message = { argv: process.argv, folder: process.cwd() };
        writeFileSync(join(settings.userData, `second-${process.pid}.json`), JSON.stringify(message));
        return false;
      }
      writeFileSync(lock, String(process.pid));
    }
    process.on("exit", () => rmSync(lock, { force: true }));
    const hear = () => {
      for (const name of readdirSync(settings.userData).filter((entry) => /^second-\d+\.json$/.test(entry))) {
        const path = join(settings.userData, name);
        try {
          const { argv, folder } = JSON.parse(readFileSync(path, "utf8")) as { argv: string[]; folder: string };
          rmSync(path);
          this.emit("second-instance", {}, argv, folder);
        } catch {
          // half written: the next change tells again
        }
      }
    };
    watch(settings.userData, hear).unref();
    return true;
  }

  quit(): void {
    if (this.isQuitting) return;
    const event = preventable();
    this.emit("before-quit", event);
    if (event.defaultPrevented) return;
    for (const window of BrowserWindow.getAllWindows()) window.close();
    if (BrowserWindow.getAllWindows().length > 0) return;
    this.isQuitting = true;
    this.exit(0);
  }

  exit(code: number): void {
    const close = started?.then((context) => context.close()).catch(() => {}) ?? Promise.resolve();
    void close.finally(() => process.exit(code));
  }
}
export const app = new App();

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

// Chromium

let started: Promise<BrowserContext> | undefined;

function browser(): Promise<BrowserContext> {
  started ??= (async () => {
    const context = await chromium.launchPersistentContext(join(settings.userData, "chromium"), {
      executablePath: settings.chromium,
      viewport: null,
      reducedMotion: "reduce",
      // The test joins the same pages by this port.
      args: [
        "--remote-debugging-port=0",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--disable-sync",
      ],
    });
    await context.route("**/*", (route) => answer(route));
    context.on("page", (page) => void popup(page));
    return context;
  })();
  return started;
}

const windowOf = (page: Page | null) => BrowserWindow.getAllWindows().find((window) => window.page === page);

/** Requests of the page go to the protocol's handler; nothing else is reached. */
async function answer(route: Route): Promise<void> {
  const request = route.request();
  const url = toScheme(request.url());
  const frame = frameOf(request);
  if (!frame) return route.abort("aborted"); // the first address of a window that a page opens
  const contents = windowOf(frame.page())?.webContents;
  if (request.isNavigationRequest() && contents && frame === frame.page().mainFrame() && !contents.takeExpected(url)) {
    const event = { ...preventable(), url };
    event.preventDefault = () => {
      event.defaultPrevented = true;
    };
    contents.emit("will-navigate", event);
    if (event.defaultPrevented) return route.abort("aborted");
  }
  const handler = protocol.handlers.get(new URL(url).protocol.slice(0, -1));
  if (!handler) return route.abort("blockedbyclient");
  const response = await handler(new Request(url));
  await route
    .fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    })
    .catch(() => {}); // the page is gone
}

/** The frame that asks; undefined while its window is being made. */
function frameOf(request: PageRequest): Frame | undefined {
  try {
    return request.frame();
  } catch {
    return undefined;
  }
}

async function popup(page: Page): Promise<void> {
  const opener = await page.opener();
  if (!opener) return;
  const action = windowOf(opener)?.webContents.openHandler?.({ url: toScheme(page.url()) }).action ?? "allow";
  if (action === "deny") await page.close();
}

export const protocol = {
  handlers: new Map<string, (request: Request) => Promise<Response>>(),
  registerSchemesAsPrivileged() {},
  handle(scheme: string, handler: (request: Request) => Promise<Response>) {
    protocol.handlers.set(scheme, handler);
  },
};

type PermissionCheck = (contents: unknown, permission: string) => boolean;
type PermissionRequest = (contents: unknown, permission: string, answer: (isGranted: boolean) => void) => void;
export const session = {
  defaultSession: {
    check: undefined as PermissionCheck | undefined,
    request: undefined as PermissionRequest | undefined,
    setPermissionCheckHandler: (handler: PermissionCheck) => {
      session.defaultSession.check = handler;
    },
    setPermissionRequestHandler: (handler: PermissionRequest) => {
      session.defaultSession.request = handler;
    },
  },
};

// Messages

export const ipcMain = new EventEmitter();

export class MessagePortMain extends EventEmitter {
  peer: MessagePortMain | undefined;
  /** Where messages go once the port was handed to a page. */
  forward: ((data: unknown) => void) | undefined;
  private waiting: unknown[] | undefined = [];

  postMessage(data: unknown): void {
    this.peer?.receive(data);
  }

  receive(data: unknown): void {
    if (this.forward) this.forward(data);
    else if (this.waiting) this.waiting.push(data);
    else this.emit("message", { data, ports: [] });
  }

  start(): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const data of waiting) this.receive(data);
  }

  close(): void {
    const { peer } = this;
    this.peer = undefined;
    if (!peer) return;
    peer.peer = undefined;
    this.emit("close");
    peer.emit("close");
  }
}

export class MessageChannelMain {
  readonly port1 = new MessagePortMain();
  readonly port2 = new MessagePortMain();

  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}

/** Bytes and texts as Playwright carries them. */
const packed = (data: unknown) =>
  data instanceof ArrayBuffer || ArrayBuffer.isView(data)
    ? {
        base64: Buffer.from(
          data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        ).toString("base64"),
      }
    : { value: data };

type Call =
  | { readonly kind: "send"; readonly channel: string; readonly args: unknown[] }
  | { readonly kind: "port"; readonly id: number; readonly data: { value?: unknown; base64?: string } };

/** Stands before the preload script in the page, whose `electron` it is. */
function pageSide(dropped: string): void {
  type Hear = (event: { ports: MessagePort[] }, ...args: unknown[]) => void;
  const page = window as unknown as Record<string, (...args: never[]) => unknown> & Record<string, unknown>;
  const tell = page.__standIn as unknown as (call: unknown) => Promise<unknown>;
  const listeners = new Map<string, Hear[]>();
  const ports = new Map<number, MessagePort>();
  const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
  const pack = (data: unknown) => {
    if (!(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) return { value: data };
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
  };
  const api = {
    hear(channel: string, ids: number[]) {
      const handed = ids.map((id) => {
        const channelOfPort = new MessageChannel();
        ports.set(id, channelOfPort.port1);
        channelOfPort.port1.onmessage = ({ data }) => void tell({ kind: "port", id, data: pack(data) });
        return channelOfPort.port2;
      });
      for (const listener of listeners.get(channel) ?? []) listener({ ports: handed });
    },
    post(id: number, data: { value?: unknown; base64?: string }) {
      ports.get(id)?.postMessage(data.base64 === undefined ? data.value : bytesOf(data.base64));
    },
  };
  Object.defineProperty(window, "__standInApi", { value: api });
  Object.defineProperty(window, "__standInElectron", {
    value: {
      contextBridge: { exposeInMainWorld: (key: string, value: unknown) => Object.defineProperty(window, key, { value }) },
      ipcRenderer: {
        on: (channel: string, listener: Hear) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
        send: (channel: string, ...args: unknown[]) => void tell({ kind: "send", channel, args }),
      },
      webUtils: { getPathForFile: (file: File) => (JSON.parse(dropped) as Record<string, string>)[file.name] ?? "" },
    },
  });
}

class WebContents extends EventEmitter {
  readonly window: BrowserWindow;
  openHandler: ((details: { url: string }) => { action: "allow" | "deny" }) | undefined;
  readonly mainFrame: { readonly url: string };
  private readonly ports = new Map<number, MessagePortMain>();
  private nextPort = 1;
  private expected: string | undefined;

  constructor(window: BrowserWindow) {
    super();
    this.window = window;
    const contents = this;
    this.mainFrame = {
      get url() {
        return contents.getURL();
      },
    };
  }

  getURL = () => toScheme(this.window.page?.url() ?? "");
  isDestroyed = () => this.window.isDestroyed();
  setWindowOpenHandler(handler: WebContents["openHandler"]): void {
    this.openHandler = handler;
  }

  /** Whether a navigation is our own, which `will-navigate` is not told of. */
  takeExpected(url: string): boolean {
    const isExpected = this.expected !== undefined && url.split("#")[0] === this.expected.split("#")[0];
    if (isExpected) this.expected = undefined;
    return isExpected;
  }

  async load(url: string): Promise<void> {
    const page = await this.window.whenPage;
    const isWithin = url.includes("#") && this.getURL().split("#")[0] === url.split("#")[0];
    if (!isWithin) this.expected = url;
    await page.goto(toHttp(url)).catch((error: Error) => {
      throw Object.assign(error, { code: /net::(ERR_\w+)/.exec(error.message)?.[1] });
    });
  }

  reload(): void {
    void this.window.reviveIfLost().then(async (page) => {
      this.expected = this.window.lastUrl;
      await page.goto(toHttp(this.window.lastUrl));
    });
  }

  forcefullyCrashRenderer(): void {
    void this.window.page?.goto("chrome://crash").catch(() => {});
  }

  postMessage(channel: string, _message: unknown, handed: MessagePortMain[] = []): void {
    const ids = handed.map((port) => {
      const id = this.nextPort++;
      this.ports.set(id, port);
      port.forward = (data) => this.inPage("post", [id, packed(data)]);
      return id;
    });
    this.inPage("hear", [channel, ids]);
  }

  hear(call: Call, isMainFrame: boolean, url: string): void {
    if (call.kind === "port") {
      const { value, base64 } = call.data;
      this.ports.get(call.id)?.peer?.receive(base64 === undefined ? value : new Uint8Array(Buffer.from(base64, "base64")).buffer);
    } else ipcMain.emit(call.channel, { sender: this, senderFrame: isMainFrame ? this.mainFrame : { url } }, ...call.args);
  }

  /** The page's document is another one, or lost: its ports are closed. */
  forgetPorts(): void {
    for (const port of this.ports.values()) port.close();
    this.ports.clear();
  }

  private inPage(what: "hear" | "post", args: unknown[]): void {
    void this.window.page
      ?.evaluate(
        ([name, given]) =>
          (window as unknown as { __standInApi: Record<string, (...args: unknown[]) => void> }).__standInApi[name]!(...given),
        [what, args] as const,
      )
      .catch(() => {}); // the page is gone
  }
}

// Windows

/** Pages that are or were a window's. */
const used = new WeakSet<Page>();

interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class BrowserWindow extends EventEmitter {
  private static readonly all = new Set<BrowserWindow>();
  static getAllWindows = () => [...BrowserWindow.all];
  static getFocusedWindow = () => BrowserWindow.getAllWindows()[0] ?? null;

  readonly webContents = new WebContents(this);
  page: Page | undefined;
  readonly whenPage: Promise<Page>;
  lastUrl = "";
  private bounds: Bounds;
  private maximised = false;
  private visible = false;
  private destroyed = false;

  constructor(options: Partial<Bounds> & { webPreferences: { preload: string } }) {
    super();
    const { workArea } = screen.getPrimaryDisplay();
    const { width = 800, height = 600 } = options;
    this.bounds = { x: (workArea.width - width) / 2, y: (workArea.height - height) / 2, width, height, ...withoutOthers(options) };
    BrowserWindow.all.add(this);
    settings.preload = readFileSync(options.webPreferences.preload, "utf8");
    this.whenPage = browser().then((context) => this.open(context));
  }

  private async open(context: BrowserContext): Promise<Page> {
    const page = context.pages().find((blank) => blank.url() === "about:blank" && !used.has(blank)) ?? (await context.newPage());
    used.add(page);
    await page.exposeBinding("__standIn", (source, call: Call) =>
      this.webContents.hear(call, source.frame === page.mainFrame(), toScheme(source.frame.url())),
    );
    const preload = `((require) => { const module = { exports: {} }, exports = module.exports;\n${settings.preload}\n})(() => window.__standInElectron);`;
    // Playwright's binding arrives with the document, as the preload script does.
    await page.addInitScript(
      `if (location.hostname.endsWith("${HOST}")) { (${pageSide.toString()})(${JSON.stringify(JSON.stringify(standIn.droppedPaths))}); ${preload} }`,
    );
    this.page = page;
    await this.resize();
    page.on("domcontentloaded", () => this.emit("ready-to-show"));
    page.on("load", () => this.webContents.emit("did-finish-load"));
    page.on("framenavigated", (frame) => {
      if (frame !== page.mainFrame()) return;
      const url = toScheme(frame.url());
      if (url.split("#")[0] !== this.lastUrl.split("#")[0] || frame.url().startsWith("chrome"))
        this.lastUrl = url.startsWith("chrome") ? this.lastUrl : url;
      else this.lastUrl = url;
    });
    page.on("request", (request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) this.webContents.forgetPorts();
    });
    page.on("crash", () => {
      this.webContents.forgetPorts();
      this.webContents.emit("render-process-gone", {}, { reason: "crashed", exitCode: 1 });
    });
    page.on("close", () => {
      if (this.page === page) this.destroy();
    });
    return page;
  }

  /** Playwright's page is lost with its renderer: the window goes on with another one. */
  async reviveIfLost(): Promise<Page> {
    const lost = this.page!;
    const isLost = await Promise.race([lost.evaluate(() => false), new Promise<boolean>((done) => setTimeout(done, 1_000, true))]).catch(
      () => true,
    );
    if (!isLost) return lost;
    const context = await browser();
    this.page = undefined;
    const page = await this.open(context);
    await lost.close().catch(() => {});
    return page;
  }

  async loadURL(url: string): Promise<void> {
    await this.whenPage;
    await this.webContents.load(url);
  }

  private async resize(): Promise<void> {
    const { width, height } = this.getBounds();
    await this.page?.setViewportSize({ width, height });
  }

  close(): void {
    const event = preventable();
    this.emit("close", event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    BrowserWindow.all.delete(this);
    this.webContents.forgetPorts();
    const { page } = this;
    // Chromium ends with its last page: a blank one stays.
    void browser()
      .then((context) => context.newPage())
      .then(() => page?.close())
      .catch(() => {}); // it ends
    this.emit("closed");
    if (BrowserWindow.all.size === 0) app.emit("window-all-closed");
  }

  isDestroyed = () => this.destroyed;
  show = () => {
    this.visible = true;
  };
  hide = () => {
    this.visible = false;
  };
  focus = () => {};
  restore = () => {};
  isVisible = () => this.visible;
  isFocused = () => this.visible;
  isMinimized = () => false;
  isMaximized = () => this.maximised;
  maximize = () => {
    this.maximised = true;
    void this.resize();
  };
  getNormalBounds = () => this.bounds;
  getBounds = () => (this.maximised ? screen.getPrimaryDisplay().workArea : this.bounds);
  setBounds = (bounds: Partial<Bounds>) => {
    this.bounds = { ...this.bounds, ...bounds };
    void this.resize();
  };
  setProgressBar = (share: number) => void standIn.progress.push(share);
}

function withoutOthers({ x, y }: Partial<Bounds>): Partial<Bounds> {
  return { ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }) };
}

interface Display {
  id: number;
  workArea: Bounds;
}
export const screen = {
  getAllDisplays: (): Display[] => [{ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
  getPrimaryDisplay: (): Display => screen.getAllDisplays()[0]!,
};

// What is only remembered

interface ItemTemplate {
  id?: string;
  label?: string;
  role?: string;
  submenu?: ItemTemplate[];
  click?: () => void;
}
class MenuItem {
  readonly id: string | undefined;
  readonly label: string;
  readonly role: string | undefined;
  readonly submenu: Menu | undefined;
  readonly click: () => void;
  constructor({ id, label, role, submenu, click }: ItemTemplate) {
    this.id = id;
    this.label = label ?? "";
    this.role = role;
    this.submenu = submenu && new Menu(submenu);
    this.click = click ?? (() => role === "quit" && app.quit());
  }
}
export class Menu {
  private static current: Menu | null = null;
  static buildFromTemplate = (template: ItemTemplate[]) => new Menu(template);
  static setApplicationMenu = (menu: Menu | null) => {
    Menu.current = menu;
  };
  static getApplicationMenu = () => Menu.current;

  readonly items: MenuItem[];
  constructor(template: ItemTemplate[]) {
    this.items = template.map((item) => new MenuItem(item));
  }
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : (item.submenu?.getMenuItemById(id) ?? null);
      if (found) return found;
    }
    return null;
  }
}

export const dialog = {
  showMessageBox: async (..._args: unknown[]) => ({ response: 0, checkboxChecked: false }),
  showOpenDialog: async (..._args: unknown[]) => ({ canceled: true, filePaths: [] as string[] }),
  showErrorBox: (title: string, content: string) => void standIn.errorBoxes.push(`${title}: ${content}`),
};

export class Notification extends EventEmitter {
  static isSupported = () => true;
  readonly title: string;
  readonly body: string;
  constructor({ title, body }: { title: string; body: string }) {
    super();
    this.title = title;
    this.body = body;
  }
  show = () => void standIn.notifications.push(this);
}

export class Tray extends EventEmitter {
  toolTip = "";
  menu: Menu | undefined;
  constructor(_image: unknown) {
    super();
    standIn.trays.add(this);
  }
  setToolTip = (text: string) => {
    this.toolTip = text;
  };
  setContextMenu = (menu: Menu) => {
    this.menu = menu;
  };
  destroy = () => void standIn.trays.delete(this);
}

let nextBlocker = 1;
export const powerSaveBlocker = {
  start: () => {
    standIn.blockers.add(nextBlocker);
    return nextBlocker++;
  },
  stop: (id: number) => void standIn.blockers.delete(id),
};

let copied = "";
export const clipboard = {
  writeText: (text: string) => {
    copied = text;
  },
  readText: () => copied,
};
/** Folders that were to be shown. There is no file manager here. */
export const shell = {
  shown: [] as string[],
  openPath: async (path: string) => {
    shell.shown.push(path);
    return "";
  },
};
export const nativeTheme = { themeSource: "system", shouldUseDarkColors: false };
export const nativeImage = { createFromPath: (path: string) => ({ isEmpty: () => readFileSync(path).length === 0 }) };

// The test's window on this process: as Playwright's `electronApp.evaluate`, a function is run here with Electron's module.
process.on("message", ({ id, source, argument }: { id: number; source: string; argument: unknown }) => {
  const run = async () => {
    const module = await import(import.meta.url);
    return (new Function(`return (${source})`)() as (module: unknown, argument: unknown) => unknown)(module, argument);
  };
  run().then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.on("disconnect", () => app.exit(0));
