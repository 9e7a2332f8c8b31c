// What a folder holds: sources, and their patches one by one. Kinds are told by content and layout; only a sample of the files is opened.

import { dirname, relative, sep } from "node:path";
import { BAND_NAMES, type BandName } from "../../../shared/domain/bands.ts";
import type { Problem, Source, SourceKind } from "../../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { SMALLEST_TILE_PIXELS } from "../../../shared/domain/ingest-settings.ts";
import type { Radiometry } from "../../../shared/raster/radiometry.ts";
import { byteScratch, openByteSource } from "../../files/byte-source.ts";
import { isWithin } from "../../files/source-path.ts";
import { otherNumbers } from "../patches/bands.ts";
import { readLabels } from "../patches/bigearthnet.ts";
import { TfRecordReader } from "../patches/tfrecord-patches.ts";
import { BandOrders } from "../readers/band-orders.ts";
import { FORMATS, isScenes } from "../readers/formats.ts";
import { compare, isoDateIn } from "../readers/names.ts";
import { pause } from "../readers/pace.ts";
import { offsetOf, type Scene, type SceneRadiometry } from "../readers/scene.ts";
import { sniff } from "../readers/tiff.ts";
import { type FoundPatch, labelsFile } from "./found-patch.ts";
import { Gathering } from "./gather.ts";
import { type OpenedPatch, openPatch } from "./open-patch.ts";
import { PatchList } from "./patch-list.ts";
import { type Doubt, decideRadiometry, disagreement, dnScaleOf } from "./radiometry-source.ts";
import { tellScenes } from "./tell-scenes.ts";
import { walk } from "./walk.ts";

/** A source with its patches, in the order in which they become tiles. */
export interface SurveyedSource {
  readonly source: Source;
  readonly patches: PatchList;
  /** Scenes that are no whole number of tiles, estimated from those opened. */
  readonly raggedScenes: number;
  readonly radiometry: SceneRadiometry;
  /** See `dnScaleOf`. */
  readonly dnScale: number | null;
}

export interface Survey {
  readonly sources: readonly SurveyedSource[];
  readonly problems: readonly Problem[];
}

export interface SurveyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { seen: number; path: string }) => void) | undefined;
  /** Side of a tile on the 10 m grid, px; smaller rasters are one tile. */
  readonly tilePixels?: number;
  /** How DN become reflectance, where the user knows better than the metadata. */
  readonly radiometry?: Radiometry | undefined;
  /** Orders of bands in images that do not tell theirs. */
  readonly bandOrders?: BandOrders | undefined;
}

/** A tile's side by default, px on the 10 m grid: BigEarthNet's. */
export const DEFAULT_TILE_PIXELS = 120;

/** Scenes and patches whose files are all opened; of more than that, as many spread over all. A format says the same of all its patches. */
const OPENED_SCENES = 200;
const OPENED_PATCHES = 60;
/** Scenes whose pixels are looked at; patches' are where they are opened. */
const LOOKED_AT_SCENES = 8;
/** Warnings of one source. */
const MAXIMUM_WARNINGS = 50;
/** Labels files that are read; of more than that, as many spread over all: the others' dates are told by their names. */
const READ_LABELS = 200;

/**
 * Finds the sources in a folder.
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS; NO_DATA when nothing in it can be ingested
 */
export async function surveyFolder(root: string, options: SurveyOptions = {}): Promise<Survey> {
  const { signal, onProgress } = options;
  const problems: Problem[] = [];
  const gathering = new Gathering(root, problems);
  let reportedAt = 0;
  await walk(root, {
    signal,
    onFolder: (folder) => {
      gathering.add(folder);
      const now = performance.now();
      if (now - reportedAt < 100) return;
      reportedAt = now;
      onProgress?.({ seen: gathering.folders, path: folder.path });
    },
    onProblem: (problem) => problems.push(problem),
  });
  const found = await tellScenes(gathering, { problems, bandOrders: options.bandOrders ?? new BandOrders(), signal });
  const notes = new Map([...found.notes].map(([kind, own]) => [kind, [...own]]));
  const sources: SurveyedSource[] = [];
  for (const { key, kind, simulation, patches } of groupPatches(found.patches, gathering.simulations)) {
    await pause(signal);
    const name = simulation === null ? key : `${key}:${relative(root, simulation) || "."}`;
    const source = await describe({
      key: name,
      kind,
      root: simulation ?? root,
      patches,
      isSimulated: simulation !== null,
      problems,
      options,
    });
    if (!source) continue;
    // Of a kind's sources the first one says what holds for all.
    source.source.notes.push(...(notes.get(kind) ?? []));
    notes.delete(kind);
    sources.push(source);
  }
  onProgress?.({ seen: gathering.folders, path: root });
  problems.sort((a, b) => compare(a.path, b.path));
  if (sources.length === 0) throw nothingFound(root, gathering, problems);
  return { sources, problems };
}

