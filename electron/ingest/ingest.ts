// Folders of imagery into a data set: plan, read in threads, write in order, describe. Killed or cancelled at any point, it goes on when run again.
import { mkdir, readdir, rm, statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { BandName } from "../../shared/domain/bands.ts";
import type { Dataset, Problem } from "../../shared/domain/dataset.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { NameSchema } from "../../shared/domain/workspace.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { writeCatalogue } from "./catalogue.ts";
import { datasetFile, datasetFolderOf, journalFile, readDataset } from "./dataset-folder.ts";
import { type BatchLine, closeJournal, type IngestRequest, Journal, readRequest, replayJournal } from "./journal.ts";
import { lockDataset } from "./lock.ts";
import type { BatchResult } from "./patch.ts";
import { type Plan, planIngest } from "./plan.ts";
import { openReaderPool, type ReaderPool } from "./reader-pool.ts";
import { fileError } from "./readers/byte-source.ts";
import { storeMoments } from "./statistics.ts";
import { bytesPerTile, type OpenFile, StoreWriter } from "./store-writer.ts";
import { DEFAULT_TILE_PIXELS } from "./survey.ts";
import { Totals } from "./totals.ts";

export { datasetFolderOf, readDataset } from "./dataset-folder.ts";

export interface IngestProgress {
  /** Tiles dealt with: stored or left out. */
  readonly done: number;
  readonly total: number;
  /** Problems so far. */
  readonly skipped: number;
  readonly tilesPerSecond: number;
  readonly etaSeconds: number | null;
}

export interface IngestOptions {
  readonly folders: readonly string[];
  /** The workspace's folder. */
  readonly workspace: string;
  /** Name of the data set. */
  readonly dataset: string;
  /** Side of a tile on the 10 m grid, px (default 120). Smaller rasters are one tile. */
  readonly tilePixels?: number;
  /** Only these bands. */
  readonly bands?: readonly BandName[];
  /** Reading threads (default: one a core). */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IngestProgress) => void;
}

/** What tests put in the place of the system. */
export interface IngestSeams {
  readonly worker?: URL | null;
  readonly openFile?: OpenFile;
}

export interface IngestResult {
  readonly dataset: Dataset;
  readonly tiles: number;
  readonly skipped: readonly Problem[];
  readonly seconds: number;
  readonly folder: string;
  /** The data set was there already; nothing was read. */
  readonly alreadyComplete: boolean;
}

const PROGRESS_MS = 200;
/** Batches under way for each thread: one being read, one waiting, one being written. */
const BATCHES_A_THREAD = 3;
export const MAXIMUM_THREADS = 64;
/** What the catalogue and the journal take for a tile, bytes, about. */
const RECORD_BYTES = 600;

/**
 * Ingests folders into a data set, or goes on with an ingest of the same folders.
 * @throws AppError ALREADY_EXISTS when the name is taken by other folders or settings, BUSY, NO_DATA, DISK_FULL, BAD_ARGUMENT ...
 */
export async function ingestFolders(options: IngestOptions, seams: IngestSeams = {}): Promise<IngestResult> {
  const started = performance.now();
  checkOptions(options);
  options.signal?.throwIfAborted();
  const folder = datasetFolderOf(options.workspace, options.dataset);
  const asked = {
    folders: [...new Set(options.folders.map((path) => resolve(path)))],
    tilePixels: options.tilePixels ?? DEFAULT_TILE_PIXELS,
    bands: options.bands ? [...options.bands] : null,
  };
  const finish = (dataset: Dataset, alreadyComplete: boolean): IngestResult => ({
    dataset,
    tiles: dataset.tiles,
    skipped: dataset.skipped,
    seconds: (performance.now() - started) / 1000,
    folder,
    alreadyComplete,
  });

  const complete = await checkExisting(folder, options.dataset, asked);
  if (complete) return finish(complete, true);
  await makeFolder(folder);
  const unlock = await lockDataset(folder);
  try {
    const plan = await planIngest({ ...asked, bands: options.bands, signal: options.signal });
    const request: IngestRequest = { kind: "request", version: 1, ...asked, plan: plan.hash, created: new Date().toISOString() };
    return finish(await run({ ...options, folder, plan, request, seams }), false);
  } catch (error) {
    // Without a journal there is nothing to go on from.
    if ((await readRequest(folder)) === null) await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await unlock().catch(() => {});
  }
}

function checkOptions({ folders, dataset, workers }: IngestOptions): void {
  const name = NameSchema.safeParse(dataset);
  if (!name.success) throw new AppError("BAD_ARGUMENT", `"${dataset}" cannot be the name of a data set: ${name.error.issues[0]!.message}.`);
  if (folders.length === 0) throw new AppError("BAD_ARGUMENT", "Give at least one folder to ingest.");
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= MAXIMUM_THREADS)) {
    throw new AppError("BAD_ARGUMENT", `${workers} reading threads are not possible: choose 1 to ${MAXIMUM_THREADS}.`);
  }
}

