// Decides, before anything is read, which tiles a data set will have, in which order, and in which batches. The same folders give the same plan.
import { createHash } from "node:crypto";
import { join, relative, resolve, sep } from "node:path";
import { BAND_NAMES, type BandName } from "../../shared/domain/bands.ts";
import type { BandGroup, Dataset, Problem, Source } from "../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { LARGEST_TILE_PIXELS, SMALLEST_TILE_PIXELS, type TileSample } from "../../shared/domain/ingest-settings.ts";
import { misfit, nameOfSource, referenceOf } from "../../shared/domain/source-fit.ts";
import type { Radiometry } from "../../shared/raster/radiometry.ts";
import { isWithin } from "../files/source-path.ts";
import { groupName } from "./patches/bands.ts";
import type { PatchItem, ReadJob, ReadSettings, TileLimits } from "./patches/patch.ts";
import type { BandOrders } from "./readers/band-orders.ts";
import { FORMATS, isScenes } from "./readers/formats.ts";
import { sanitise } from "./readers/names.ts";
import { openRaster } from "./readers/open-raster.ts";
import { pause } from "./readers/pace.ts";
import { offsetOf } from "./readers/scene.ts";
import { bandFile, type FoundPatch, labelsFile } from "./survey/found-patch.ts";
import { NameSet } from "./survey/name-set.ts";
import { referenceSize } from "./survey/open-patch.ts";
import { conversionOf, storedRadiometry } from "./survey/radiometry-source.ts";
import { DEFAULT_TILE_PIXELS, edgeNote, type SurveyedSource, surveyFolder } from "./survey/survey.ts";
import { NumberList } from "./survey/text-list.ts";
import { chooseTiles } from "./tile-sample.ts";

/** Tiles of a batch of a scene: what a worker reads at once. */
const BATCH_TILES = 64;
/** Small patches of a batch: 32 of BigEarthNet are 5 MB, and a dozen batches are under way. */
const BATCH_PATCHES = 32;
/** Scenes of up to so many tiles are read as a whole. */
const WHOLE_SCENE_TILES = 128;
/** Larger scenes are cut into vertical strips, each read by one worker, so that few compressed blocks are unpacked twice. */
const STRIPS = 4;

/** Tiles by column and row, counted from the upper left corner. */
type Places = readonly (readonly [column: number, row: number])[];

/** A batch: consecutive patches, or a part of one scene. */
export interface PlannedBatch {
  /** Patches `first` to `end` (exclusive) of the plan. */
  readonly first: number;
  readonly end: number;
  /** Only these tiles of the one patch. */
  readonly places: Places | null;
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
  readonly columns: number;
  readonly rows: number;
  /** The tiles that were drawn; null: all. */
  readonly places: Places | null;
  readonly source: SurveyedSource;
}

/** What many planned patches have in common. */
type Shape = Omit<PlannedPatch, "patch" | "id" | "places">;

/** The patches of a plan: of each its place in the survey, its shape, and what few have. */
class PlannedPatches {
  private readonly indices = new NumberList();
  private readonly shapeOf = new NumberList();
  private readonly shapes: Shape[] = [];
  private readonly known = new Map<SurveyedSource, Map<string, number>>();
  /** Ids that are not simply the name. */
  private readonly ids = new Map<number, string>();

  get length(): number {
    return this.indices.length;
  }

  /** @param index of the patch among those of its source */
  push(index: number, id: string | null, shape: Shape): void {
    if (id !== null) this.ids.set(this.length, id);
    const own = this.known.get(shape.source) ?? new Map<string, number>();
    this.known.set(shape.source, own);
    const key = `${shape.width} ${shape.height}`;
    const at = own.get(key) ?? this.shapes.push(shape) - 1;
    own.set(key, at);
    this.indices.push(index);
    this.shapeOf.push(at);
  }

  shape(at: number): Shape {
    return this.shapes[this.shapeOf.at(at)]!;
  }

