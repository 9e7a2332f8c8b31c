// Decides, before anything is read, which tiles a data set will have, in which order, and in which batches. The same folders give the same plan.
import { createHash } from "node:crypto";
import { join, relative, resolve, sep } from "node:path";
import { BAND_NAMES, type BandName } from "../../shared/domain/bands.ts";
import type { BandGroup, Dataset, Problem, Source } from "../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { bandFile, type FoundPatch, labelsFile } from "./gather.ts";
import type { PatchItem, ReadSettings, TileRange } from "./patch.ts";
import { stacRadiometry } from "./radiometry-source.ts";
import { groupName } from "./readers/bands.ts";
import { BIGEARTHNET_PIXELS } from "./readers/bigearthnet.ts";
import { byteScratch } from "./readers/byte-source.ts";
import { EUROSAT_PIXELS } from "./readers/eurosat.ts";
import { openGeoTiff } from "./readers/geotiff.ts";
import { sanitise } from "./readers/names.ts";
import { DEFAULT_TILE_PIXELS, edgeNote, pause, referenceSize, SMALLEST_TILE_PIXELS, type SurveyedSource, surveyFolder } from "./survey.ts";

/** Tiles of a batch: what a worker reads at once. 64 BigEarthNet tiles are 10 MB. */
const BATCH_TILES = 64;
/** Scenes of up to so many tiles are read as a whole. */
const WHOLE_SCENE_TILES = 128;
/** Larger scenes are cut into vertical strips, each read by one worker, so that few compressed blocks are unpacked twice. */
const STRIPS = 4;
export const LARGEST_TILE_PIXELS = 512;

/** A batch: consecutive patches, or a part of one scene. */
export interface PlannedBatch {
  /** Patches `first` to `end` (exclusive) of the plan. */
  readonly first: number;
  readonly end: number;
  /** Only these tiles of the one patch. */
  readonly range: TileRange | null;
  /** Tiles when nothing is wrong. */
  readonly tiles: number;
  /** Batches of one lane go to one worker. */
  readonly lane: number;
}

interface PlannedPatch {
  readonly patch: FoundPatch;
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly dnScale: number | null;
}

export interface Plan {
  readonly settings: ReadSettings;
  readonly radiometry: Source["radiometry"];
  readonly sources: readonly Source[];
  readonly simulated: boolean;
  readonly batches: readonly PlannedBatch[];
  /** Tiles when nothing is wrong. */
  readonly tiles: number;
  /** What is left out before anything is read. */
  readonly problems: readonly Problem[];
  /** Tells whether a plan is that of an earlier run. */
  readonly hash: string;
  /** The items of a batch. */
  itemsOf(batch: PlannedBatch): PatchItem[];
}

/** What a data set says of its layout. */
export type Layout = Pick<Dataset, "name" | "tilePixels" | "groups" | "radiometry">;

export interface PlanOptions {
  readonly folders: readonly string[];
  /** Side of a tile on the 10 m grid, px; smaller rasters are one tile. */
  readonly tilePixels?: number | undefined;
  /** Only these bands; all that all sources have when left out. */
  readonly bands?: readonly BandName[] | undefined;
  /** The layout that all tiles must have: that of the data set to which they are added. */
  readonly layout?: Layout | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { seen: number; path: string }) => void) | undefined;
}

/**
 * Plans an ingest.
 * @throws AppError BAD_ARGUMENT, NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, NO_DATA
 */