type Asked = Pick<IngestRequest, "folders" | "tilePixels" | "bands">;

/** The data set if it is there and complete. @throws AppError ALREADY_EXISTS when the name stands for something else */
async function checkExisting(folder: string, name: string, asked: Asked): Promise<Dataset | null> {
  const request = await readRequest(folder);
  const dataset = await readDataset(folder).catch((error) => {
    if (error instanceof AppError && error.code === "NOT_FOUND") return null;
    throw error;
  });
  if (!request && !dataset) {
    const names = await readdir(folder).catch(() => []);
    if (names.every((entry) => entry === "ingest.lock" || entry === "store")) return null;
    throw new AppError("ALREADY_EXISTS", `${folder} exists and is no data set. Choose another name, or move that folder away.`);
  }
  if (request && isSame(request, asked)) return dataset;
  const what = request ? describe(request) : "other folders";
  throw new AppError(
    "ALREADY_EXISTS",
    dataset
      ? `The data set "${name}" exists already, made of ${what}. Choose another name for this one, or delete it first.`
      : `The data set "${name}" is an unfinished one of ${what}. Run that ingest again to finish it, delete it, or choose another name for this one.`,
    { data: { dataset: name } },
  );
}

function isSame(a: Asked, b: Asked): boolean {
  const text = ({ folders, tilePixels, bands }: Asked) => JSON.stringify([folders, tilePixels ?? DEFAULT_TILE_PIXELS, bands]);
  return text(a) === text(b);
}

function describe({ folders, tilePixels, bands }: Asked): string {
  return `${folders.join(", ")} (tiles of ${tilePixels} px${bands ? `, bands ${bands.join(", ")}` : ""})`;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError(folder, error);
  }
}

interface RunOptions extends IngestOptions {
  readonly folder: string;
  readonly plan: Plan;
  readonly request: IngestRequest;
  readonly seams: IngestSeams;
}

async function run(options: RunOptions): Promise<Dataset> {
  const { folder, plan, request, seams, signal } = options;
  const writer = new StoreWriter(folder, plan.settings.groups, seams.openFile);
  let journal: Journal | undefined;
  let pool: ReaderPool | undefined;
  let totals: Totals | undefined;
  try {
    ({ journal, totals } = await takeUp(folder, plan, request, writer));
    await checkSpace(folder, plan, totals.rows);
    const wanted = options.workers ?? availableParallelism();
    const threads = Math.max(1, Math.min(wanted, MAXIMUM_THREADS, plan.batches.length - totals.batches));
    pool = openReaderPool({ settings: plan.settings, threads, signal, worker: seams.worker });
    await readAndWrite({ plan, pool, writer, journal, totals, options });
    await pool.close();
    await journal.close();
    return await complete({ folder, plan, request, writer, totals, options });
  } catch (error) {
    if (totals) await writer.trim(totals.rows);
    throw error;
  } finally {
    await pool?.close();
    await writer.close();
    await journal?.close().catch(() => {});
    // Without a batch there is nothing to go on from.
    if (totals?.batches === 0) await rm(journalFile(folder), { force: true });
  }
}

/** Goes on with what an earlier run left, or starts anew. */
async function takeUp(
  folder: string,
  plan: Plan,
  request: IngestRequest,
  writer: StoreWriter,
): Promise<{ journal: Journal; totals: Totals }> {
  const earlier = await readRequest(folder);
  if (earlier?.plan === plan.hash) {
    const totals = new Totals(plan.settings, plan.problems);
    const size = await replayJournal(folder, (line) => totals.add(line));
    if (totals.batches > 0 && totals.batches <= plan.batches.length && (await writer.resume(totals.crcs))) {
      return { journal: await Journal.reopen(folder, size), totals };
    }
  }
  await rm(datasetFile(folder), { force: true });
  await writer.start();
  return { journal: await Journal.start(folder, request), totals: new Totals(plan.settings, plan.problems) };
}

const sizeText = (bytes: number) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

async function checkSpace(folder: string, plan: Plan, rows: number): Promise<void> {
  const needed = (plan.tiles - rows) * (bytesPerTile(plan.settings.groups) + RECORD_BYTES);
  const { bavail, bsize, blocks } = await statfs(folder);
  const free = bavail * bsize;
  if (blocks === 0 || free >= needed) return;
  throw new AppError(
    "DISK_FULL",
    `${plan.tiles - rows} tiles need ${sizeText(needed)}, but ${folder} has ${sizeText(free)} free. Free some space, take another workspace, or choose fewer bands.`,
    { data: { needed, free } },
  );
}