  /** @param drawn tiles by the place of their patch here; null: all of all */
  *slice(from: number, end: number, drawn: ReadonlyMap<number, Places> | null): Generator<PlannedPatch> {
    for (let at = from; at < end; ) {
      // Neighbours in the plan are neighbours in the survey, too, but for those left out.
      const shape = this.shape(at);
      const first = this.indices.at(at);
      let last = at;
      while (last + 1 < end && this.indices.at(last + 1) === this.indices.at(last) + 1 && this.shape(last + 1).source === shape.source)
        last++;
      for (const patch of shape.source.patches.slice(first, first + last - at + 1)) {
        yield { ...this.shape(at), patch, id: this.ids.get(at) ?? sanitise(patch.name), places: drawn?.get(at) ?? null };
        at++;
      }
    }
  }
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
  /** From a tile to the next, px of the 10 m grid; the tile's side when left out. */
  readonly stridePixels?: number | undefined;
  /** Only some of the tiles. */
  readonly sample?: TileSample | undefined;
  /** Only these bands; all that all sources have when left out. */
  readonly bands?: readonly BandName[] | undefined;
  /** Only these sources: kinds, or keys of sources. */
  readonly only?: readonly string[] | undefined;
  /** How DN become reflectance, where the user knows better than the metadata. */
  readonly radiometryOverride?: Radiometry | undefined;
  /** Orders of bands in images that do not tell theirs. */
  readonly bandOrders?: BandOrders | undefined;
  /** Tiles beyond these are left out when they are read. */
  readonly limits?: TileLimits | undefined;
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
    const survey = await surveyFolder(folder, {
      tilePixels: wanted,
      radiometry: options.radiometryOverride,
      bandOrders: options.bandOrders,
      signal,
      onProgress,
    });
    surveyed.push(...survey.sources);
    problems.push(...survey.problems);
  }
  const chosen = options.only ? chooseSources(surveyed, options.only, options.layout === undefined) : surveyed;
  const { sources, tilePixels, groups, radiometry, reference, notes } = options.layout
    ? fitLayout(chosen, options.layout, problems)
    : chooseLayout(chosen, options.bands, problems);
  const stridePixels = checkStride(options.stridePixels ?? tilePixels, tilePixels, groups);
  const settings: ReadSettings = { tilePixels, stridePixels, groups, radiometry, ...(options.limits ? { limits: options.limits } : {}) };

  const found = new PlannedPatches();
  const ids = new Ids();
  /** Of folders that lie in each other: a patch is found once from each. */
  const seen = options.folders.some((a, i) => options.folders.some((b, j) => i !== j && isWithin(resolve(a), resolve(b))))
    ? new NameSet()
    : null;
  const doubles: FoundPatch[] = [];
  const edges = new Map<Source, number>();
  const sizes = new Sizes(groups);
  const count = (size: number) => (size < tilePixels ? 0 : Math.floor((size - tilePixels) / stridePixels) + 1);
  for (const source of sources) {
    let index = -1;
    for (const patch of source.patches) {
      if (++index % 200 === 0) await pause(signal);
      if (seen) {
        const key = `${patch.path}\0${patch.name}`;
        if (seen.has(key)) continue;
        seen.add(key);
      }
      let size: { width: number; height: number };
      try {
        size = sizes.of(patch);
      } catch (error) {
        problems.push({ path: patch.path, reason: messageOf(error).replaceAll(`${patch.path}${sep}`, "") });
        continue;
      }
      const [columns, rows] = [count(size.width), count(size.height)];
      if (columns * rows === 0) {
        problems.push({
          path: patch.path,
          reason: `is ${size.width} x ${size.height} px, smaller than the data set's tiles of ${tilePixels} px. Ingest it as a data set of its own, or all with smaller tiles.`,
        });
        continue;
      }
      const rest = (size: number, tiles: number) => size - (tiles - 1) * stridePixels - tilePixels;
      if (isScenes(patch.kind) && (rest(size.width, columns) > 0 || rest(size.height, rows) > 0))
        edges.set(source.source, (edges.get(source.source) ?? 0) + 1);
      const id = ids.claim(patch, source.source, columns, rows);
      if (!id) {
        doubles.push(patch);
        continue;
      }
      found.push(index, id === sanitise(patch.name) ? null : id, { ...size, columns, rows, source });
    }
  }
  problems.push(...doublesOf(doubles, found));
  if (found.length === 0) {
    const [first] = problems;
    throw new AppError("NO_DATA", `Nothing can be ingested${first ? `: ${first.path}: ${first.reason}` : ""}`, {
      data: { problems: problems.slice(0, 100) },
    });
  }
  const drawn = options.sample ? drawnTiles(found, options.sample) : null;
  const batches = cutIntoBatches(found, drawn);
  const bands = groups.flatMap((group) => group.bands);
  return {
    settings,
    radiometry,
    sources: sources.map(({ source }) => ({
      ...source,
      bands: BAND_NAMES.filter((band) => source.bands.includes(band)),
      notes: [
        ...source.notes,
        ...(source === reference ? notes : []),
        ...(edges.has(source) ? [edgeNote(edges.get(source)!, tilePixels)] : []),
      ],
    })),
    simulated: sources.some(({ source }) => source.simulated),
    batches,
    tiles: batches.reduce((sum, batch) => sum + batch.tiles, 0),
    problems: distinct(problems),
    hash: hashOf(settings, found, { drawn, batches, sample: options.sample }),
    itemsOf: ({ first, end, places }) =>
      Array.from(found.slice(first, end, drawn), (planned) => planned)
        .filter((planned) => drawn === null || planned.places !== null)
        .map((planned) => itemOf(planned, bands, settings, places)),
  };
}

