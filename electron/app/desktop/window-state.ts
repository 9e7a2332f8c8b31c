// Where the window was, kept for the next start, and brought back only where a display still shows it.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

export const WindowState = z.strictObject({
  version: z.literal(1),
  x: z.int(),
  y: z.int(),
  width: z.int().min(1),
  height: z.int().min(1),
  isMaximised: z.boolean(),
});
export type WindowState = z.infer<typeof WindowState>;

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const LEAST_SIZE = { width: 1024, height: 680 } as const;
const FIRST_SIZE = { width: 1440, height: 900 } as const;
/** As much of the window must lie on a display that its title bar can be grasped, px. */
const GRASP = { width: 160, height: 40 } as const;

/** The state kept in a file; undefined when there is none that can be read. */
export async function readWindowState(path: string): Promise<WindowState | undefined> {
  try {
    return WindowState.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

/** Keeps a state, at once: the process may end before a promise does. What cannot be written is forgotten. */
export function writeWindowState(path: string, state: WindowState): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(`${path}.part`, path);
  } catch (error) {
    console.error(error);
  }
}

/**
 * The bounds to open with: the kept ones, cut to the display that shows them; a size without a place when none does any more.
 * @param areas the displays' work areas, the main one first
 */
export function restoredBounds(kept: WindowState | undefined, areas: readonly Area[]): Partial<Area> & Pick<Area, "width" | "height"> {
  const main = areas[0] ?? { x: 0, y: 0, ...FIRST_SIZE };
  const within = (size: Pick<Area, "width" | "height">, area: Area) => ({
    width: Math.min(Math.max(size.width, LEAST_SIZE.width), area.width),
    height: Math.min(Math.max(size.height, LEAST_SIZE.height), area.height),
  });
  const area = kept && areas.find((display) => isGraspable(kept, display));
  if (!kept || !area) return within(kept ?? FIRST_SIZE, main);
  const size = within(kept, area);
  const between = (at: number, low: number, high: number) => Math.max(low, Math.min(at, high));
  return {
    x: between(kept.x, area.x, area.x + area.width - size.width),
    y: between(kept.y, area.y, area.y + area.height - size.height),
    ...size,
  };
}

/** Whether the window's upper edge lies on a display. */
function isGraspable({ x, y, width }: Area, area: Area): boolean {
  const shown = Math.min(x + width, area.x + area.width) - Math.max(x, area.x);
  return shown >= GRASP.width && y >= area.y - GRASP.height && y <= area.y + area.height - GRASP.height;
}
