// A tile as a picture, for lists and the viewer.
import { availableCombinations, findBandCombination } from "../../shared/domain/band-combinations.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { composite, type Stretch } from "../../shared/raster/composite.ts";
import { tileReflectance } from "../../shared/raster/tile-reflectance.ts";
import type { StoredTileReader } from "./tile-store.ts";

export interface TileImageOptions {
  readonly reader: Pick<StoredTileReader, "layout" | "readTile">;
  readonly row: number;
  /** Id of a band combination. */
  readonly combination: string;
  readonly stretch?: Stretch;
  /** Side of the picture, px; the tile's own when left out. Pixels stay square blocks when it is larger. */
  readonly size?: number;
}

/**
 * Draws a tile as PNG.
 * @throws AppError BAD_ARGUMENT for a row or combination that does not exist, or bands that the data set lacks
 */
export async function renderTilePng({ reader, row, combination, stretch, size }: TileImageOptions): Promise<Buffer> {
  const { groups, radiometry, tilePixels } = reader.layout;
  const chosen = findBandCombination(combination);
  if (!chosen) {
    const available = availableCombinations(groups.flatMap(({ bands }) => bands)).map(({ id }) => id);
    throw new AppError("BAD_ARGUMENT", `"${combination}" is no band combination. Choose one of ${available.join(", ")}.`);
  }
  const raw = await reader.readTile(row);
  const image = tileReflectance(raw.groups, { groups, radiometry, bands: chosen.bands, pixels: tilePixels });
  const rgba = composite(image, chosen, stretch ? { stretch } : {});
  const { default: sharp } = await import("sharp");
  const picture = sharp(rgba, { raw: { width: tilePixels, height: tilePixels, channels: 4 } });
  if (size !== undefined && size !== tilePixels) picture.resize(size, size, { kernel: size > tilePixels ? "nearest" : "lanczos3" });
  return picture.png({ compressionLevel: 6 }).toBuffer();
}
