import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  LEAST_SIZE,
  readWindowState,
  restoredBounds,
  type WindowState,
  writeWindowState,
} from "../../../../electron/app/desktop/window-state.ts";

const MAIN = { x: 0, y: 25, width: 1920, height: 1055 };
const RIGHT = { x: 1920, y: 0, width: 2560, height: 1440 };
const kept = (bounds: Partial<WindowState>): WindowState => ({
  ...{ version: 1, x: 100, y: 80, width: 1300, height: 800, isMaximised: false },
  ...bounds,
});

describe("the window's place", () => {
  it("is where it was, on whichever display", () => {
    expect(restoredBounds(kept({}), [MAIN])).toEqual({ x: 100, y: 80, width: 1300, height: 800 });
    expect(restoredBounds(kept({ x: 2400, y: 300 }), [MAIN, RIGHT])).toEqual({ x: 2400, y: 300, width: 1300, height: 800 });
  });

  it("is left to the system when its display is gone", () => {
    expect(restoredBounds(kept({ x: 2400, y: 300 }), [MAIN])).toEqual({ width: 1300, height: 800 });
    expect(restoredBounds(kept({ y: -900 }), [MAIN])).toEqual({ width: 1300, height: 800 });
  });

  it("is moved in where only a part can be seen, and cut to the display", () => {
    expect(restoredBounds(kept({ x: -400 }), [MAIN])).toMatchObject({ x: 0, width: 1300 });
    expect(restoredBounds(kept({ x: 1500, width: 4000, height: 3000 }), [MAIN])).toEqual({ ...MAIN });
  });

  it("is a first size at the first start, and never less than the views need", () => {
    expect(restoredBounds(undefined, [MAIN])).toEqual({ width: 1440, height: 900 });
    expect(restoredBounds(undefined, [{ x: 0, y: 0, width: 1280, height: 720 }])).toEqual({ width: 1280, height: 720 });
    expect(restoredBounds(kept({ width: 10, height: 10 }), [MAIN])).toMatchObject(LEAST_SIZE);
  });
});

describe("the window's file", () => {
  const folder = mkdtempSync(join(tmpdir(), "simclr-s2-window-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "new", "window.json");

  it("gives back what was written, and nothing of a broken one", async () => {
    expect(await readWindowState(path)).toBeUndefined();
    writeWindowState(path, kept({ isMaximised: true }));
    expect(await readWindowState(path)).toEqual(kept({ isMaximised: true }));
    writeFileSync(path, '{"version":1,"x":');
    expect(await readWindowState(path)).toBeUndefined();
  });
});
