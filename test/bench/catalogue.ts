// Times of the catalogue of a data set of BigEarthNet's size: 590,326 made-up tiles, written from a journal as an ingest leaves it.
//   node --input-type=module -e 'import { runnerImport } from "vite"; await runnerImport("./test/bench/catalogue.ts")'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listTiles, readAllTiles, type StoredTile, tileAt, tileFacets, writeCatalogue } from "../../electron/ingest/catalogue.ts";
import { datasetFile, journalFile, tilesFile } from "../../electron/ingest/dataset-folder.ts";
import { listDuplicates } from "../../electron/ingest/duplicates.ts";
import { CORINE_CLASSES } from "../../shared/domain/labels.ts";
import { Random } from "../../shared/domain/random.ts";
import { DuplicateQuery } from "../../shared/domain/tile-query.ts";

const TILES = Number(process.env.TILES ?? 590_326);
const REPEATS = 7;
const BATCH = 64;
const COUNTRIES = ["Austria", "Belgium", "Finland", "Ireland", "Kosovo", "Lithuania", "Luxembourg", "Portugal", "Serbia", "Switzerland"];
const SPLITS = ["train", "validation", "test"] as const;

const folder = mkdtempSync(join(tmpdir(), "bench-catalogue-"));
const random = Random.of("bench catalogue");
const hex = () =>
  random
    .below(2 ** 32)
    .toString(16)
    .padStart(8, "0");
let earlier: Pick<StoredTile, "hash" | "crc" | "footprint"> | undefined;

