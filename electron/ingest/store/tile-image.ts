// Tiles as pictures, for lists and the viewer.
import { setImmediate } from "node:timers/promises";
import { availableCombinations, type BandCombination, findBandCombination } from "../../../shared/domain/band-combinations.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { RawTiles } from "../../../shared/learning/tiles.ts";
import { composite, type Stretch } from "../../../shared/raster/composite.ts";
import { tileReflectance } from "../../../shared/raster/tile-reflectance.ts";
import type { StoredTileReader } from "./tile-store.ts";

export interface TileImageOptions {
  readonly reader: Pick<StoredTileReader, "layout" | "read" | "readTile">;
  readonly row: number;
  /** Id of a band combination. */
  readonly combination: string;
  readonly stretch?: Stretch | undefined;
  /** Side of the picture, px; the tile's own when left out. Pixels stay square blocks when it is larger. */
  readonly size?: number;
}

/**
 * Draws a tile as PNG.
 * @throws AppError BAD_ARGUMENT for a row or combination that does not exist, or bands that the data set lacks
 */
export async function renderTilePng({ reader, row, combination, stretch, size }: TileImageOptions): Promise<Buffer> {
  const { tilePixels } = reader.layout;
  const rgba = drawTile(await reader.readTile(row), reader.layout, {
    combination: chosenOf(reader, combination),
    stretch,
    pixels: tilePixels,
  });
  const { default: sharp } = await import("sharp");
  const picture = sharp(rgba, { raw: { width: tilePixels, height: tilePixels, channels: 4 } });
  if (size !== undefined && size !== tilePixels) picture.resize(size, size, { kernel: size > tilePixels ? "nearest" : "lanczos3" });
  return picture.png({ compressionLevel: 6 }).toBuffer();
}

export interface TileStripOptions extends Omit<TileImageOptions, "row" | "size"> {
  /** In the picture's order, from the top. */
  readonly rows: ArrayLike<number>;
  /** Side of each tile in the picture, px: area means of the stored pixels. */
  readonly pixels: number;
  readonly signal?: AbortSignal | undefined;
}

/** High, and without halving the colours: a grid is looked at for them. A strip has a third of the bytes of a PNG and is decoded as fast. */
const STRIP_JPEG = { quality: 95, chromaSubsampling: "4:4:4" } as const;

/**
 * Draws many tiles as one JPEG, one under the other: a grid of 100,000 would drown in single requests.
 * @throws AppError as `renderTilePng`; the signal's reason
 */
export async function renderTileStrip({ reader, rows, combination, stretch, pixels, signal }: TileStripOptions): Promise<Buffer> {
  const chosen = chosenOf(reader, combination);
  const bytes = pixels * pixels * 4;
  const strip = new Uint8Array(rows.length * bytes);
  const raw = await reader.read(rows, signal ? { signal } : {});
  for (let tile = 0; tile < rows.length; tile++) {
    // Others get a turn after every tile, the abortion of this strip among them.
    await setImmediate();
    signal?.throwIfAborted();
    strip.set(drawTile(raw, reader.layout, { combination: chosen, stretch, pixels, tile }), tile * bytes);
  }
  const { default: sharp } = await import("sharp");
  return sharp(strip, { raw: { width: pixels, height: rows.length * pixels, channels: 4 } })
    .removeAlpha()
    .jpeg(STRIP_JPEG)
    .toBuffer();
}

function drawTile(
  { groups: raw }: RawTiles,
  { groups, radiometry }: StoredTileReader["layout"],
  { combination, stretch, ...which }: { combination: BandCombination; stretch: Stretch | undefined; pixels: number; tile?: number },
): Uint8Array<ArrayBuffer> {
  const image = tileReflectance(raw, { groups, radiometry, bands: combination.bands, ...which });
  return composite(image, combination, stretch ? { stretch } : {});
}

/** @throws AppError BAD_ARGUMENT */
function chosenOf({ layout }: TileImageOptions["reader"], combination: string): BandCombination {
  const chosen = findBandCombination(combination);
  if (chosen) return chosen;
  const available = availableCombinations(layout.groups.flatMap(({ bands }) => bands)).map(({ id }) => id);
  throw new AppError("BAD_ARGUMENT", `"${combination}" is no band combination. Choose one of ${available.join(", ")}.`);
}
