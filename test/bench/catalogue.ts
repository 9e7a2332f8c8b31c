// Times of the catalogue of a data set of BigEarthNet's size: 590,326 made-up tiles, written from a journal as an ingest leaves it.
//   node --input-type=module -e 'import { runnerImport } from "vite"; await runnerImport("./test/bench/catalogue.ts")'
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listDuplicates } from "../../electron/ingest/care/duplicates.ts";
import { listTiles, readAllTiles, tileAt, tileFacets, writeCatalogue } from "../../electron/ingest/catalogue/catalogue.ts";
import { journalFile, tilesFile } from "../../electron/ingest/catalogue/dataset-folder.ts";
import { CORINE_CLASSES } from "../../shared/domain/labels.ts";
import { DuplicateQuery } from "../../shared/domain/tile-query.ts";
import { makeJournal } from "./made-catalogue.ts";

const TILES = Number(process.env.TILES ?? 590_326);
const REPEATS = 7;

const folder = mkdtempSync(join(tmpdir(), "bench-catalogue-"));
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
  await makeJournal(folder, TILES);
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
