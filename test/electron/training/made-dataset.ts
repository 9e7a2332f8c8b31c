// A small data set on disk, made up: tiles of two kinds that a network can tell apart, in blocks of land.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeParquet } from "../../../electron/files/parquet.ts";
import { datasetFile, datasetFolderOf, tilesFile } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { arrayMetadata, shardIndex, shardPath, shardTilesFor, storeFolder } from "../../../electron/ingest/store/store-layout.ts";
import type { BandGroup, Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { CORINE_CLASSES } from "../../../shared/domain/labels.ts";
import { Random } from "../../../shared/domain/random.ts";

export interface MadeDatasetOptions {
  readonly workspace: string;
  readonly name?: string;
  readonly tiles?: number;
  /** Side on the 10 m grid; even. */
  readonly pixels?: number;
}

const IRRIGATED = CORINE_CLASSES[12];
const VINEYARDS = CORINE_CLASSES[14];
const PASTURES = CORINE_CLASSES[17];

/** What the first version kept of a tile: data sets made by it can still be read. */
type OldTile = Pick<Tile, "index" | "id" | "source" | "path" | "labels" | "date" | "granule" | "crs" | "transform" | "nodata">;

/** Writes the data set and gives its record. Every third tile is irrigated: brighter in the near infrared, with stripes. */
export async function makeDataset({ workspace, name = "fields", tiles = 48, pixels = 16 }: MadeDatasetOptions): Promise<Dataset> {
  const folder = datasetFolderOf(workspace, name);
  const groups: BandGroup[] = [
    { name: "10m", pixels, bands: ["B02", "B03", "B04", "B08"] },
    { name: "20m", pixels: pixels / 2, bands: ["B11"] },
  ];
  const isIrrigated = (tile: number) => tile % 3 === 0;
  const random = Random.of("made data set");
  const shardTiles = shardTilesFor(groups);
  for (const group of groups) {
    await mkdir(join(storeFolder(folder), group.name), { recursive: true });
    await writeFile(join(storeFolder(folder), group.name, "zarr.json"), JSON.stringify(arrayMetadata(group, tiles, shardTiles)));
    const area = group.pixels ** 2;
    const values = new Uint16Array(tiles * group.bands.length * area);
    for (let i = 0; i < values.length; i++) {
      const pixel = i % area;
      const tile = Math.floor(i / (area * group.bands.length));
      const stripe = isIrrigated(tile) && (pixel + tile) % 4 < 2 ? 700 : 0;
      values[i] = 800 + stripe + random.below(500);
    }
    await mkdir(dirname(shardPath(folder, group, 0)), { recursive: true });
    await writeFile(shardPath(folder, group, 0), Buffer.concat([Buffer.from(values.buffer), shardIndex(group, tiles, shardTiles)]));
  }
  const rows = Array.from(
    { length: tiles },
    (_, index): OldTile => ({
      index,
      id: `tile-${index}`,
      source: "bigearthnet-v1",
      path: join(folder, `tile-${index}`),
      labels: isIrrigated(index) ? (index % 2 === 0 ? [IRRIGATED] : [IRRIGATED, VINEYARDS]) : [PASTURES],
      date: "2018-06-01",
      granule: null,
      crs: "EPSG:32633",
      transform: [10, 0, 500_000 + 1200 * (index % 8) * 10, 0, -10, 4_600_000 + 1200 * Math.floor(index / 8) * 10],
      nodata: 0,
    }),
  );
  const column = <K extends keyof OldTile>(name: K) => rows.map((row) => row[name]);
  await writeParquet(tilesFile(folder), [
    { name: "index", type: "int32", values: column("index") },
    ...(["id", "source", "path", "date", "granule", "crs"] as const).map(
      (name) => ({ name, type: "string", values: column(name) }) as const,
    ),
    { name: "labels", type: "string[]", values: column("labels") },
    { name: "transform", type: "double[]", values: column("transform") },
    { name: "nodata", type: "double", values: column("nodata") },
  ]);
  const moments = { mean: 0.12, std: 0.04, validPixels: 1, minimum: 0, maximum: 0.3 };
  const dataset: Dataset = {
    version: 1,
    name,
    created: "2026-01-01T00:00:00Z",
    tiles,
    tilePixels: pixels,
    groups,
    statistics: Object.fromEntries(groups.flatMap(({ bands }) => bands.map((band) => [band, moments]))),
    classes: [
      { name: PASTURES, tiles: rows.filter(({ labels }) => labels!.includes(PASTURES)).length },
      { name: IRRIGATED, tiles: rows.filter(({ labels }) => labels!.includes(IRRIGATED)).length },
      { name: VINEYARDS, tiles: rows.filter(({ labels }) => labels!.includes(VINEYARDS)).length },
    ],
    radiometry: { quantification: 10_000, offset: 0, source: "made up" },
    sources: [],
    skipped: [],
    simulated: true,
    fingerprint: `made-${tiles}-${pixels}`,
  };
  await writeFile(datasetFile(folder), JSON.stringify(dataset));
  return dataset;
}

/** Settings under which a run on it takes a second or two. */
export const TINY_SETTINGS = {
  dataset: "fields",
  engine: "wasm",
  encoder: "small",
  bands: ["B04", "B08", "B11"],
  inputPixels: 16,
  pretrain: { epochs: 4, batchSize: 4, tiles: 8, probeTiles: 8, healthEveryEpochs: 2, checkpointEverySteps: 2 },
  finetune: {
    mode: "linear",
    features: "h",
    labelSets: [{ name: "irrigated", classes: [IRRIGATED] }],
    percents: [50],
    labelDraws: 2,
    minimumPerClass: 2,
    blockMetres: 12_000,
  },
} as const;
