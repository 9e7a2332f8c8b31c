// Data sets as the rest of the application sees them: what a scan found, how tiles are stored, the catalogue's row. Plain data, checked by zod at the borders.
import { z } from "zod";
import { BAND_NAMES } from "./bands.ts";
import { Labelling } from "./labelling.ts";

/** Kinds of sources. `geotiff-bands` are scenes or patches with an image a band, of any format; `multi-band` have all bands in one. */
export const SOURCE_KINDS = [
  "bigearthnet-v1",
  "bigearthnet-v2",
  "eurosat-ms",
  "safe-l1c",
  "safe-l2a",
  "geotiff-bands",
  "multi-band",
  "tfrecords",
] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Kinds as people read them. */
export const SOURCE_TITLES: Readonly<Record<SourceKind, string>> = {
  "bigearthnet-v1": "BigEarthNet v1",
  "bigearthnet-v2": "BigEarthNet v2",
  "eurosat-ms": "EuroSAT MS",
  "safe-l1c": "Sentinel-2 Level-1C products",
  "safe-l2a": "Sentinel-2 Level-2A products",
  "geotiff-bands": "Scenes, an image a band",
  "multi-band": "Images with all bands",
  tfrecords: "TFRecords of the study",
};

export const BandNameSchema = z.enum(BAND_NAMES);

/** A file or patch that could not be used, with the reason and what to do. */
export const Problem = z.object({ path: z.string(), reason: z.string() });
export type Problem = z.infer<typeof Problem>;

/** What came of reading a few tiles of a source while it was scanned. */
export const ReadingTrial = z.object({
  bytesPerSecond: z.number().describe("pixels as they are stored, read by one thread here"),
  shares: z
    .array(z.tuple([z.number().nullable(), z.number()]))
    .describe("of each tile read: the share of clouds, null where nothing tells it, and of pixels without data"),
});
export type ReadingTrial = z.infer<typeof ReadingTrial>;

/** One source found by a scan: all patches of one kind under one folder. */
export const Source = z.object({
  key: z
    .string()
    .default("")
    .describe("tells it from the other sources of its folder: the kind, and what its files tell of their radiometry"),
  kind: z.enum(SOURCE_KINDS),
  path: z.string().describe("folder that holds the patches"),
  patches: z.int().describe("patches or rasters found"),
  tiles: z.int().describe("tiles that ingestion would cut from them"),
  tilePixels: z.int().describe("side of a tile on the 10 m grid, px"),
  bands: z.array(BandNameSchema),
  ratios: z
    .partialRecord(BandNameSchema, z.literal([1, 2, 6]))
    .default({})
    .describe("pixels of the 10 m grid that a band's pixel spans along a side"),
  labelled: z.int().describe("patches with labels"),
  dates: z.tuple([z.string(), z.string()]).nullable().describe("first and last acquisition date, ISO"),
  crs: z.array(z.string()).describe("coordinate reference systems, e.g. EPSG:32633"),
  bytes: z.number().describe("size on disk, estimated from a sample of the files"),
  radiometry: z
    .object({ quantification: z.number(), offset: z.number(), source: z.string() })
    .describe("reflectance = (DN + offset) / quantification"),
  baselines: z.array(z.string()).default([]).describe("processing baselines, where told"),
  cloudPercent: z.number().nullable().default(null).describe("mean of what the scenes' metadata tell"),
  nodata: z.number().nullable().default(null).describe("share of pixels without data, 0..1, in those looked at"),
  masks: z.array(z.string()).default([]).describe("masks that tell clouds"),
  warnings: z.array(z.string()).default([]).describe("where pixels disagree with the metadata"),
  simulated: z.boolean().describe("made by this application's simulator"),
  notes: z.array(z.string()).default([]).describe("what is left out of good imagery, such as the rest at a scene's edge"),
  trial: ReadingTrial.nullable().default(null).describe("null where none was made: it takes a quiet machine"),
});
export type Source = z.infer<typeof Source>;

export const ScanResult = z.object({
  sources: z.array(Source),
  problems: z.array(Problem),
  threads: z.int().default(1).describe("that would read"),
  freeBytes: z.number().nullable().default(null).describe("on the workspace's disk"),
});
export type ScanResult = z.infer<typeof ScanResult>;

