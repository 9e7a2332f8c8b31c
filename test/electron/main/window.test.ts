// What follows when an address of the window's page is not loaded; Electron's part is made up.
import { afterEach, expect, it, vi } from "vitest";
import { loadPage } from "../../../electron/main/window.ts";

vi.mock("electron", () => ({ BrowserWindow: class {}, dialog: {}, nativeTheme: {}, screen: {}, net: {}, protocol: {}, session: {} }));
const complain = vi.spyOn(console, "error").mockImplementation(() => {});
afterEach(() => complain.mockClear());

const settled = () => new Promise((resolve) => setImmediate(resolve));
const failing = (code: string) => ({ loadURL: () => Promise.reject(Object.assign(new Error(`${code} (-3)`), { code })) });

it("an address that another one replaced is no fault", async () => {
  loadPage(failing("ERR_ABORTED"), "studio://app/index.html");
  await settled();
  expect(complain).not.toHaveBeenCalled();
});

it("another failure is told, and ends nothing", async () => {
  loadPage(failing("ERR_FAILED"), "studio://app/index.html");
  await settled();
  expect(complain).toHaveBeenCalledWith("The window's page was not loaded: ERR_FAILED (-3)");
});