/** Pixels of the 10 m grid that a block of a trial spans: a codestream tile of ESA's 10 m bands. */
const TRIAL_PIXELS = 1024;
/** Patches of a block. */
const TRIAL_PATCHES = 16;

/** Blocks of tiles to try reading by, spread over a source: neighbours in a scene, or patches one after another. */
export function* trialJobs(source: SurveyedSource, blocks: number): Generator<ReadJob> {
  const { tilePixels, groups, radiometry } = chooseLayout([source], undefined, []);
  const settings: ReadSettings = { tilePixels, stridePixels: tilePixels, groups, radiometry };
  const bands = groups.flatMap((group) => group.bands);
  const sizes = new Sizes(groups);
  const { patches } = source;
  const length = isScenes(source.source.kind) ? 1 : TRIAL_PATCHES;
  const side = Math.max(1, Math.floor(TRIAL_PIXELS / tilePixels));
  const seen = new Set<string>();
  for (let block = 0; block < blocks; block++) {
    const first = Math.floor((block * patches.length) / blocks / length) * length;
    const items = [...patches.slice(first, Math.min(first + length, patches.length))].flatMap((patch) => {
      const { width, height } = sizes.of(patch);
      const [columns, rows] = [Math.floor(width / tilePixels), Math.floor(height / tilePixels)];
      const start = (count: number) => Math.floor((Math.max(0, count - side) * (block + 0.5)) / blocks);
      const [left, top] = [start(columns), start(rows)];
      const places = grid(left, Math.min(columns, left + side), top, Math.min(rows, top + side));
      const key = [patch.path, patch.name, left, top].join();
      // A small scene, or a few patches, are one block.
      if (places.length === 0 || seen.has(key)) return [];
      seen.add(key);
      return [itemOf({ patch, id: sanitise(patch.name), width, height, columns, rows, places: null, source }, bands, settings, places)];
    });
    if (items.length > 0) yield { settings, items };
  }
}

/** The tiles that were drawn of each patch, neighbours of a scene together. */
function drawnTiles(patches: PlannedPatches, sample: TileSample): ReadonlyMap<number, Places> {
  return chooseTiles(
    Array.from({ length: patches.length }, (_, i) => patches.shape(i)),
    sample,
  );
}

/** BigEarthNet patches that are there twice, with the one that is taken. */
function doublesOf(doubles: readonly FoundPatch[], patches: PlannedPatches): Problem[] {
  const paths = new Map(doubles.map(({ name }) => [name, "another"]));
  if (doubles.length > 0)
    for (const { patch } of patches.slice(0, patches.length, null))
      if (isBigEarthNet(patch) && paths.has(patch.name)) paths.set(patch.name, patch.path);
  return doubles.map(({ path, name }) => ({ path, reason: `is the same patch as ${paths.get(name)}. Leave one of them out.` }));
}

const isBigEarthNet = ({ kind }: FoundPatch) => kind === "bigearthnet-v1" || kind === "bigearthnet-v2";

/**
 * The sources that were asked for.
 * @param areNeeded that one is not there is an error
 * @throws AppError BAD_ARGUMENT naming those that are there
 */