function nothingFound(root: string, { files, images }: Gathering, problems: readonly Problem[]): AppError {
  const help =
    "Readable are Sentinel-2 products (.SAFE, also zipped), BigEarthNet v1 and v2 (a folder a patch), EuroSAT MS (<Class>/<Class>_N.tif), folders with an image a band (B02.tif, x_B02.jp2), GeoTIFFs with all bands, and TFRecords with BigEarthNet's bands.";
  if (files === 0 && problems.length === 0)
    return new AppError("NO_DATA", `${root} holds no files. Choose the folder that holds the imagery. ${help}`);
  if (problems.length > 0) {
    const [first] = problems;
    const what = problems.length === 1 ? "" : `${problems.length} problems, first `;
    return new AppError("NO_DATA", `Nothing in ${root} can be read: ${what}${first!.path}: ${first!.reason}`, {
      data: { problems: problems.slice(0, 100) },
    });
  }
  return new AppError("NO_DATA", `No Sentinel-2 bands were found among the ${files} files in ${root}.${exampleOf(root, images)} ${help}`);
}

/** Names a file that looks like imagery of a kind that is not read. */
function exampleOf(root: string, images: readonly string[]): string {
  for (const path of images) {
    const shown = relative(root, path);
    const kind = sniffFile(path);
    if (kind === "jpeg2000") return ` ${shown} is a JPEG 2000 image whose name tells no band.`;
    if (kind === "tiff") return ` ${shown} is a TIFF whose name tells no band, and no image with all of them.`;
  }
  return "";
}

function sniffFile(path: string): ReturnType<typeof sniff> | "unreadable" {
  try {
    const source = openByteSource(path, byteScratch());
    try {
      return sniff(source.read(0, Math.min(source.size, 512)));
    } finally {
      source.close();
    }
  } catch {
    return "unreadable";
  }
}

interface PatchGroup {
  /** Kind and radiometry. */
  readonly key: string;
  readonly kind: SourceKind;
  readonly simulation: string | null;
  readonly patches: PatchList;
}

/** Patches of one kind and radiometry form a source; simulated ones one of their own for each simulation. */
function groupPatches(found: PatchList, simulations: readonly string[]): PatchGroup[] {
  const groups = new Map<string, PatchGroup>();
  for (const patch of found) {
    const simulation = simulations.find((folder) => patch.path === folder || patch.path.startsWith(folder + sep)) ?? null;
    const key = `${patch.kind}${radiometryKey(patch)}`;
    const place = `${key}\0${simulation ?? ""}`;
    const group = groups.get(place) ?? { key, kind: patch.kind, simulation, patches: new PatchList() };
    groups.set(place, group);
    group.patches.push(patch);
  }
  return [...groups.values()];
}

/** `@-1000/10000`, the offsets of all bands where they differ; empty where nothing tells. */
function radiometryKey({ scene, isRaw }: FoundPatch): string {
  if (!scene?.radiometry) return isRaw ? "@raw" : "";
  const { radiometry } = scene;
  const offsets = BAND_NAMES.map((band) => offsetOf(radiometry, band));
  const told = new Set(offsets).size === 1 ? offsets[0] : offsets.join(";");
  return `@${told}/${radiometry.quantification}`;
}

interface DescribeInput {
  readonly key: string;
  readonly kind: SourceKind;
  readonly root: string;
  readonly patches: PatchList;
  readonly isSimulated: boolean;
  readonly problems: Problem[];
  readonly options: SurveyOptions;
}