/** Every thousandth tile is a copy of another, in one or two bits. */
function tile(index: number): StoredTile {
  const place = Math.floor((index * 125) / TILES);
  const id = `S2A_MSIL2A_20170613T101031_${index % 90}_${Math.floor(index / 90)}`;
  const [west, north] = [-10 + (place % 25) * 1.5 + random.uniform(0, 1), 40 + Math.floor(place / 25) * 4 + random.uniform(0, 1)];
  const own = {
    footprint: [west, north, west + 0.015, north, west + 0.015, north - 0.011, west, north - 0.011],
    hash: hex() + hex(),
    crc: random.below(2 ** 32),
    excluded: null,
  };
  const copy = index % 1000 === 999 ? earlier : undefined;
  if (index % 1000 === 500) earlier = { ...own, hash: `${own.hash.slice(0, 15)}${(Number.parseInt(own.hash[15]!, 16) ^ 5).toString(16)}` };
  const granule = `T${29 + (place % 9)}UX${String.fromCharCode(65 + Math.floor(place / 9))}`;
  return {
    index,
    id,
    source: "bigearthnet-v1",
    root: 0,
    path: `part${place}/${id}`,
    file: `part${place}/${id}/${id}_B02.tif`,
    bytes: 160_000,
    modified: 1_600_000_000_000 + index,
    labels: Array.from({ length: 1 + random.below(4) }, (_, i) => CORINE_CLASSES[(random.below(30) + i) % 43]!),
    date: `2017-${String(1 + (place % 12)).padStart(2, "0")}-${String(1 + (index % 28)).padStart(2, "0")}`,
    granule,
    crs: `EPSG:326${29 + (place % 9)}`,
    transform: [10, 0, 300_000 + index, 0, -10, 5_000_000 - index],
    nodata: 0,
    saturated: 0,
    cloud: Math.round(1000 * random.uniform(0, 1) ** 4) / 1000,
    shadow: null,
    snow: null,
    split: SPLITS[index % 3]!,
    country: COUNTRIES[place % 10]!,
    product: `S2A_MSIL2A_20170613T101031_N9999_R022_${granule}`,
    offset: 0,
    quantification: 10_000,
    radiometrySource: "BigEarthNet v1: Level-2A of 2017 and 2018, before processing baseline 04.00, so without an offset",
    ...own,
    ...copy,
  };
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const rss = () => megabytes(process.memoryUsage().rss);

async function timed<T>(
  what: string,
  work: () => Promise<T>,
  tell: (value: T) => string | number = () => "",
  repeats = REPEATS,
): Promise<void> {
  const times: number[] = [];
  let value: T;
  do {
    const started = performance.now();
    value = await work();
    times.push(performance.now() - started);
  } while (times.length < repeats);
  const [first] = times as [number];
  times.sort((a, b) => a - b);
  console.log(
    `${what.padEnd(44)} ${times[times.length >> 1]!.toFixed(0).padStart(6)} ms  (first ${first.toFixed(0)} ms)  RSS ${rss()}  ${tell(value)}`,
  );
}

try {
  mkdirSync(folder, { recursive: true });
  const journal = createWriteStream(journalFile(folder));
  journal.write(`${JSON.stringify({ kind: "request" })}\n`);
  for (let first = 0, batch = 0; first < TILES; first += BATCH, batch++) {
    const tiles = Array.from({ length: Math.min(BATCH, TILES - first) }, (_, i) => tile(first + i));
    if (!journal.write(`${JSON.stringify({ kind: "batch", batch, tiles })}\n`))
      await new Promise<void>((resolve) => journal.once("drain", resolve));
  }
  await new Promise<void>((resolve) => journal.end(resolve));
  const dataset = {
    version: 1,
    name: "bench",
    created: "",
    tiles: TILES,
    tilePixels: 120,
    groups: [],
    statistics: {},
    classes: [],
    radiometry: { quantification: 10_000, offset: 0, source: "" },
    sources: [],
    skipped: [],
    simulated: true,
    fingerprint: "bench",
    folders: ["/archive"],
  };
  writeFileSync(datasetFile(folder), JSON.stringify(dataset));
  console.log(`${TILES} tiles; the journal has ${megabytes(statSync(journalFile(folder)).size)}; RSS ${rss()}`);

  await timed(
    "write tiles.parquet",
    () => writeCatalogue(folder),
    () => megabytes(statSync(tilesFile(folder)).size),
    1,
  );
  const total = ({ total: count }: { total: number }) => count;
  await timed("first page, and the index", () => listTiles(folder, { limit: 200 }), total, 1);
  await timed("page in the middle", () => listTiles(folder, { offset: TILES >> 1, limit: 200 }), total);
  await timed("last page", () => listTiles(folder, { offset: TILES - 200, limit: 200 }), total);
  await timed("page by date", () => listTiles(folder, { offset: TILES >> 1, limit: 200, order: "date" }), total);
  await timed("page of a class", () => listTiles(folder, { label: CORINE_CLASSES[12], limit: 200, offset: 1000 }), total);
  const filter = { countries: ["Austria", "Portugal"], from: "2017-02", to: "2017-09-15", maxCloud: 0.1, splits: ["train" as const] };
  await timed("page of country, dates, cloud and split", () => listTiles(folder, { ...filter, limit: 200 }), total);
  await timed("page of a box", () => listTiles(folder, { bounds: [2, 40, 9, 50], limit: 200 }), total);
  await timed("page of a text in the id", () => listTiles(folder, { text: "_17_44", limit: 200 }), total);
  await timed("count alone (a page of one)", () => listTiles(folder, { ...filter, limit: 1 }), total);
  await timed(
    "one tile by its row",
    () => tileAt(folder, TILES >> 1),
    ({ id }) => id,
  );
  await timed("facets of all", () => tileFacets(folder), total);
  await timed("facets of a filter", () => tileFacets(folder, filter), total);
  await timed("duplicates at the same place", () => listDuplicates(folder, DuplicateQuery.parse({}), { limit: 20 }), total, 3);
  await timed("duplicates anywhere", () => listDuplicates(folder, DuplicateQuery.parse({ place: "any" }), { limit: 20 }), total, 3);
  const names = ["index", "crs", "transform", "granule", "labels"] as const;
  await timed(
    "all, the columns that training reads",
    () => readAllTiles(folder, names),
    ({ index }) => index.length,
    3,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
