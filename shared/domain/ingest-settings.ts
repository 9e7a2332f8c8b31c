// How tiles are cut from imagery: what the plan's form, the command's flags and the ingest's journal have in common.
import { z } from "zod";
import { BAND_NAMES, parseBandName } from "./bands.ts";

/** Which tiles are drawn. */
export const TileSample = z.strictObject({
  tiles: z.int().min(1).describe("tiles that are drawn; all when there are fewer"),
  by: z.enum(["tile", "scene"]).default("tile").describe("tile: each tile is as likely; scene: as many of each scene"),
  seed: z.int().min(0).default(0).describe("of the draw"),
});
export type TileSample = z.infer<typeof TileSample>;

/** How DN become reflectance, where the user knows better than the metadata: (DN + offset) / quantification. */
export const RadiometryOverride = z.strictObject({
  offset: z.number().min(-65_535).max(65_535).describe("added to the DN of every band, in place of what the metadata tell"),
  quantification: z.number().gt(0).max(1_000_000).default(10_000).describe("DN of reflectance 1, once the offset is added"),
});
export type RadiometryOverride = z.infer<typeof RadiometryOverride>;

/** The offset that a scan's warning proposes: a door offers it as it sets offsets, by a button or a flag. null: none. */
export function proposedOffset(warning: string): number | null {
  const [, offset] = /set the offset to (-?\d+)/.exec(warning) ?? [];
  return offset === undefined ? null : Number(offset);
}

export const BandOrder = z
  .array(z.enum(BAND_NAMES).nullable())
  .min(1)
  .max(1024)
  .describe("band of each sample of images that hold all bands but do not tell which is which; null: no band");
export type BandOrder = z.infer<typeof BandOrder>;

/** Reads `B02,B03,-` as an order of bands; null where a word is no band. */
export function parseBandOrder(text: string): BandOrder | null {
  const bands = text.split(/[\s,;]+/).filter((word) => word !== "");
  const order = bands.map((word) => (word === "-" ? null : parseBandName(word)));
  return order.length > 0 && order.every((band) => band !== undefined) ? order : null;
}

/** A share of a tile's pixels, 0..1; null: any. */
const atMost = (what: string) => z.number().min(0).max(1).nullable().default(null).describe(`largest share of ${what}, 0..1`);

export const SMALLEST_TILE_PIXELS = 32;
export const LARGEST_TILE_PIXELS = 512;

/** What may be chosen of an ingest. null: as it is by default. */
export const IngestSettings = z.strictObject({
  tilePixels: z
    .int()
    .min(SMALLEST_TILE_PIXELS)
    .max(LARGEST_TILE_PIXELS)
    .default(120)
    .describe("side of a tile on the 10 m grid, px, an even number; smaller rasters become one tile"),
  stridePixels: z
    .int()
    .min(1)
    .max(LARGEST_TILE_PIXELS * 8)
    .nullable()
    .default(null)
    .describe("from a tile to the next, px of the 10 m grid; the tile's side when left out, less for tiles that overlap"),
  sample: TileSample.nullable().default(null),
  bands: z
    .array(z.enum(BAND_NAMES))
    .min(1)
    .nullable()
    .default(null)
    .describe("only these bands; all that the sources have in common when left out"),
  bandOrder: BandOrder.nullable().default(null),
  radiometry: RadiometryOverride.nullable().default(null),
  maxCloud: atMost("cloud; tiles with more are left out, those of which it is not known are kept"),
  maxNodata: atMost("pixels without data; tiles with more are left out"),
  only: z
    .array(z.string().min(1).max(512))
    .min(1)
    .nullable()
    .default(null)
    .describe("only these sources: kinds, or keys as a scan tells them; all when left out"),
});
export type IngestSettings = z.infer<typeof IngestSettings>;
