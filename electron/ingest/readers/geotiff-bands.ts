// Scenes as a GeoTIFF a band, cut into tiles on a plain grid from the upper left corner.
import { basename } from "node:path";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import type { PatchItem, TileBatch } from "../patch.ts";
import { type BandRaster, openBands, readTileBands, tilesOf, tileTransform } from "./bands.ts";
import type { GeoTiff } from "./geotiff.ts";

/** Reads scenes, and keeps the last one open: its tiles come in several batches. */
export class SceneReader {
  private open: { key: string; rasters: readonly BandRaster[] } | undefined;

  /**
   * Reads the item's tiles into the batch. A tile that cannot be unpacked is skipped, the rest goes on.
   * @throws AppError when the scene as a whole is unfit
   */
  async read(item: PatchItem, batch: TileBatch): Promise<void> {
    const rasters = this.rastersOf(item, batch);
    const { tiff } = rasters[0]!;
    for (const place of tilesOf(item)) {
      try {
        await readTileBands(rasters, item, place, batch);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        batch.skip({ path: item.path, reason: messageOf(error).replaceAll(`${item.path}/`, "") });
        continue;
      }
      batch.commit({
        id: place.id,
        source: item.kind,
        path: item.path,
        labels: item.labels ? [...item.labels] : null,
        date: item.date,
        granule: item.granule,
        crs: tiff.crs,
        transform: tileTransform(tiff.transform, batch.settings.groups[0]!.pixels, batch.settings.tilePixels, place),
      });
    }
  }

  close(): void {
    for (const { tiff } of this.open?.rasters ?? []) tiff.close();
    this.open = undefined;
  }

  private rastersOf(item: PatchItem, batch: TileBatch): readonly BandRaster[] {
    const key = JSON.stringify(item.files);
    if (this.open?.key === key) return this.open.rasters;
    this.close();
    const rasters = openBands(item, batch.settings, (_, tiff) => singleBand(tiff));
    this.open = { key, rasters };
    return rasters;
  }
}

/** The one band of a file. @throws AppError UNSUPPORTED when it has several */
export function singleBand(tiff: Pick<GeoTiff, "path" | "bands">): 0 {
  if (tiff.bands === 1) return 0;
  throw new AppError(
    "UNSUPPORTED",
    `${tiff.path} holds ${tiff.bands} bands, but its name tells one. Split ${basename(tiff.path)} (gdal_translate -b N IN OUT.tif).`,
  );
}
