// Folders of imagery into a data set: plan, read in threads, write in order, describe. Killed or cancelled at any point, it goes on when run again.
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat, statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { BandName } from "../../shared/domain/bands.ts";
import type { Dataset, Problem } from "../../shared/domain/dataset.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { RECORD_BYTES } from "../../shared/domain/ingest-outlook.ts";
import type { TileSample } from "../../shared/domain/ingest-settings.ts";
import { NameSchema } from "../../shared/domain/workspace.ts";
import type { Radiometry } from "../../shared/raster/radiometry.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { fileError } from "../files/byte-source.ts";
import { relativePaths } from "../files/source-path.ts";
import { goneFolders, planAddition } from "./addition.ts";
import { moveFolder } from "./care/relocate.ts";
import { readStoredColumns, writeCatalogue } from "./catalogue/catalogue.ts";
import { datasetFile, datasetFolderOf, journalFile, readDataset } from "./catalogue/dataset-folder.ts";
import { lockDataset } from "./catalogue/lock.ts";
import {
  type BaseLine,
  type BatchLine,
  closeJournal,
  type IngestRequest,
  Journal,
  type JournalHead,
  readJournalHead,
  replayJournal,
} from "./journal.ts";
import type { BatchResult, TileLimits } from "./patches/patch.ts";
import { openReaderPool, type ReaderPool } from "./patches/reader-pool.ts";
import { storeMoments } from "./patches/statistics.ts";
import { type Plan, planIngest } from "./plan.ts";
import { BandOrders, readBandOrders, rememberBandOrder } from "./readers/band-orders.ts";
import { bytesPerTile, type OpenFile, StoreWriter } from "./store/store-writer.ts";
import { DEFAULT_TILE_PIXELS } from "./survey/survey.ts";
import { Totals } from "./totals.ts";

export interface IngestProgress {
  /** Tiles dealt with: stored or left out. */
  readonly done: number;
  readonly total: number;
  /** Problems so far. */
  readonly skipped: number;
  readonly problems: readonly Problem[];
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
  /** From a tile to the next, px of the 10 m grid (default: the tile's side). */
  readonly stridePixels?: number | undefined;
  /** Only some of the tiles. */
  readonly sample?: TileSample | undefined;
  /** How DN become reflectance, where the user knows better than the metadata. */
  readonly radiometry?: Radiometry | undefined;
  /** Only these bands. */
  readonly bands?: readonly BandName[] | undefined;
  /** Only these sources: kinds, or keys of sources (see `Source`). */
  readonly only?: readonly string[] | undefined;
  /** Largest shares of clouds and of pixels without data, 0..1; null or left out: any. */
  readonly maxCloud?: number | null | undefined;
  readonly maxNodata?: number | null | undefined;
  /** Band of each sample of images that do not tell theirs; null: no band. Remembered in the workspace. */
  readonly bandOrder?: readonly (BandName | null)[] | undefined;
  /** Reading threads (default: one a core). */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Whether an abort by the signal is a pause: what was asked is then kept, even when nothing was read yet. */
  readonly isPause?: () => boolean;
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
  /** The data set was there already, and the folders hold nothing new; nothing was read. */
  readonly alreadyComplete: boolean;
  /** Tiles that were there before. */
  readonly kept: number;
  /** Patches of the data set whose files changed or went away since they were read; their tiles stay. */
  readonly changed: readonly Problem[];
}

const PROGRESS_MS = 200;
/** Batches under way for each thread: one being read, one waiting, one being written. */
const BATCHES_A_THREAD = 3;
export const MAXIMUM_THREADS = 64;