export async function planIngest(options: PlanOptions): Promise<Plan> {
  const { signal, onProgress } = options;
  const wanted = checkTilePixels(options.tilePixels);
  const surveyed: SurveyedSource[] = [];
  const problems: Problem[] = [];
  for (const folder of new Set(options.folders.map((folder) => resolve(folder)))) {
    const survey = await surveyFolder(folder, { tilePixels: wanted, signal, onProgress });
    surveyed.push(...survey.sources);
    problems.push(...survey.problems);
  }
  const { sources, tilePixels, groups, radiometry, reference, notes } = options.layout
    ? fitLayout(surveyed, options.layout, problems)
    : chooseLayout(surveyed, options.bands, problems);
  const settings: ReadSettings = { tilePixels, groups, radiometry };

  const patches: PlannedPatch[] = [];
  const batches: PlannedBatch[] = [];
  const ids = new Ids();
  const seen = new Map<string, string>();
  const edges = new Map<Source, number>();
  const scratch = byteScratch();
  let open: { first: number; tiles: number } | undefined;
  let lane = 0;
  const closeBatch = () => {
    if (open) batches.push({ first: open.first, end: patches.length, range: null, tiles: open.tiles, lane: lane++ });
    open = undefined;
  };
  for (const { source, patches: found, dnScale } of sources) {
    for (let i = 0; i < found.length; i++) {
      if (i % 200 === 0) await pause(signal);
      const patch = found[i]!;
      const key = `${patch.path}\0${patch.name}`;
      if (seen.has(key)) continue;
      seen.set(key, patch.path);
      let size: { width: number; height: number };
      try {
        if (patch.kind === "geotiff-bands") checkRadiometry(patch, radiometry);
        size = sizeOf(patch, groups, scratch);
      } catch (error) {
        problems.push({ path: patch.path, reason: messageOf(error).replaceAll(`${patch.path}${sep}`, "") });
        continue;
      }
      const columns = Math.floor(size.width / tilePixels);
      const rows = Math.floor(size.height / tilePixels);
      if (columns * rows === 0) {
        problems.push({
          path: patch.path,
          reason: `is ${size.width} x ${size.height} px, smaller than the data set's tiles of ${tilePixels} px. Ingest it as a data set of its own, or all with smaller tiles.`,
        });
        continue;
      }
      if (patch.kind === "geotiff-bands" && (size.width % tilePixels !== 0 || size.height % tilePixels !== 0)) {
        edges.set(source, (edges.get(source) ?? 0) + 1);
      }
      const id = ids.claim(patch, source, columns, rows);
      if (!id) {
        problems.push({ path: patch.path, reason: `is the same patch as ${ids.holder(patch)}. Leave one of them out.` });
        continue;
      }
      const tiles = columns * rows;
      if (tiles <= WHOLE_SCENE_TILES) {
        if (open && open.tiles + tiles > BATCH_TILES) closeBatch();
        open ??= { first: patches.length, tiles: 0 };
        open.tiles += tiles;
        patches.push({ patch, id, ...size, dnScale });
        continue;
      }
      closeBatch();
      patches.push({ patch, id, ...size, dnScale });
      const stripColumns = Math.ceil(columns / STRIPS);
      const stripRows = Math.max(1, Math.floor(BATCH_TILES / stripColumns));
      for (let row = 0; row < rows; row += stripRows) {
        for (let strip = 0; strip * stripColumns < columns; strip++) {
          const range = {
            column: strip * stripColumns,
            endColumn: Math.min(columns, (strip + 1) * stripColumns),
            row,
            endRow: Math.min(rows, row + stripRows),
          };
          const count = (range.endColumn - range.column) * (range.endRow - range.row);
          batches.push({ first: patches.length - 1, end: patches.length, range, tiles: count, lane: strip });
        }
      }
    }
  }
  closeBatch();
  if (patches.length === 0) {
    const [first] = problems;
    throw new AppError("NO_DATA", `Nothing can be ingested${first ? `: ${first.path}: ${first.reason}` : ""}`, {
      data: { problems: problems.slice(0, 100) },
    });
  }
  const bands = groups.flatMap((group) => group.bands);
  return {
    settings,
    radiometry,
    sources: sources.map(({ source }) => ({
      ...source,
      bands: BAND_NAMES.filter((band) => source.bands.includes(band)),
      notes: [...(source === reference ? notes : []), ...(edges.has(source) ? [edgeNote(edges.get(source)!, tilePixels)] : [])],
    })),
    simulated: sources.some(({ source }) => source.simulated),
    batches,
    tiles: batches.reduce((sum, batch) => sum + batch.tiles, 0),
    problems: distinct(problems),
    hash: hashOf(settings, patches, batches),
    itemsOf: ({ first, end, range }) => patches.slice(first, end).map((planned) => itemOf(planned, bands, tilePixels, range)),
  };
}

function checkTilePixels(tilePixels: number | undefined): number {
  if (tilePixels === undefined) return DEFAULT_TILE_PIXELS;
  if (Number.isInteger(tilePixels) && tilePixels >= SMALLEST_TILE_PIXELS && tilePixels <= LARGEST_TILE_PIXELS && tilePixels % 2 === 0)
    return tilePixels;
  throw new AppError(
    "BAD_ARGUMENT",
    `A tile of ${tilePixels} px cannot be cut. Choose an even number from ${SMALLEST_TILE_PIXELS} to ${LARGEST_TILE_PIXELS}; BigEarthNet's is 120.`,
  );
}