function chooseSources(surveyed: readonly SurveyedSource[], only: readonly string[], areNeeded: boolean): SurveyedSource[] {
  for (const name of only) {
    if (!areNeeded || surveyed.some(({ source: { kind, key } }) => name === kind || name === key)) continue;
    const there = [...new Set(surveyed.map(({ source }) => source.key))].join(", ");
    throw new AppError("BAD_ARGUMENT", `The folders hold no source "${name}". Choose among ${there}.`, { data: { only: name } });
  }
  return surveyed.filter(({ source: { kind, key } }) => only.includes(kind) || only.includes(key));
}

/** Small patches together, large scenes in parts. */
function cutIntoBatches(patches: PlannedPatches, drawn: ReadonlyMap<number, Places> | null): PlannedBatch[] {
  const batches: PlannedBatch[] = [];
  let open: { first: number; tiles: number } | undefined;
  let lane = 0;
  const closeBatch = (end: number) => {
    if (open) batches.push({ first: open.first, end, places: null, tiles: open.tiles, lane: lane++ });
    open = undefined;
  };
  for (let i = 0; i < patches.length; i++) {
    const { columns, rows } = patches.shape(i);
    const places = drawn ? drawn.get(i) : null;
    if (places === undefined) continue;
    const tiles = places?.length ?? columns * rows;
    if (tiles <= WHOLE_SCENE_TILES) {
      if (open && open.tiles + tiles > BATCH_PATCHES) closeBatch(i);
      open ??= { first: i, tiles: 0 };
      open.tiles += tiles;
      continue;
    }
    closeBatch(i);
    const parts = places ? chunks(places) : strips(columns, rows);
    for (const part of parts) batches.push({ first: i, end: i + 1, tiles: part.places.length, ...part });
  }
  closeBatch(patches.length);
  return batches;
}

type Part = Pick<PlannedBatch, "lane"> & { readonly places: Places };

/** Each strip is read by one worker, from top to bottom. */
function* strips(columns: number, rows: number): Generator<Part> {
  const width = Math.ceil(columns / STRIPS);
  const height = Math.max(1, Math.floor(BATCH_TILES / width));
  for (let row = 0; row < rows; row += height)
    for (let lane = 0; lane * width < columns; lane++)
      yield { places: grid(lane * width, Math.min(columns, (lane + 1) * width), row, Math.min(rows, row + height)), lane };
}

/** Tiles that were drawn come with their neighbours: as many workers as there are read a share each. */
function* chunks(places: Places): Generator<Part> {
  for (let at = 0; at < places.length; at += BATCH_TILES) yield { places: places.slice(at, at + BATCH_TILES), lane: at / BATCH_TILES };
}

function grid(column: number, endColumn: number, row: number, endRow: number): Places {
  const width = endColumn - column;
  return Array.from({ length: width * (endRow - row) }, (_, i) => [column + (i % width), row + Math.floor(i / width)] as const);
}

