// Labels for tiles from files of a user's own: what is asked for, and what was done. Plain data, checked by zod at the borders.
import { z } from "zod";

/** A class whose share of a tile is smaller is not one of its classes. */
export const DEFAULT_MINIMUM_SHARE = 0.05;

/** Where labels come from. */
export const LabelSource = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("csv"),
    path: z.string().min(1),
    idColumn: z.string().nullable().default(null).describe("column with the tile's id; found by its name when null"),
  }),
  z.strictObject({
    kind: z.literal("vector"),
    path: z.string().min(1).describe("GeoJSON, GeoPackage, Shapefile or a zip with a Shapefile"),
    layer: z.string().nullable().default(null).describe("layer of a GeoPackage or Shapefile of a zip; needed where there are several"),
    attribute: z.string().nullable().default(null).describe("attribute that holds the class"),
    map: z
      .record(z.string(), z.string())
      .default({})
      .describe("class of each value; other values are classes themselves, and an empty class leaves polygons of the value out"),
    minimumShare: z
      .number()
      .gt(0)
      .max(1)
      .default(DEFAULT_MINIMUM_SHARE)
      .describe("least share of a tile's area by which it has a class, 0..1"),
  }),
  z.strictObject({
    kind: z.literal("exclude"),
    paths: z.array(z.string().min(1)).min(1).describe("lists of tiles to leave out of use, one id a line, as BigEarthNet's"),
  }),
]);
export type LabelSource = z.infer<typeof LabelSource>;

/** What to do with a data set's labels. */
export const LabelRequest = z.strictObject({
  source: LabelSource,
  mode: z
    .enum(["replace", "add", "remove"])
    .nullable()
    .default(null)
    .describe(
      "with what is there: replace it or add to it; must be chosen where there is something. Remove: of an exclusion list, puts its tiles back into use",
    ),
  complete: z
    .boolean()
    .default(false)
    .describe("the file tells of every tile: one that it says nothing of has none of its classes, instead of being unlabelled"),
});
export type LabelRequest = z.infer<typeof LabelRequest>;

/** Things left out for one reason. */
export const Skipped = z.object({ reason: z.string(), count: z.int(), examples: z.array(z.string()) });
export type Skipped = z.infer<typeof Skipped>;

/** What a labelling did or, as a trial, would do. */
export const LabelReport = LabelRequest.extend({
  date: z.string(),
  items: z.enum(["rows", "polygons"]).describe("what the file holds"),
  read: z.int().describe("items of the file; a polygon with several parts counts once"),
  used: z.int().describe("items that tell of a tile"),
  matched: z.int().describe("tiles that the file tells of"),
  labelled: z.int().describe("tiles with known labels afterwards"),
  excluded: z.int().describe("tiles out of use afterwards"),
  tiles: z.int().describe("tiles of the data set"),
  classes: z.array(z.object({ name: z.string(), tiles: z.int() })).describe("afterwards, most frequent first"),
  skipped: z.array(Skipped),
  notes: z.array(z.string()),
});
export type LabelReport = z.infer<typeof LabelReport>;

/** How a data set came by its labels after its ingest, in `dataset.json`. */
export const Labelling = z.object({
  ingestFingerprint: z.string().describe("fingerprint of the data set as it was ingested"),
  reports: z.array(LabelReport).describe("oldest first"),
});
export type Labelling = z.infer<typeof Labelling>;