/**
 * Ingests folders into a data set, goes on with an ingest of the same folders, or adds what is new in them to the complete data set.
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
    stridePixels: options.stridePixels ?? null,
    sample: options.sample ?? null,
    radiometry: options.radiometry ?? null,
    only: options.only ? [...options.only] : null,
    maxCloud: options.maxCloud ?? null,
    maxNodata: options.maxNodata ?? null,
  };
  const finish = (dataset: Dataset, rest: Pick<IngestResult, "alreadyComplete" | "kept" | "changed">): IngestResult => ({
    dataset,
    tiles: dataset.tiles,
    skipped: dataset.skipped,
    seconds: (performance.now() - started) / 1000,
    folder,
    ...rest,
  });

  await checkName(folder, options.dataset);
  await makeFolder(folder);
  const unlock = await lockDataset(folder);
  let pool: ReaderPool | undefined;
  try {
    const base = await readBase(folder, options.dataset, asked);
    if (base && !base.line) return finish(base.dataset, { alreadyComplete: true, kept: base.dataset.tiles, changed: [] });
    const folders = base?.folders ?? asked.folders;
    const gone = base ? goneFolders(folders) : [];
    if (base && gone.length === folders.length)
      return finish(base.dataset, { alreadyComplete: true, kept: base.dataset.tiles, changed: gone });
    pool = openReaderPool({
      threads: options.workers ?? Math.min(availableParallelism(), MAXIMUM_THREADS),
      signal: options.signal,
      worker: seams.worker,
    });
    const bandOrders = new BandOrders(readBandOrders(options.workspace), options.bandOrder ? [...options.bandOrder] : null);
    const all = await planIngest({
      folders: folders.filter((folder) => gone.every(({ path }) => path !== folder)),
      tilePixels: asked.tilePixels,
      bands: options.bands,
      stridePixels: options.stridePixels,
      sample: options.sample,
      radiometryOverride: options.radiometry,
      only: options.only,
      limits: limitsOf(asked),
      bandOrders,
      signal: options.signal,
      ...(base ? { layout: base.dataset } : {}),
    });
    for (const order of bandOrders.toRemember) await rememberBandOrder(options.workspace, order);
    const { plan, changed } = base
      ? await planAddition({ datasetFolder: folder, dataset: base.dataset, plan: all, folders, signal: options.signal })
      : { plan: all, changed: [] };
    const kept = base?.dataset.tiles ?? 0;
    if (base && plan.batches.length === 0) return finish(base.dataset, { alreadyComplete: true, kept, changed });
    const request: IngestRequest = {
      kind: "request",
      version: 1,
      ...asked,
      folders: [...folders],
      plan: plan.hash,
      created: new Date().toISOString(),
    };
    return finish(await run({ ...options, folder, plan, request, base, pool, seams }), { alreadyComplete: false, kept, changed });
  } catch (error) {
    // Without a journal there is nothing to go on from.
    if ((await readJournalHead(folder)) === null && !(await exists(datasetFile(folder)))) {
      if (options.signal?.aborted && options.isPause?.()) await keepRequest(folder, asked);
      else await rm(folder, { recursive: true, force: true });
    }
    throw error;
  } finally {
    await pool?.close();
    await unlock().catch(() => {});
  }
}

/** A journal without a plan: whoever goes on plans anew. */
async function keepRequest(folder: string, asked: Asked): Promise<void> {
  const request: IngestRequest = { kind: "request", version: 1, ...asked, plan: "", created: new Date().toISOString() };
  await (await Journal.start(folder, request, null)).close();
}

/** An offset beyond this leaves no DN. */
const LARGEST_OFFSET = 65_535;

function checkOptions({ folders, dataset, workers, radiometry }: IngestOptions): void {
  const name = NameSchema.safeParse(dataset);
  if (!name.success) throw new AppError("BAD_ARGUMENT", `"${dataset}" cannot be the name of a data set: ${name.error.issues[0]!.message}.`);
  if (folders.length === 0) throw new AppError("BAD_ARGUMENT", "Give at least one folder to ingest.");
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= MAXIMUM_THREADS)) {
    throw new AppError("BAD_ARGUMENT", `${workers} reading threads are not possible: choose 1 to ${MAXIMUM_THREADS}.`);
  }
  // DN are whole numbers, and so are the sums of which statistics are made.
  const { offset = 0, quantification = 1 } = radiometry ?? {};
  if (!(Number.isInteger(offset) && Math.abs(offset) <= LARGEST_OFFSET && Number.isFinite(quantification) && quantification > 0))
    throw new AppError(
      "BAD_ARGUMENT",
      `(DN + ${offset}) / ${quantification} is no reflectance. Choose a whole offset of up to ${LARGEST_OFFSET} and a quantification above 0, such as -1000 and 10000.`,
    );
}

type Asked = Omit<IngestRequest, "kind" | "version" | "plan" | "created">;