async function describe(input: DescribeInput): Promise<SurveyedSource | null> {
  const { kind, problems, options } = input;
  const { signal } = options;
  const { patches } = input;
  const bands = bandsOf(kind, patches);
  // Problems that the names tell: all patches.
  const whole = patches.filter((patch) => {
    const missing = bands.filter((band) => !patch.bands.includes(band));
    if (missing.length > 0) problems.push({ path: patch.path, reason: missingBands(missing, kind) });
    else if (kind === "bigearthnet-v1" && !isLabelled(patch)) problems.push({ path: patch.path, reason: missingLabels(patch) });
    else return true;
    return false;
  });
  // Problems that a look inside tells: a sample.
  const looked: OpenedPatch[] = [];
  /** By `keyOf`. */
  const unfit = new Set<string>();
  const openedPatches = spread(whole, isScenes(kind) ? OPENED_SCENES : OPENED_PATCHES);
  const step = isScenes(kind) ? Math.max(1, openedPatches.length / LOOKED_AT_SCENES) : 1;
  const lookInside = new Set(openedPatches.filter((_, i) => i % step < 1));
  const records = new TfRecordReader();
  try {
    for (const patch of openedPatches) {
      await pause(signal);
      try {
        looked.push(await openPatch(patch, bands, { pixels: lookInside.has(patch), records }));
      } catch (error) {
        unfit.add(keyOf(patch));
        problems.push({ path: patch.path, reason: messageOf(error).replaceAll(`${patch.path}/`, "") });
      }
    }
  } finally {
    records.close();
  }
  const isFloat = 2 * looked.filter((one) => one.isFloat).length > looked.length;
  const opened = looked.filter((one) => one.isFloat === isFloat);
  for (const { patch } of looked.filter((one) => one.isFloat !== isFloat)) {
    unfit.add(keyOf(patch));
    problems.push({ path: patch.path, reason: otherNumbers(kind, !isFloat) });
  }
  const dates = new Span();
  const references = new Set(opened.flatMap(({ crs }) => crs ?? []));
  let { isSimulated } = input;
  await pause(signal);
  for (const patch of spread(whole, READ_LABELS)) {
    if (!patch.hasLabelsFile || unfit.has(keyOf(patch))) continue;
    try {
      const labels = readLabels(labelsFile(patch)!);
      dates.add(labels.date);
      if (labels.crs) references.add(labels.crs);
      isSimulated ||= labels.isSimulated;
    } catch (error) {
      unfit.add(keyOf(patch));
      problems.push({ path: patch.path, reason: messageOf(error).replaceAll(`${patch.path}/`, "") });
    }
  }
  const usable = unfit.size > 0 ? whole.filter((patch) => !unfit.has(keyOf(patch))) : whole;
  const scenes: Scene[] = [];
  const counts = { labelled: 0, files: 0 };
  for (const patch of usable) {
    dates.add(patch.hasLabelsFile ? isoDateIn(patch.name) : patch.date);
    if (patch.scene) scenes.push(patch.scene);
    if (isLabelled(patch)) counts.labelled++;
    // Of the patches in one file the first one stands for it.
    if (!patch.member) counts.files++;
  }
  if (usable.length === 0 || opened.length === 0) return null;

  const tilePixels = tileSide(kind, opened, options.tilePixels ?? DEFAULT_TILE_PIXELS);
  if (tilePixels === null) {
    const { width, height } = opened[0]!;
    problems.push({
      path: input.root,
      reason: `rasters of ${width} x ${height} px are smaller than the smallest tile (${SMALLEST_TILE_PIXELS} px). Export or download larger ones.`,
    });
    return null;
  }
  const tilesPerPatch = mean(opened.map(({ width, height }) => Math.floor(width / tilePixels) * Math.floor(height / tilePixels)));
  const isRagged = ({ width, height }: OpenedPatch) =>
    Math.min(width, height) >= tilePixels && (width % tilePixels !== 0 || height % tilePixels !== 0);
  const samples = opened.flatMap(({ pixels }) => (pixels ? [pixels] : []));
  const floatMaximum = isFloat ? Math.max(...samples.map(({ maximum }) => maximum)) : null;
  const radiometry = decideRadiometry({ isSimulated, patch: usable.at(0), floatMaximum, override: options.radiometry });
  const dnScale = dnScaleOf(floatMaximum);
  const doubt = isScenes(kind) ? disagreement(radiometry, samples, dnScale) : null;
  const said = (kind: Doubt["kind"]) => (doubt?.kind === kind ? [doubt.text] : []);
  const clouds = scenes.flatMap(({ cloudPercent }) => (cloudPercent === null ? [] : [cloudPercent]));
  return {
    patches: usable,
    raggedScenes: isScenes(kind) ? Math.round((opened.filter(isRagged).length / opened.length) * usable.length) : 0,
    radiometry,
    dnScale,
    source: {
      key: input.key,
      kind,
      path: commonFolder(input.root, patches),
      patches: usable.length,
      tiles: Math.round(tilesPerPatch * usable.length),
      tilePixels,
      bands: [...bands],
      ratios: opened[0]!.ratios,
      labelled: counts.labelled,
      dates: dates.ends,
      crs: [...references].sort(compare),
      bytes: Math.round(mean(opened.map(({ bytes }) => bytes)) * counts.files),
      radiometry: { quantification: radiometry.quantification, offset: offsetOf(radiometry, "B02"), source: radiometry.source },
      baselines: [...new Set(scenes.flatMap(({ baseline }) => baseline ?? []))].sort(compare),
      cloudPercent: clouds.length > 0 ? mean(clouds) : null,
      nodata: samples.length > 0 ? mean(samples.map(({ nodata }) => nodata)) : null,
      masks: [...new Set(scenes.flatMap(({ mask }) => mask?.kind ?? []))].sort(compare),
      warnings: [...said("warning"), ...new Set(scenes.flatMap(({ warnings }) => warnings))].slice(0, MAXIMUM_WARNINGS),
      simulated: isSimulated,
      notes: [...said("note"), ...spacingNotes(opened)],
      trial: null,
    },
  };
}

