// Which tiles of a data set are asked for, and how many there are of each kind. One schema for the contract, the command line and the catalogue.
import { z } from "zod";
import { SOURCE_KINDS, SPLITS } from "./dataset.ts";

const names = z.array(z.string().max(512)).max(1000);
const atMost = (what: string) =>
  z.number().min(0).max(1).optional().describe(`largest share of ${what}, 0..1; tiles of which it is not known are left out`);
const day = (what: string) =>
  z
    .string()
    .regex(/^\d{4}(-\d\d(-\d\d)?)?$/, "give a date such as 2018-06-01, 2018-06 or 2018")
    .optional()
    .describe(`${what} acquisition date: a day, a month or a year`);

/** Rows that a filter can name: the address of a view holds them. */
export const MOST_ROWS = 5_000;

/** Tiles have to meet all that is given; of a list, any. */
export const TileFilter = z.strictObject({
  labels: names.optional().describe("classes, of which a tile has at least one"),
  sources: z.array(z.enum(SOURCE_KINDS)).optional().describe("kinds of sources"),
  granules: names.optional().describe("MGRS tiles or products"),
  countries: names.optional(),
  splits: z.array(z.enum(SPLITS)).optional().describe("splits that the source proposes"),
  from: day("first"),
  to: day("last"),
  bounds: z
    .array(z.number().min(-180).max(180))
    .length(4)
    .refine(([, south, , north]) => south! <= north!, "the second, south, may not be above the fourth, north")
    .optional()
    .describe("west,south,east,north in degrees (WGS84): tiles that reach into it; west above east goes across the antimeridian"),
  rows: z.array(z.int().min(0)).min(1).max(MOST_ROWS).optional().describe("rows of the store: tiles that were picked by hand"),
  maxCloud: atMost("cloud"),
  maxSnow: atMost("snow"),
  maxNodata: atMost("pixels without data"),
  maxSaturated: atMost("saturated pixels"),
  text: z.string().max(512).optional().describe("part of the id, in any case"),
});
export type TileFilter = z.infer<typeof TileFilter>;

/** Orders of tiles; the row decides between equals. */
export const TILE_ORDERS = ["index", "id", "date", "nodata", "saturated", "cloud", "snow"] as const;
export type TileOrder = (typeof TILE_ORDERS)[number];

/** Tiles of a value; null: those of which it is not known. */
const counts = z.array(z.object({ value: z.string().nullable(), tiles: z.int() })).describe("most frequent first");

/** How many of the filtered tiles there are of each kind. */
export const TileFacets = z.object({
  total: z.int(),
  sources: counts,
  granules: counts,
  months: counts.describe("as 2018-06, in order"),
  countries: counts,
  splits: counts,
  classes: counts.describe("a tile of several classes counts in each; null: tiles without labels"),
});
export type TileFacets = z.infer<typeof TileFacets>;

/** What counts as the same ground seen the same way. */
export const DuplicateQuery = z.strictObject({
  distance: z.int().min(0).max(3).default(3).describe("bits of the 64-bit hash that may differ"),
  place: z
    .enum(["same", "any"])
    .default("same")
    .describe("near duplicates lie at the same place (within 0.001 degrees), or anywhere: copies whose place was lost"),
  sameDate: z.boolean().default(false).describe("only of the same date"),
  acrossSources: z.boolean().default(false).describe("only groups with tiles of several sources or folders"),
});
export type DuplicateQuery = z.infer<typeof DuplicateQuery>;

export const DuplicateGroup = z.object({
  kind: z.enum(["exact", "near"]).describe("exact: the same pixels"),
  acrossSources: z.boolean(),
  tiles: z
    .array(z.object({ index: z.int(), id: z.string(), source: z.enum(SOURCE_KINDS), path: z.string(), date: z.string().nullable() }))
    .describe("the first one stays when duplicates are left out"),
});
export type DuplicateGroup = z.infer<typeof DuplicateGroup>;

/** What a check of a data set's files found. */
export const VerifyReport = z.object({
  tiles: z.int().describe("tiles that were looked at"),
  bytes: z.number(),
  damagedTiles: z.int(),
  damaged: z
    .array(z.object({ index: z.int(), id: z.string().nullable(), path: z.string().nullable(), reason: z.string() }))
    .describe("the first 1,000 of them"),
  problems: z
    .array(z.object({ path: z.string(), reason: z.string() }))
    .describe("files that are missing, broken or do not fit, and what to do"),
  notes: z.array(z.string()).describe("what could not be checked"),
});
export type VerifyReport = z.infer<typeof VerifyReport>;

/** What goes with a data set when it is deleted. */
export const DatasetLoss = z.object({
  tiles: z.int().describe("0 when its ingest was never finished"),
  bytes: z.number(),
  studies: z.array(z.string()).describe("studies that use it: their results stay, but no run of theirs can go on"),
  runs: z.array(z.string()).describe("runs of `pretrain` that use it"),
});
export type DatasetLoss = z.infer<typeof DatasetLoss>;
