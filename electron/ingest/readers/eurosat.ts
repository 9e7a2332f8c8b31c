// EuroSAT MS: `<Class>/<Class>_<n>.tif`, 13 Level-1C bands of 64 x 64 px.
// Helber et al., "EuroSAT: a novel dataset and deep learning benchmark for land use and land cover classification" (arXiv 1709.00029).
import type { BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { PatchItem, TileBatch } from "../patch.ts";
import { openBands, readTileBands, tilesOf, tileTransform } from "./bands.ts";
import type { GeoTiff } from "./geotiff.ts";

/** The order in the files: B8A comes last. */
export const EUROSAT_BANDS = [
  "B01",
  "B02",
  "B03",
  "B04",
  "B05",
  "B06",
  "B07",
  "B08",
  "B09",
  "B10",
  "B11",
  "B12",
  "B8A",
] as const satisfies readonly BandName[];

/** Side of a patch, px; all bands were resampled to the 10 m grid by its authors. */
export const EUROSAT_PIXELS = 64;

export const EUROSAT_RADIOMETRY = {
  quantification: 10_000,
  offset: 0,
  source: "EuroSAT: Level-1C before processing baseline 04.00, so without an offset",
} as const;

/** Where a band lies in a file. @throws AppError BAD_FILE for a file of another number of bands */
export function eurosatSample(band: BandName, tiff: Pick<GeoTiff, "path" | "bands">): number {
  if (tiff.bands !== EUROSAT_BANDS.length) {
    const rgb = tiff.bands === 3 ? " This looks like the RGB version: use the 13-band one (EuroSATallBands)." : " Replace it.";
    throw new AppError("BAD_FILE", `${tiff.path} has ${tiff.bands} bands instead of ${EUROSAT_BANDS.length}.${rgb}`);
  }
  return EUROSAT_BANDS.indexOf(band);
}

/**
 * Reads a patch into the batch.
 * @throws AppError when the file is broken; the batch then holds nothing of it
 */
export async function readEurosat(item: PatchItem, batch: TileBatch): Promise<void> {
  const rasters = openBands(item, batch.settings, eurosatSample);
  const { tiff } = rasters[0]!;
  try {
    for (const place of tilesOf(item)) {
      await readTileBands(rasters, item, place, batch);
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
  } finally {
    tiff.close();
  }
}