/** Bands of one resolution: stored as one uint16 array [tile, band, pixels, pixels]. */
export const BandGroup = z.object({
  name: z.string().describe("array name in the store: 10m, 20m, 60m"),
  pixels: z.int().describe("side of a tile in this group, px"),
  bands: z.array(BandNameSchema),
});
export type BandGroup = z.infer<typeof BandGroup>;

/** Mean and standard deviation of a band's reflectance over valid pixels. */
export const BandStatistics = z.object({
  mean: z.number(),
  std: z.number(),
  validPixels: z.number(),
  minimum: z.number(),
  maximum: z.number(),
});
export type BandStatistics = z.infer<typeof BandStatistics>;

/** `dataset.json`: what a data set is. DN 0 is no data. */
export const Dataset = z.object({
  version: z.literal(1),
  name: z.string(),
  created: z.string(),
  tiles: z.int(),
  tilePixels: z.int().describe("side on the 10 m grid, px"),
  groups: z.array(BandGroup),
  statistics: z.partialRecord(BandNameSchema, BandStatistics).describe("reflectance"),
  classes: z.array(z.object({ name: z.string(), tiles: z.int() })).describe("classes present, most frequent first"),
  radiometry: z.object({ quantification: z.number(), offset: z.number(), source: z.string() }),
  sources: z.array(Source),
  skipped: z.array(Problem),
  simulated: z.boolean(),
  fingerprint: z.string().describe("hash of tiles, labels and layout: tells a changed data set"),
  limits: z
    .object({ maxCloud: z.number().nullable(), maxNodata: z.number().nullable(), leftOut: z.int() })
    .optional()
    .describe(
      "largest shares of clouds and of pixels without data that were asked for, and how many tiles have more; absent where none were",
    ),
  folders: z
    .array(z.string())
    .optional()
    .describe("folders that were ingested, to which the catalogue's paths are relative; absent in old data sets"),
  labelling: Labelling.optional().describe("how its labels were changed after the ingest"),
});
export type Dataset = z.infer<typeof Dataset>;

/** Tiles that runs may use: all but those that an exclusion list names. */
export function tilesInUse({ tiles, labelling }: Pick<Dataset, "tiles" | "labelling">): number {
  return tiles - (labelling?.reports.at(-1)?.excluded ?? 0);
}

/** Parts of a data set that a source itself proposes. */
export const SPLITS = ["train", "validation", "test"] as const;

/** A share of a tile's pixels; null: not known. */
const share = z.number().nullable();

/** One tile of the catalogue. `index` is its row in every array of the store. Facts that a source does not tell are null, as are those of data sets made before they were kept. */
export const Tile = z.object({
  index: z.int(),
  id: z.string(),
  source: z.enum(SOURCE_KINDS),
  path: z.string(),
  labels: z.array(z.string()).nullable().describe("class names; null where the source has no labels"),
  date: z.string().nullable(),
  granule: z.string().nullable().describe("MGRS tile or product, where known"),
  crs: z.string().nullable(),
  transform: z
    .array(z.number())
    .length(6)
    .nullable()
    .describe("affine of the 10 m grid, GDAL-free order a b c d e f: x = a col + b row + c, y = d col + e row + f"),
  nodata: z.number().describe("share of pixels without data, 0..1"),
  saturated: share.describe("share of pixels at DN 65535, 0..1"),
  cloud: share,
  shadow: share,
  snow: share,
  split: z.enum(SPLITS).nullable().describe("as the source says"),
  country: z.string().nullable(),
  product: z.string().nullable().describe("product that the tile was cut from"),
  offset: z.number().nullable().describe("reflectance = (DN + offset) / quantification"),
  quantification: z.number().nullable(),
  radiometrySource: z.string().nullable().describe("what tells the two"),
  footprint: z
    .array(z.number())
    .length(8)
    .nullable()
    .describe("longitude and latitude (WGS84) of the corners: upper left, upper right, lower right, lower left"),
  hash: z.string().nullable().describe("perceptual hash, 16 hexadecimal digits: see `tileHash`"),
  crc: z.int().nullable().describe("CRC-32 of the tile's pixels, group after group"),
  excluded: z.boolean().nullable().describe("left out of use by an exclusion list"),
});
export type Tile = z.infer<typeof Tile>;