interface ReadAndWrite {
  readonly plan: Plan;
  readonly pool: ReaderPool;
  readonly writer: StoreWriter;
  readonly journal: Journal;
  readonly totals: Totals;
  readonly options: RunOptions;
}

/** Reads ahead in all threads; writes strictly in the order of the plan. */
async function readAndWrite({ plan, pool, writer, journal, totals, options }: ReadAndWrite): Promise<void> {
  const { signal } = options;
  const report = progressOf(plan, totals, options);
  const underWay = new Map<number, Promise<BatchResult>>();
  let dispatched = totals.batches;
  const dispatch = () => {
    while (dispatched < plan.batches.length && underWay.size < pool.threads * BATCHES_A_THREAD) {
      const batch = plan.batches[dispatched]!;
      const result = pool.read(plan.itemsOf(batch), batch.lane);
      // It is awaited later; a rejection in between is no unhandled one.
      result.catch(() => {});
      underWay.set(dispatched++, result);
    }
  };
  for (let i = totals.batches; i < plan.batches.length; i++) {
    signal?.throwIfAborted();
    dispatch();
    const result = await underWay.get(i)!;
    underWay.delete(i);
    const line = lineOf(i, result, totals.rows);
    await writer.append(result.pixels, result.tiles.length);
    await journal.append(line);
    totals.add(line);
    pool.recycle(result.pixels, plan.batches[i]!.lane);
    report(plan.batches[i]!.tiles);
  }
  report(0, true);
}

function lineOf(batch: number, { tiles, moments, skipped, empty }: BatchResult, firstRow: number): BatchLine {
  return {
    kind: "batch",
    batch,
    tiles: tiles.map((tile, i) => ({ index: firstRow + i, ...tile })),
    moments: Object.fromEntries(Object.entries(moments).map(([band, own]) => [band, storeMoments(own)])),
    skipped: [...skipped],
    empty: [...empty],
  };
}

function progressOf(plan: Plan, totals: Totals, { onProgress }: IngestOptions): (tiles: number, isLast?: boolean) => void {
  const before = plan.batches.slice(0, totals.batches).reduce((sum, batch) => sum + batch.tiles, 0);
  const started = performance.now();
  let done = before;
  let reportedAt = Number.NEGATIVE_INFINITY;
  let reported = -1;
  return (tiles, isLast = false) => {
    done += tiles;
    const now = performance.now();
    if (!onProgress || (isLast ? reported === done : now - reportedAt < PROGRESS_MS)) return;
    reportedAt = now;
    reported = done;
    const seconds = (now - started) / 1000;
    const tilesPerSecond = seconds > 0 ? (done - before) / seconds : 0;
    onProgress({
      done,
      total: plan.tiles,
      skipped: totals.skippedCount,
      tilesPerSecond,
      etaSeconds: tilesPerSecond > 0 ? (plan.tiles - done) / tilesPerSecond : null,
    });
  };
}

interface Complete {
  readonly folder: string;
  readonly plan: Plan;
  readonly request: IngestRequest;
  readonly writer: StoreWriter;
  readonly totals: Totals;
  readonly options: RunOptions;
}

/** Describes the data set; `dataset.json` comes last. */
async function complete({ folder, plan, request, writer, totals, options }: Complete): Promise<Dataset> {
  const skipped = totals.skipped();
  if (totals.rows === 0) {
    await rm(folder, { recursive: true, force: true });
    const [first] = skipped;
    throw new AppError(
      "NO_DATA",
      `None of ${plan.tiles} tiles could be read${first ? `: ${skipped.length} problems, first ${first.path}: ${first.reason}` : "."}`,
      { data: { problems: skipped.slice(0, 100) } },
    );
  }
  const dataset: Dataset = {
    version: 1,
    name: options.dataset,
    created: new Date().toISOString(),
    tiles: totals.rows,
    tilePixels: plan.settings.tilePixels,
    groups: [...plan.settings.groups],
    statistics: totals.statistics(),
    classes: totals.classCounts(),
    radiometry: { ...plan.radiometry },
    sources: [...plan.sources],
    skipped,
    simulated: plan.simulated,
    fingerprint: totals.fingerprint(),
  };
  const { tilePixels, radiometry } = dataset;
  await writer.finish({ tilePixels, radiometry, fingerprint: dataset.fingerprint });
  await writeCatalogue(folder);
  options.signal?.throwIfAborted();
  await writeFileAtomic(datasetFile(folder), `${JSON.stringify(dataset, null, 2)}\n`);
  await closeJournal(folder, request);
  return dataset;
}