function limitsOf({ maxCloud, maxNodata }: Asked): TileLimits | undefined {
  return maxCloud === null && maxNodata === null ? undefined : { maxCloud, maxNodata };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** @throws AppError ALREADY_EXISTS for a folder that is no data set */
async function checkName(folder: string, name: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  const isOurs = names.includes("dataset.json") || (await readJournalHead(folder)) !== null;
  if (isOurs || names.every((entry) => entry === "ingest.lock" || entry === "store")) return;
  throw new AppError(
    "ALREADY_EXISTS",
    `${folder} exists and is no data set. Choose another name than "${name}", or move that folder away.`,
  );
}

/** A complete data set to which tiles are added. */
interface Base {
  readonly dataset: Dataset;
  /** The data set's, then new ones. */
  readonly folders: readonly string[];
  /** null: an earlier version made it, which kept too little to add to it. */
  readonly line: BaseLine | null;
  /** What an interrupted addition was asked, or the ingest before. */
  readonly earlier: IngestRequest | null;
}

/** The data set if it is there and complete. @throws AppError ALREADY_EXISTS when the name stands for something else */
async function readBase(folder: string, name: string, asked: Asked): Promise<Base | null> {
  const head = await readJournalHead(folder);
  const dataset = await readDataset(folder).catch((error) => {
    if (error instanceof AppError && error.code === "NOT_FOUND") return null;
    throw error;
  });
  if (!head && !dataset) return null;
  const request = head?.request;
  if (!dataset) {
    if (isSame(request!, asked)) return null;
    throw new AppError(
      "ALREADY_EXISTS",
      `The data set "${name}" is an unfinished one of ${describe(request!)}. Run that ingest again to finish it, delete it, or choose another name for this one.`,
      { data: { dataset: name } },
    );
  }
  const taken = new AppError(
    "ALREADY_EXISTS",
    `The data set "${name}" exists already, made of ${request ? describe({ ...request, folders: dataset.folders ?? request.folders }) : "other folders"}. Choose another name for this one, name its folders as well to add to it, or delete it first.`,
    { data: { dataset: name } },
  );
  if (!dataset.folders) {
    if (request && isSame(request, asked)) return { dataset, folders: request.folders, line: null, earlier: null };
    throw ofEarlierVersion(name, [...new Set([...(request?.folders ?? []), ...asked.folders])]);
  }
  if (!request || !isSame({ ...request, folders: [] }, { ...asked, folders: [] })) throw taken;
  const moved = await moves(dataset.folders, asked.folders);
  if (!moved) throw taken;
  let base = dataset;
  for (const { from, to } of moved) ({ dataset: base } = await moveFolder(folder, { from, to }));
  const folders = [...new Set([...base.folders!, ...asked.folders])];
  return { dataset: base, folders, line: await closeFinished(folder, base, head!), earlier: request };
}

/** Why nothing can be added to a data set whose record names no folders, and what to do. */
export function ofEarlierVersion(name: string, folders: readonly string[]): AppError {
  return new AppError(
    "UNSUPPORTED",
    `An earlier version made the data set "${name}", and kept too little of its files to add to it. It can be used as it is. To have more tiles in it, ingest all folders (${folders.join(", ")}) together under another name.`,
    { data: { dataset: name, folders } },
  );
}

/** Which folders of a data set lie elsewhere now. @returns null when the folders asked for are others */
async function moves(known: readonly string[], asked: readonly string[]): Promise<{ from: string; to: string }[] | null> {
  const missing = known.filter((path) => !asked.includes(path));
  const added = asked.filter((path) => !known.includes(path));
  if (missing.length > added.length) return null;
  for (const path of missing) if (await exists(path)) return null;
  return missing.map((from, i) => ({ from, to: added[i]! }));
}

/** What an addition starts from. A kill after the data set's record was written may have left the journal open: it is closed now. */
async function closeFinished(folder: string, dataset: Dataset, { request, base }: JournalHead): Promise<BaseLine | null> {
  if (base?.rows === dataset.tiles) return base;
  const totals = new Totals(dataset, [], base ? { dataset, moments: base.moments, crcs: new Array(base.rows).fill(0) } : undefined);
  await replayJournal(folder, (line) => totals.add(line));
  if (totals.rows !== dataset.tiles) return null;
  await closeJournal(folder, request, totals.base());
  return totals.base();
}

function isSame(a: Asked, b: Asked): boolean {
  const text = ({ folders, tilePixels, bands, stridePixels, sample, radiometry, only, maxCloud, maxNodata }: Asked) =>
    JSON.stringify([folders, tilePixels ?? DEFAULT_TILE_PIXELS, bands, stridePixels, sample, radiometry, only, maxCloud, maxNodata]);
  return text(a) === text(b);
}

function describe({ folders, tilePixels, bands, stridePixels, sample, radiometry, only, maxCloud, maxNodata }: Asked): string {
  const settings = [
    `tiles of ${tilePixels} px`,
    ...(stridePixels ? [`a stride of ${stridePixels} px`] : []),
    ...(bands ? [`bands ${bands.join(", ")}`] : []),
    ...(sample ? [`${sample.tiles} tiles drawn by ${sample.by} with seed ${sample.seed}`] : []),
    ...(radiometry ? [`reflectance (DN + ${radiometry.offset}) / ${radiometry.quantification}`] : []),
    ...(only ? [`only ${only.join(", ")}`] : []),
    ...(maxCloud === null ? [] : [`at most ${maxCloud} of clouds`]),
    ...(maxNodata === null ? [] : [`at most ${maxNodata} without data`]),
  ];
  return `${folders.join(", ")} (${settings.join(", ")})`;
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
  readonly base: Base | null;
  readonly pool: ReaderPool;
  readonly seams: IngestSeams;
}

async function run(options: RunOptions): Promise<Dataset> {
  const { folder, plan, request, base, pool, seams } = options;
  const writer = new StoreWriter(folder, plan.settings.groups, seams.openFile);
  let journal: Journal | undefined;
  let totals: Totals | undefined;
  try {
    ({ journal, totals } = await takeUp({ folder, plan, request, base, writer }));
    await checkSpace(folder, plan, totals.rows);
    await readAndWrite({ plan, pool, writer, journal, totals, options });
    await journal.close();
    return await complete({ folder, plan, request, base, writer, totals, options });
  } catch (error) {
    if (totals) await writer.trim(totals.rows);
    throw error;
  } finally {
    await writer.close();
    await journal?.close().catch(() => {});
    // Without a batch there is nothing to go on from.
    if (totals?.batches === 0 && !base) await rm(journalFile(folder), { force: true });
  }
}

interface TakeUp {
  readonly folder: string;
  readonly plan: Plan;
  readonly request: IngestRequest;
  readonly base: Base | null;
  readonly writer: StoreWriter;
}

/** Goes on with what an earlier run left, or starts anew: behind what the data set holds already, if it does. */
async function takeUp({ folder, plan, request, base, writer }: TakeUp): Promise<{ journal: Journal; totals: Totals }> {
  const { settings, problems, hash } = plan;
  const crcs = base ? (await readStoredColumns(folder, ["crc"], { end: base.dataset.tiles })).crc.map((crc) => crc!) : [];
  const newTotals = () => new Totals(settings, problems, base ? { dataset: base.dataset, moments: base.line!.moments, crcs } : undefined);
  if ((base ? base.earlier : (await readJournalHead(folder))?.request)?.plan === hash) {
    const totals = newTotals();
    const size = await replayJournal(folder, (line) => totals.add(line));
    if (totals.batches > 0 && totals.batches <= plan.batches.length && (await writer.resume(totals.crcs))) {
      return { journal: await Journal.reopen(folder, size), totals };
    }
  }
  if (base) {
    if (!(await writer.resume(crcs)))
      throw new AppError(
        "BAD_FILE",
        `The data set ${folder} is damaged, so that nothing can be added to it. Run \`data verify\` to see what is.`,
      );
    return { journal: await Journal.start(folder, request, base.line), totals: newTotals() };
  }
  await rm(datasetFile(folder), { force: true });
  await writer.start();
  return { journal: await Journal.start(folder, request, null), totals: newTotals() };
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
  const folders = options.request.folders.filter((path) => existsSync(path));
  const underWay = new Map<number, Promise<BatchResult>>();
  let dispatched = totals.batches;
  const dispatch = () => {
    while (dispatched < plan.batches.length && underWay.size < pool.threads * BATCHES_A_THREAD) {
      const batch = plan.batches[dispatched]!;
      const result = pool.read({ settings: plan.settings, items: plan.itemsOf(batch) }, batch.lane);
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
    if (result.skipped.length > 0) await checkFolders(folders, plan, totals);
    const line = lineOf(i, result, totals.rows, options.request.folders);
    await writer.append(result.pixels, result.tiles.length);
    await journal.append(line);
    totals.add(line);
    pool.recycle(result.pixels, plan.batches[i]!.lane);
    report(plan.batches[i]!.tiles);
  }
  report(0, true);
}

/**
 * When patches cannot be read: a disk that was taken off must not look like thousands of broken files.
 * @param folders that were there when reading began
 * @throws AppError NOT_FOUND
 */
async function checkFolders(folders: readonly string[], plan: Plan, totals: Totals): Promise<void> {
  for (const path of folders) {
    // A disk that is taken off may leave the empty folder that it was mounted on. A zip archive is a file.
    const isThere = await readdir(path).then(
      (names) => names.length > 0,
      (error: NodeJS.ErrnoException) => error.code === "ENOTDIR",
    );
    if (!isThere)
      throw new AppError(
        "NOT_FOUND",
        `${path} is gone: it was there until ${totals.rows} of ${plan.tiles} tiles were stored. Bring it back (was a disk taken off, or the folder moved?) and go on; what is stored stays.`,
        { data: { path } },
      );
  }
}

function lineOf(
  batch: number,
  { tiles, moments, skipped, empty, beyond, isSimulated }: BatchResult,
  firstRow: number,
  folders: readonly string[],
): BatchLine {
  return {
    kind: "batch",
    batch,
    tiles: tiles.map((tile, i) => ({ index: firstRow + i, ...tile, ...relativePaths(folders, tile) })),
    moments: Object.fromEntries(Object.entries(moments).map(([band, own]) => [band, storeMoments(own)])),
    skipped: [...skipped],
    empty: [...empty],
    isSimulated,
    beyond,
  };
}

function progressOf(plan: Plan, totals: Totals, { onProgress }: IngestOptions): (tiles: number, isLast?: boolean) => void {
  const before = plan.batches.slice(0, totals.batches).reduce((sum, batch) => sum + batch.tiles, 0);
  const started = performance.now();
  let done = before;
  let reportedAt = Number.NEGATIVE_INFINITY;
  let reported = -1;
  let problems: readonly Problem[] = [];
  return (tiles, isLast = false) => {
    done += tiles;
    const now = performance.now();
    if (!onProgress || (isLast ? reported === done : now - reportedAt < PROGRESS_MS)) return;
    reportedAt = now;
    reported = done;
    const seconds = (now - started) / 1000;
    const tilesPerSecond = seconds > 0 ? (done - before) / seconds : 0;
    if (problems.length !== totals.skippedCount) problems = totals.skipped();
    onProgress({
      done,
      total: plan.tiles,
      skipped: problems.length,
      problems,
      tilesPerSecond,
      etaSeconds: tilesPerSecond > 0 ? (plan.tiles - done) / tilesPerSecond : null,
    });
  };
}

interface Complete extends TakeUp {
  readonly totals: Totals;
  readonly options: RunOptions;
}

/** Describes the data set; `dataset.json` comes last. */
async function complete({ folder, plan, request, base, writer, totals, options }: Complete): Promise<Dataset> {
  const skipped = totals.skipped();
  const limits = limitsOf(request);
  if (totals.rows === 0) {
    await rm(folder, { recursive: true, force: true });
    const [first] = skipped;
    if (totals.beyond > 0)
      throw new AppError(
        "NO_DATA",
        `None of ${plan.tiles} tiles is left: ${totals.beyond} have more clouds, or more pixels without data, than was asked for. Allow more.`,
      );
    throw new AppError(
      "NO_DATA",
      `None of ${plan.tiles} tiles could be read${first ? `: ${skipped.length} problems, first ${first.path}: ${first.reason}` : "."}`,
      { data: { problems: skipped.slice(0, 100) } },
    );
  }
  const dataset: Dataset = {
    version: 1,
    name: options.dataset,
    created: base?.dataset.created ?? new Date().toISOString(),
    tiles: totals.rows,
    tilePixels: plan.settings.tilePixels,
    groups: [...plan.settings.groups],
    statistics: totals.statistics(),
    classes: totals.classCounts(),
    radiometry: { ...plan.radiometry },
    sources: [...plan.sources],
    skipped,
    simulated: plan.simulated || totals.isSimulated || (base?.dataset.simulated ?? false),
    fingerprint: totals.fingerprint(),
    // The labels of earlier tiles stay as they were made.
    ...(base?.dataset.labelling ? { labelling: { ...base.dataset.labelling, ingestFingerprint: totals.fingerprint() } } : {}),
    ...(limits ? { limits: { ...limits, leftOut: totals.beyond } } : {}),
    folders: [...request.folders],
  };
  const { tilePixels, radiometry } = dataset;
  // The one waits for the disk, the other computes. Both have to end, well or not, before the folder is left.
  const ends = await Promise.allSettled([
    writer.finish({ tilePixels, radiometry, fingerprint: dataset.fingerprint }),
    writeCatalogue(folder, base?.dataset.tiles),
  ]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  options.signal?.throwIfAborted();
  await writeFileAtomic(datasetFile(folder), `${JSON.stringify(dataset, null, 2)}\n`);
  await closeJournal(folder, request, totals.base());
  return dataset;
}