/** Tiles must begin on a pixel of every band. */
function checkStride(stridePixels: number, tilePixels: number, groups: readonly BandGroup[]): number {
  const unit = Math.max(...groups.map(({ pixels }) => tilePixels / pixels));
  if (Number.isInteger(stridePixels) && stridePixels >= unit && stridePixels % unit === 0) return stridePixels;
  throw new AppError(
    "BAD_ARGUMENT",
    `A stride of ${stridePixels} px is not possible: choose a multiple of ${unit}, so that every band's tiles begin on a pixel.`,
  );
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
  const { tilePixels, groups } = layout;
  const ratios = Object.fromEntries(groups.flatMap(({ pixels, bands }) => bands.map((band) => [band, tilePixels / pixels])));
  const sources = surveyed.filter((candidate) => {
    const missing = groups.flatMap(({ bands }) => bands).filter((band) => !candidate.source.bands.includes(band));
    const reason =
      missing.length > 0
        ? `it has no ${missing.join(", ")}, unlike the data set "${name}". Ingest it as a data set of its own.`
        : misfit(candidate.source, { name: `the data set "${name}"`, tilePixels, ratios });
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
  const reference = referenceOf(surveyed.map(({ source }) => source));
  const { tilePixels } = reference;
  const sources = surveyed.filter((candidate) => {
    const reason = misfit(candidate.source, { name: nameOfSource(reference), ...reference });
    if (reason) problems.push({ path: candidate.source.path, reason });
    return reason === null;
  });
  const radiometry = storedRadiometry(sources.map((source) => source.radiometry));
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
  const dropped = reference.bands.filter((band) => !wantedBands && !common.includes(band));
  const notes: string[] = [];
  if (
    sources.some(
      (source) =>
        source.source.radiometry.offset !== radiometry.offset || source.source.radiometry.quantification !== radiometry.quantification,
    )
  )
    notes.push("Sources with different offsets or quantifications are brought to one: see the radiometry of each.");
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
  return { sources, tilePixels, groups, radiometry, reference, notes };
}

/** Sizes on the 10 m grid. An image that holds several patches is opened once. */
class Sizes {
  private readonly groups: readonly BandGroup[];
  private last: { readonly path: string; readonly size: { width: number; height: number } } | undefined;

  constructor(groups: readonly BandGroup[]) {
    this.groups = groups;
  }

  of(patch: FoundPatch): { width: number; height: number } {
    const { path, member } = patch;
    if (member === null) return sizeOf(patch, this.groups);
    if (this.last?.path !== path) this.last = { path, size: sizeOf(patch, this.groups) };
    return this.last.size;
  }
}

function sizeOf(patch: FoundPatch, groups: readonly BandGroup[]): { width: number; height: number } {
  const { pixels, isNative } = FORMATS[patch.kind];
  if (pixels !== null) return { width: pixels, height: pixels };
  const [band] = groups.flatMap((group) => group.bands) as [BandName];
  const raster = openRaster(bandFile(patch, band)!, { parts: patch.parts });
  try {
    if (groups[0]!.name === "10m") return { width: raster.width, height: raster.height };
    return referenceSize([{ band, raster }], isNative);
  } finally {
    raster.close();
  }
}

function itemOf(
  { patch, id, width, height, columns, rows, places: drawnPlaces, source }: PlannedPatch,
  bands: readonly BandName[],
  { radiometry: stored }: ReadSettings,
  places: Places | null,
): PatchItem {
  const { radiometry, dnScale } = source;
  const isCut = columns * rows > 1;
  return {
    kind: patch.kind,
    id,
    path: patch.path,
    files: Object.fromEntries(bands.map((band) => [band, bandFile(patch, band)!])),
    parts: patch.parts,
    member: patch.member,
    labelsFile: labelsFile(patch),
    labels: patch.labels ?? (patch.label === null ? null : [patch.label]),
    date: patch.date,
    granule: patch.granule ?? (isScenes(patch.kind) && isCut ? id : null),
    width,
    height,
    isFloat: dnScale !== null,
    samples: patch.samples,
    conversion: conversionOf(radiometry, dnScale, stored),
    facts: {
      ...patch.facts,
      product: patch.scene?.product ?? null,
      offset: offsetOf(radiometry, "B02"),
      quantification: radiometry.quantification,
      radiometrySource: radiometry.source,
    },
    scene: patch.scene && { place: patch.scene.place, mask: patch.scene.mask },
    columns,
    rows,
    places: places ?? drawnPlaces ?? grid(0, columns, 0, rows),
    isSparse: drawnPlaces !== null,
    isCut,
  };
}

/** Gives every patch an id such that all tiles have names of their own. */
class Ids {
  private readonly tiles = new NameSet();
  private readonly bigEarthNet = new NameSet();

  /** @returns null for a BigEarthNet patch that is there already: its name is its identity */
  claim(patch: FoundPatch, source: Source, columns: number, rows: number): string | null {
    if (isBigEarthNet(patch)) {
      if (this.bigEarthNet.has(patch.name)) return null;
      this.bigEarthNet.add(patch.name);
    }
    const base = sanitise(patch.name);
    // Scenes of one name in several folders: the folders tell them apart.
    const place = sanitise(
      relative(source.path, join(patch.path, isScenes(patch.kind) && patch.path.endsWith(patch.name) ? "" : patch.name)),
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

function hashOf(
  settings: ReadSettings,
  patches: PlannedPatches,
  {
    drawn,
    batches,
    sample,
  }: { drawn: ReadonlyMap<number, Places> | null; batches: readonly PlannedBatch[]; sample: TileSample | undefined },
): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([settings, sample ?? null]));
  for (const { patch, id, width, height, source, places } of patches.slice(0, patches.length, drawn))
    if (!drawn || places)
      hash.update(
        `${patch.path}\0${id}\0${width}\0${height}\0${JSON.stringify([source.radiometry, source.dnScale, ...(patch.samples ? [patch.samples] : [])])}\0`,
      );
  hash.update(String(batches.length));
  return hash.digest("hex");
}
