// Scenes, and patches of several tiles, as images of any format: cut into tiles on a plain grid from the upper left corner.
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import type { Affine } from "../readers/raster.ts";
import type { ScenePlace } from "../readers/scene.ts";
import { type BandRaster, closeBands, openBands, readTileBands, tilesOf, tileTransform } from "./bands.ts";
import type { PatchItem, TileBatch } from "./patch.ts";
import { openSceneMask, type SceneMaskReader } from "./scene-mask.ts";

interface OpenScene {
  readonly key: string;
  readonly rasters: readonly BandRaster[];
  /** Of the first band's image. */
  readonly crs: string | null;
  readonly transform: Affine | null;
  readonly mask: SceneMaskReader | null;
}

/** Reads scenes, and keeps the last one open: its tiles come in several batches. */
export class SceneReader {
  private open: OpenScene | undefined;

  /**
   * Reads the item's tiles into the batch. A tile that cannot be unpacked is skipped, the rest goes on.
   * @throws AppError when the scene as a whole is unfit
   */
  async read(item: PatchItem, batch: TileBatch): Promise<void> {
    const { settings } = batch;
    const { rasters, crs, transform, mask } = await this.openScene(item, batch);
    for (const place of tilesOf(item)) {
      try {
        await readTileBands(rasters, item, place, batch);
        const { column, row } = place;
        const { stridePixels, tilePixels } = settings;
        const shares = await mask?.shares({ x: column * stridePixels, y: row * stridePixels, width: tilePixels, height: tilePixels });
        batch.commit({
          id: place.id,
          source: item.kind,
          path: item.path,
          labels: item.labels ? [...item.labels] : null,
          date: item.date,
          granule: item.granule,
          crs,
          transform: tileTransform(transform, settings.groups[0]!.pixels, settings, place),
          ...item.facts,
          ...shares,
        });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        batch.skip({ path: item.path, reason: `tile ${place.id}: ${messageOf(error).replaceAll(`${item.path}/`, "")}` });
      }
    }
  }

  close(): void {
    if (this.open) {
      closeBands(this.open.rasters);
      this.open.mask?.close();
    }
    this.open = undefined;
  }

  private async openScene(item: PatchItem, batch: TileBatch): Promise<OpenScene> {
    const key = JSON.stringify([item.files, item.samples, item.isSparse]);
    if (this.open?.key === key) return this.open;
    this.close();
    const rasters = openBands(item, batch.settings);
    const [{ raster }] = rasters as [BandRaster];
    const place = item.scene?.place ?? null;
    const transform = raster.transform ?? transformOf(place, raster, item);
    const crs = raster.crs ?? (transform ? (place?.crs ?? null) : null);
    const scene = { key, rasters, crs, transform, mask: null };
    this.open = scene;
    if (!item.scene?.mask) return scene;
    try {
      const ratio = batch.settings.tilePixels / batch.settings.groups[0]!.pixels;
      const grid = { width: item.width, height: item.height, crs, transform: transform && scaled(transform, 1 / ratio) };
      this.open = { ...scene, mask: openSceneMask(item.scene.mask, grid) };
    } catch (error) {
      batch.skip({ path: item.scene.mask.file, reason: `${messageOf(error)} Tiles of this scene are kept without shares of clouds.` });
    }
    return this.open;
  }
}

/** Where an image lies by the edges of its scene, if they are those of images of its size. */
function transformOf(place: ScenePlace | null, { width, height }: BandRaster["raster"], item: PatchItem): Affine | null {
  if (!place) return null;
  if (place.pixels && (place.pixels[0] !== item.width || place.pixels[1] !== item.height)) return null;
  const [left, top, right, bottom] = place.bounds;
  return [(right - left) / width, 0, left, 0, (bottom - top) / height, top];
}

function scaled([a, b, c, d, e, f]: Affine, by: number): Affine {
  return [a * by, b * by, c, d * by, e * by, f];
}
