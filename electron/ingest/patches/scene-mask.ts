// Shares of clouds, shadows and snow of a scene's tiles, by the mask that its product holds.
import { AppError } from "../../../shared/domain/errors.ts";
import { CLASSIFICATION_BANDS, cloudMaskKindOf, type SceneKind, sceneKindOf } from "../../../shared/domain/scene-classes.ts";
import { rasterise } from "../../../shared/raster/rasterise.ts";
import { readCloudMask } from "../readers/cloud-mask.ts";
import { openRaster } from "../readers/open-raster.ts";
import type { Affine, Raster, Window } from "../readers/raster.ts";
import type { SceneMask } from "../readers/scene.ts";

/** Shares of a tile's pixels, 0..1; null where the mask does not tell. */
export interface MaskShares {
  readonly cloud: number | null;
  readonly shadow: number | null;
  readonly snow: number | null;
}

export interface SceneMaskReader {
  /** @param window on the 10 m grid, px */
  shares(window: Omit<Window, "band">): Promise<MaskShares>;
  close(): void;
}

/** The scene's 10 m grid. */
export interface SceneGrid {
  readonly width: number;
  readonly height: number;
  readonly crs: string | null;
  readonly transform: Affine | null;
}

/** A cloud from this probability on, percent (ESA's Level-2A takes medium probability from 35 on: Sen2Cor's ATBD, scene classification). */
const CLOUD_PERCENT = 35;
/** Pixels of the 10 m grid that a pixel of MSK_CLOUDS' outlines spans. */
const OUTLINE_RATIO = 6;

/**
 * Opens a mask.
 * @throws AppError when it cannot be read, or does not fit the scene
 */
export function openSceneMask(mask: SceneMask, grid: SceneGrid): SceneMaskReader {
  if (mask.kind === "outlines") return outlines(mask.file, grid);
  const raster = openRaster(mask.file);
  try {
    const ratio = ratioOf(raster, grid);
    return {
      shares: async (window) => sharesOf(mask, raster, smaller(window, ratio, raster)),
      close: () => raster.close(),
    };
  } catch (error) {
    raster.close();
    throw error;
  }
}

async function sharesOf(mask: Exclude<SceneMask, { kind: "outlines" }>, raster: Raster, window: Omit<Window, "band">): Promise<MaskShares> {
  const read = (band: number) => raster.readWindow({ ...window, band });
  switch (mask.kind) {
    case "scene-classes":
      return counted(await read(mask.sample ?? 0), sceneKindOf);
    case "cloud-classes":
      return counted(await read(0), cloudMaskKindOf, { snow: null });
    case "probability":
      return counted(await read(mask.sample ?? 0), (value) => (value >= CLOUD_PERCENT ? "cloud" : "clear"), { shadow: null, snow: null });
    case "classification": {
      const bands = CLASSIFICATION_BANDS.filter(({ band }) => band <= raster.bands);
      const values = await Promise.all(bands.map(({ band }) => read(band - 1)));
      const kinds = Array.from(values[0]!, (_, i) => bands.find((__, b) => values[b]![i]! > 0)?.kind ?? "clear");
      return counted(kinds, (kind) => kind, { shadow: null });
    }
  }
}

/** Shares of the pixels of each kind. */
function counted<T>(values: ArrayLike<T>, kindOf: (value: T) => SceneKind, unknown: Partial<MaskShares> = {}): MaskShares {
  const counts: Partial<Record<SceneKind, number>> = {};
  for (let i = 0; i < values.length; i++) {
    const kind = kindOf(values[i]!);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  const share = (kind: SceneKind) => (counts[kind] ?? 0) / values.length;
  return { cloud: share("cloud"), shadow: share("shadow"), snow: share("snow"), ...unknown };
}

/** Pixels of the 10 m grid that the mask's pixels span. @throws AppError BAD_FILE when it shows another area */
function ratioOf({ path, width, height }: Raster, grid: SceneGrid): number {
  const ratio = Math.round(grid.width / width);
  if (ratio >= 1 && Math.abs(width * ratio - grid.width) < ratio && Math.abs(height * ratio - grid.height) < ratio) return ratio;
  throw new AppError("BAD_FILE", `${path} is ${width} x ${height} px, which does not fit a scene of ${grid.width} x ${grid.height} px.`);
}

/** The pixels of a coarser grid that a window touches. */
function smaller({ x, y, width, height }: Omit<Window, "band">, ratio: number, bounds: { width: number; height: number }) {
  const left = Math.min(Math.floor(x / ratio), bounds.width - 1);
  const top = Math.min(Math.floor(y / ratio), bounds.height - 1);
  return {
    x: left,
    y: top,
    width: Math.max(1, Math.min(Math.ceil((x + width) / ratio), bounds.width) - left),
    height: Math.max(1, Math.min(Math.ceil((y + height) / ratio), bounds.height) - top),
  };
}

/** Outlines are burnt once for the whole scene: 3 MB of a granule. */
function outlines(file: string, grid: SceneGrid): SceneMaskReader {
  const { epsg, clouds } = readCloudMask(file);
  const size = { width: Math.ceil(grid.width / OUTLINE_RATIO), height: Math.ceil(grid.height / OUTLINE_RATIO) };
  let burnt: Uint8Array | null = null;
  if (clouds.length > 0) {
    if (!grid.transform) throw new AppError("BAD_FILE", `${file} tells where clouds are, but nothing tells where the scene is.`);
    if (epsg !== null && grid.crs !== null && grid.crs !== `EPSG:${epsg}`)
      throw new AppError("BAD_FILE", `${file} is in EPSG:${epsg}, the scene in ${grid.crs}.`);
    const [a, b, c, d, e, f] = grid.transform;
    const transform: Affine = [a * OUTLINE_RATIO, b * OUTLINE_RATIO, c, d * OUTLINE_RATIO, e * OUTLINE_RATIO, f];
    burnt = rasterise(
      clouds.map(({ polygon }) => polygon),
      { transform, ...size },
    );
  }
  return {
    async shares(window) {
      if (!burnt) return { cloud: 0, shadow: null, snow: null };
      const { x, y, width, height } = smaller(window, OUTLINE_RATIO, size);
      let cloudy = 0;
      for (let row = y; row < y + height; row++)
        for (let column = x; column < x + width; column++) cloudy += burnt[row * size.width + column]!;
      return { cloud: cloudy / (width * height), shadow: null, snow: null };
    },
    close() {},
  };
}