/** The first and the last day of many. */
class Span {
  ends: [string, string] | null = null;

  add(day: string | null): void {
    if (day === null) return;
    this.ends ??= [day, day];
    if (day < this.ends[0]) this.ends[0] = day;
    if (day > this.ends[1]) this.ends[1] = day;
  }
}

const isLabelled = ({ hasLabelsFile, label, labels }: FoundPatch) => hasLabelsFile || label !== null || labels !== null;

/** Of imagery whose finest pixels are not those that are taken for 10 m. */
function spacingNotes(opened: readonly OpenedPatch[]): string[] {
  const spacings = opened.flatMap(({ spacing }) => (spacing !== null && spacing >= 1 ? [Math.round(spacing * 10) / 10] : []));
  const others = [...new Set(spacings.filter((metres) => metres !== 10))].sort((a, b) => a - b);
  if (others.length === 0) return [];
  return [`Its finest pixels span ${others.join(", ")} m, not 10 m: tiles show that much more, or less, of the ground.`];
}

/** Why a patch without some band is left out. */
export function missingBands(missing: readonly BandName[], kind: SourceKind): string {
  const what = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing.`;
  return !isScenes(kind)
    ? `${what} Copy or download the patch again.`
    : `${what} Other folders have ${missing.length === 1 ? "it" : "them"}: add the files, or ingest this folder on its own.`;
}

/** Why a BigEarthNet patch without labels is left out. */
export function missingLabels({ name }: Pick<FoundPatch, "name">): string {
  return `${name}_labels_metadata.json is missing. Copy or download the patch again.`;
}

/** What happens at the edge of scenes that are no whole number of tiles. */
export function edgeNote(scenes: number, tilePixels: number): string {
  return `${scenes} ${scenes === 1 ? "scene is" : "scenes are"} no whole number of ${tilePixels} px tiles: the rest at the right and lower edge is left out.`;
}

/** The bands of a source: what the format prescribes, else those that at least half of the scenes have. */
function bandsOf(kind: SourceKind, patches: PatchList): readonly BandName[] {
  const { bands } = FORMATS[kind];
  if (bands) return bands;
  const counts = new Map<BandName, number>();
  for (const { bands } of patches) for (const band of bands) counts.set(band, (counts.get(band) ?? 0) + 1);
  return BAND_NAMES.filter((band) => {
    const count = counts.get(band) ?? 0;
    // Level-2A has no B10, so a scene without it is whole.
    return band === "B10" ? count === patches.length : count * 2 >= patches.length;
  });
}

/** At most `count` patches, evenly spread, the first among them. */
function spread(patches: PatchList, count: number): readonly FoundPatch[] {
  const chosen = Math.min(patches.length, count);
  return Array.from({ length: chosen }, (_, i) => patches.at(Math.floor((i * patches.length) / chosen)));
}

const keyOf = ({ path, name }: FoundPatch) => `${path}\0${name}`;

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The deepest folder that holds all patches, at most as high as the folder scanned. */
function commonFolder(root: string, patches: PatchList): string {
  let common: string | undefined;
  for (const { kind, path } of patches) {
    const parent = kind === "eurosat-ms" ? dirname(dirname(path)) : dirname(path);
    common ??= parent;
    while (!isWithin(common, parent)) common = dirname(common);
  }
  return common !== undefined && isWithin(root, common) ? common : root;
}

/** The side of a tile: what was asked for, or the whole raster where that is smaller. */
function tileSide(kind: SourceKind, opened: readonly OpenedPatch[], wanted: number): number | null {
  const largest = Math.max(...opened.map(({ width, height }) => Math.min(width, height)));
  const side = Math.min(wanted, FORMATS[kind].isNative ? largest : (FORMATS[kind].pixels ?? largest));
  return side >= SMALLEST_TILE_PIXELS ? side : null;
}