interface ChosenLayout extends Omit<Layout, "name"> {
  readonly sources: readonly SurveyedSource[];
  /** The source that decided; null: none did. */
  readonly reference: Source | null;
  readonly notes: readonly string[];
}

/** The layout of a data set that is there; sources that do not fit it are left out and named. */
function fitLayout(surveyed: readonly SurveyedSource[], { name, ...layout }: Layout, problems: Problem[]): ChosenLayout {
  const { tilePixels, groups, radiometry } = layout;
  const ratios = Object.fromEntries(groups.flatMap(({ pixels, bands }) => bands.map((band) => [band, tilePixels / pixels])));
  const sources = surveyed.filter((candidate) => {
    const missing = groups.flatMap(({ bands }) => bands).filter((band) => !candidate.source.bands.includes(band));
    const reason =
      missing.length > 0
        ? `it has no ${missing.join(", ")}, unlike the data set "${name}". Ingest it as a data set of its own.`
        : misfit(candidate, { source: { path: `the data set "${name}"`, tilePixels, radiometry }, ratios });
    if (reason) problems.push({ path: candidate.source.path, reason });
    return reason === null;
  });
  return { ...layout, sources, reference: null, notes: [] };
}

/** One layout for all sources: that of the one with most tiles; others that do not fit it are left out and named. */
function chooseLayout(
  surveyed: readonly SurveyedSource[],
  wantedBands: readonly BandName[] | undefined,
  problems: Problem[],
): ChosenLayout {
  const reference = surveyed.reduce((a, b) => (b.source.tiles > a.source.tiles ? b : a));
  const { tilePixels, radiometry } = reference.source;
  const sources = surveyed.filter((candidate) => {
    const reason = misfit(candidate, reference);
    if (reason) problems.push({ path: candidate.source.path, reason });
    return reason === null;
  });
  const common = BAND_NAMES.filter((band) => sources.every(({ source }) => source.bands.includes(band)));
  for (const band of wantedBands ?? []) {
    if (common.includes(band)) continue;
    const lacking = sources.find(({ source }) => !source.bands.includes(band))!;
    throw new AppError(
      "BAD_ARGUMENT",
      `${lacking.source.path} has no ${band}. Its bands are ${lacking.source.bands.join(", ")}: choose among them.`,
    );
  }
  const bands = common.filter((band) => !wantedBands || wantedBands.includes(band));
  const dropped = reference.source.bands.filter((band) => !wantedBands && !common.includes(band));
  const notes: string[] = [];
  if (dropped.length > 0)
    notes.push(`${dropped.join(", ")} left out: other sources lack them. Ingest the sources as data sets of their own to keep them.`);
  const uneven = bands.filter((band) => tilePixels % reference.ratios[band]! !== 0);
  if (uneven.length > 0)
    notes.push(
      `${uneven.join(", ")} left out: a tile of ${tilePixels} px is no whole number of their pixels. Use a multiple of 6, such as 120, to keep them.`,
    );
  const groups = ([1, 2, 6] as const).flatMap((ratio) => {
    const own = bands.filter((band) => reference.ratios[band] === ratio && !uneven.includes(band));
    return own.length > 0 ? [{ name: groupName(ratio), pixels: tilePixels / ratio, bands: own }] : [];
  });
  if (groups.length === 0)
    throw new AppError("NO_DATA", `The sources have no bands in common (${radiometry.source}). Ingest them as data sets of their own.`);
  return { sources, tilePixels, groups, radiometry, reference: reference.source, notes };
}

/** Why a source cannot be in one data set with the reference. */
function misfit(
  candidate: SurveyedSource,
  reference: { source: Pick<Source, "path" | "tilePixels" | "radiometry">; ratios: Readonly<Partial<Record<BandName, number>>> },
): string | null {
  const own = candidate.source;
  const other = reference.source;
  const rest = `those of ${other.path}. Ingest it as a data set of its own.`;
  if (own.tilePixels !== other.tilePixels) return `its tiles are ${own.tilePixels} px, not ${other.tilePixels} px like ${rest}`;
  if (own.radiometry.offset !== other.radiometry.offset || own.radiometry.quantification !== other.radiometry.quantification) {
    return `its reflectance is (DN + ${own.radiometry.offset}) / ${own.radiometry.quantification}, unlike ${rest}`;
  }
  const band = own.bands.find((name) => reference.ratios[name] !== undefined && reference.ratios[name] !== candidate.ratios[name]);
  return band ? `its ${band} is at another resolution than ${rest}` : null;
}

