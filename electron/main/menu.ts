// The menu: what it offers and what each item does, as a template for Electron.
import type { MenuItemConstructorOptions } from "electron";

export interface MenuActions {
  newWorkspace(): void;
  openWorkspace(): void;
  openRecent(path: string): void;
  openSample(): void;
  go(hash: string): void;
  palette(): void;
  copyLink(): void;
}

export interface MenuState {
  readonly platform: NodeJS.Platform;
  readonly isPackaged: boolean;
  /** Folders of workspaces that are there, newest first. */
  readonly recent: readonly string[];
}

/** The places in the order of their keys, as the window has them. */
const PLACES = [
  ["Data", "#/data"],
  ["Augmentations", "#/augmentations"],
  ["Training", "#/training"],
  ["Comparison", "#/comparison"],
  ["Embeddings", "#/embeddings"],
] as const;

export function menuTemplate({ platform, isPackaged, recent }: MenuState, act: MenuActions): MenuItemConstructorOptions[] {
  const isMac = platform === "darwin";
  const separator: MenuItemConstructorOptions = { type: "separator" };
  const settings: MenuItemConstructorOptions = {
    id: "settings",
    label: "Settings",
    accelerator: "CmdOrCtrl+,",
    click: () => act.go("#/settings"),
  };
  return [
    ...(isMac
      ? [
          {
            role: "appMenu" as const,
            submenu: [
              { role: "about" as const },
              separator,
              settings,
              separator,
              { role: "services" as const },
              separator,
              { role: "hide" as const },
              { role: "hideOthers" as const },
              { role: "unhide" as const },
              separator,
              { role: "quit" as const },
            ],
          },
        ]
      : []),
    {
      label: "&File",
      submenu: [
        { id: "new", label: "New Workspace...", accelerator: "CmdOrCtrl+N", click: () => act.newWorkspace() },
        { id: "open", label: "Open Workspace...", accelerator: "CmdOrCtrl+O", click: () => act.openWorkspace() },
        {
          id: "recent",
          label: "Open Recent",
          enabled: recent.length > 0,
          submenu: recent.map((path) => ({ label: path, click: () => act.openRecent(path) })),
        },
        { id: "sample", label: "Open the Sample Project", click: () => act.openSample() },
        separator,
        { id: "add", label: "Add Data...", accelerator: "CmdOrCtrl+Shift+O", click: () => act.go("#/data?add=1") },
        separator,
        ...(isMac ? [] : [settings, separator]),
        isMac ? { role: "close" as const } : { role: "quit" as const },
      ],
    },
    {
      role: "editMenu",
      submenu: [
        { role: "undo" },
        { role: "redo" },
        separator,
        { role: "cut" },
        { role: "copy" },
        { role: "paste" },
        { role: "selectAll" },
        separator,
        { id: "copy-link", label: "Copy Link to This View", accelerator: "CmdOrCtrl+Shift+C", click: () => act.copyLink() },
      ],
    },
    {
      label: "&Go",
      submenu: [
        { id: "start", label: "Start", click: () => act.go("#/start") },
        ...PLACES.map(([label, hash], i) => ({
          id: hash.slice(2),
          label,
          accelerator: `CmdOrCtrl+${i + 1}`,
          click: () => act.go(hash),
        })),
        separator,
        { id: "palette", label: "Go to Anything", accelerator: "CmdOrCtrl+K", click: () => act.palette() },
      ],
    },
    {
      label: "&View",
      submenu: [
        { role: "reload" },
        ...(isPackaged ? [] : [{ role: "toggleDevTools" as const }]),
        separator,
        { role: "resetZoom" },
        { role: "zoomIn" },
        { role: "zoomOut" },
        separator,
        { role: "togglefullscreen" },
      ],
    },
    { role: "windowMenu" },
    { role: "help", submenu: [{ id: "help", label: "Keyboard, Settings and This Machine", click: () => act.go("#/settings") }] },
  ];
}