/** Size on the 10 m grid. */
function sizeOf(patch: FoundPatch, groups: readonly BandGroup[], scratch: { buffer: Buffer }): { width: number; height: number } {
  if (patch.kind === "bigearthnet-v1") return { width: BIGEARTHNET_PIXELS, height: BIGEARTHNET_PIXELS };
  if (patch.kind === "eurosat-ms") return { width: EUROSAT_PIXELS, height: EUROSAT_PIXELS };
  const bands = groups.flatMap((group) => group.bands);
  const [band] = bands as [BandName];
  const tiff = openGeoTiff(bandFile(patch, band)!, { scratch });
  try {
    if (groups[0]!.name === "10m") return { width: tiff.width, height: tiff.height };
    return referenceSize([{ band, tiff }]);
  } finally {
    tiff.close();
  }
}

/** Mixing radiometries silently would spoil the data set. */
function checkRadiometry(patch: FoundPatch, { offset, quantification }: Source["radiometry"]): void {
  const own = stacRadiometry(patch.path);
  if (!own || (own.offset === offset && own.quantification === quantification)) return;
  throw new AppError(
    "BAD_FILE",
    `its reflectance is (DN + ${own.offset}) / ${own.quantification} (${own.source}), unlike the data set's (DN + ${offset}) / ${quantification}. Ingest it as a data set of its own.`,
  );
}

function itemOf(
  { patch, id, width, height, dnScale }: PlannedPatch,
  bands: readonly BandName[],
  tilePixels: number,
  range: TileRange | null,
): PatchItem {
  const whole = { column: 0, endColumn: Math.floor(width / tilePixels), row: 0, endRow: Math.floor(height / tilePixels) };
  return {
    kind: patch.kind,
    id,
    path: patch.path,
    files: Object.fromEntries(bands.map((band) => [band, bandFile(patch, band)!])),
    labelsFile: labelsFile(patch),
    labels: patch.label === null ? null : [patch.label],
    date: patch.date,
    granule: patch.granule ?? (patch.kind === "geotiff-bands" && whole.endColumn * whole.endRow > 1 ? id : null),
    width,
    height,
    dnScale,
    range: range ?? whole,
    isCut: whole.endColumn * whole.endRow > 1,
  };
}

/** Gives every patch an id such that all tiles have names of their own. */
class Ids {
  private readonly tiles = new Set<string>();
  private readonly bigEarthNet = new Map<string, string>();

  /** @returns null for a BigEarthNet patch that is there already: its name is its identity */
  claim(patch: FoundPatch, source: Source, columns: number, rows: number): string | null {
    if (patch.kind === "bigearthnet-v1") {
      if (this.bigEarthNet.has(patch.name)) return null;
      this.bigEarthNet.set(patch.name, patch.path);
    }
    const base = sanitise(patch.name);
    // Scenes of one name in several folders: the folders tell them apart.
    const place = sanitise(
      relative(source.path, join(patch.path, patch.kind === "geotiff-bands" && patch.path.endsWith(patch.name) ? "" : patch.name)),
    );
    for (let attempt = 0; ; attempt++) {
      const id = attempt === 0 ? base : attempt === 1 ? place : `${place}-${attempt}`;
      const names =
        columns * rows === 1 ? [id] : Array.from({ length: columns * rows }, (_, i) => `${id}_${i % columns}_${Math.floor(i / columns)}`);
      if (names.some((name) => this.tiles.has(name))) continue;
      for (const name of names) this.tiles.add(name);
      return id;
    }
  }

  holder({ name }: FoundPatch): string {
    return this.bigEarthNet.get(name) ?? "another";
  }
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ path, reason }) => {
    const key = `${path}\0${reason}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function hashOf(settings: ReadSettings, patches: readonly PlannedPatch[], batches: readonly PlannedBatch[]): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(settings));
  for (const { patch, id, width, height, dnScale } of patches) hash.update(`${patch.path}\0${id}\0${width}\0${height}\0${dnScale}\0`);
  hash.update(String(batches.length));
  return hash.digest("hex");
}
