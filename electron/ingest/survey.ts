// What a folder holds: sources, and their patches one by one. Kinds are told by content and layout; only a sample of the files is opened.
import { dirname, relative, sep } from "node:path";
import { BAND_NAMES, BANDS, type BandName } from "../../shared/domain/bands.ts";
import type { Problem, Source, SourceKind } from "../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { bandFile, compare, type FoundPatch, Gathering, labelsFile } from "./gather.ts";
import { dnScaleOf, radiometryOf } from "./radiometry-source.ts";
import { otherNumbers, ratioTo10m } from "./readers/bands.ts";
import { BIGEARTHNET_BANDS, BIGEARTHNET_PIXELS, readLabels } from "./readers/bigearthnet.ts";
import { byteScratch, openByteSource, sizeOf } from "./readers/byte-source.ts";
import { EUROSAT_PIXELS, eurosatSample } from "./readers/eurosat.ts";
import { type GeoTiff, openGeoTiff } from "./readers/geotiff.ts";
import { singleBand } from "./readers/geotiff-bands.ts";
import { sniff } from "./readers/tiff.ts";
import { walk } from "./walk.ts";

/** A source with its patches, in the order in which they become tiles. */
export interface SurveyedSource {
  readonly source: Source;
  readonly patches: readonly FoundPatch[];
  /** Scenes that are no whole number of tiles, estimated from those opened. */
  readonly raggedScenes: number;
  /** Pixels of the 10 m grid that a band's pixel spans. */
  readonly ratios: Readonly<Partial<Record<BandName, 1 | 2 | 6>>>;
  /** As in `PatchItem`. */
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
}

/** A tile's side by default, px on the 10 m grid: BigEarthNet's. */
export const DEFAULT_TILE_PIXELS = 120;
/** Rasters below this side are no tiles. */
export const SMALLEST_TILE_PIXELS = 32;

/** Patches whose files are all opened; of more than that, as many spread over all. */
const OPENED_PATCHES = 200;
/** Labels files that are read; of more than that, as many spread over all. */
const READ_LABELS = 20_000;

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
  const sources: SurveyedSource[] = [];
  for (const [kind, simulation, patches] of groupPatches(gathering.finish(), gathering.simulations)) {
    await pause(signal);
    const source = await describe({ kind, root: simulation ?? root, patches, isSimulated: simulation !== null, problems, options });
    if (source) sources.push(source);
  }
  onProgress?.({ seen: gathering.folders, path: root });
  problems.sort((a, b) => compare(a.path, b.path));
  if (sources.length === 0) throw nothingFound(root, gathering, problems);
  return { sources, problems };
}

/** Lets other work and the signal in. */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

function nothingFound(root: string, { files, images }: Gathering, problems: readonly Problem[]): AppError {
  const help =
    "Readable are BigEarthNet v1 (a folder a patch), EuroSAT MS (<Class>/<Class>_N.tif) and folders with a GeoTIFF a band (B02.tif, x_B02.tif).";
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
    if (kind === "jpeg2000")
      return ` ${shown} is JPEG 2000 (as in .SAFE products), which is not read: convert the bands (gdal_translate IN.jp2 OUT_B02.tif).`;
    if (kind === "zip") return ` ${shown} is a zip archive: unpack it.`;
    if (kind === "tiff") return ` ${shown} is a TIFF whose name tells no band.`;
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

/** Patches of one kind form a source; simulated ones one of their own for each simulation. */
function groupPatches(found: readonly FoundPatch[], simulations: readonly string[]): [SourceKind, string | null, FoundPatch[]][] {
  const groups = new Map<string, [SourceKind, string | null, FoundPatch[]]>();
  for (const patch of found) {
    const simulation = simulations.find((folder) => patch.path === folder || patch.path.startsWith(folder + sep)) ?? null;
    const key = `${patch.kind}\0${simulation ?? ""}`;
    const group = groups.get(key) ?? [patch.kind, simulation, []];
    groups.set(key, group);
    group[2].push(patch);
  }
  return [...groups.values()];
}

interface DescribeInput {
  readonly kind: SourceKind;
  readonly root: string;
  readonly patches: readonly FoundPatch[];
  readonly isSimulated: boolean;
  readonly problems: Problem[];
  readonly options: SurveyOptions;
}

/** What was seen of the patches that were opened. */
interface Opened {
  readonly patch: FoundPatch;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly crs: string | null;
  readonly isFloat: boolean;
  readonly ratios: SurveyedSource["ratios"];
  /** Largest value, for floating-point files only. */
  readonly maximum: number;
}

async function describe(input: DescribeInput): Promise<SurveyedSource | null> {
  const { kind, problems, options } = input;
  const { signal } = options;
  const patches = kind === "geotiff-bands" ? await onlyTiffs(input.patches, problems, signal) : input.patches;
  if (patches.length === 0) return null;
  const bands = bandsOf(kind, patches);
  // Problems that the names tell: all patches.
  const whole: FoundPatch[] = [];
  for (const patch of patches) {
    const missing = bands.filter((band) => !patch.bands.includes(band));
    if (missing.length > 0) problems.push({ path: patch.path, reason: missingBands(missing, kind) });
    else if (kind === "bigearthnet-v1" && !patch.hasLabelsFile) problems.push({ path: patch.path, reason: missingLabels(patch) });
    else whole.push(patch);
  }
  // Problems that a look inside tells: a sample.
  const looked: Opened[] = [];
  const unfit = new Set<FoundPatch>();
  for (const patch of spread(whole, OPENED_PATCHES)) {
    await pause(signal);
    try {
      looked.push(await openPatch(patch, bands));
    } catch (error) {
      unfit.add(patch);
      problems.push({ path: patch.path, reason: messageOf(error).replaceAll(`${patch.path}/`, "") });
    }
  }
  const isFloat = 2 * looked.filter((one) => one.isFloat).length > looked.length;
  const opened = looked.filter((one) => one.isFloat === isFloat);
  for (const { patch } of looked.filter((one) => one.isFloat !== isFloat)) {
    unfit.add(patch);
    problems.push({ path: patch.path, reason: otherNumbers(kind, !isFloat) });
  }
  const dates: string[] = [];
  let { isSimulated } = input;
  if (kind === "bigearthnet-v1") {
    let read = 0;
    for (const patch of spread(whole, READ_LABELS)) {
      if (unfit.has(patch)) continue;
      if (read++ % 200 === 0) await pause(signal);
      try {
        const labels = readLabels(labelsFile(patch)!);
        if (labels.date) dates.push(labels.date);
        isSimulated ||= labels.isSimulated;
      } catch (error) {
        unfit.add(patch);
        problems.push({ path: patch.path, reason: messageOf(error).replaceAll(`${patch.path}/`, "") });
      }
    }
  } else {
    for (const { date } of whole) if (date) dates.push(date);
  }
  const usable = whole.filter((patch) => !unfit.has(patch));
  if (usable.length === 0 || opened.length === 0) return null;

  const tilePixels = tileSide(kind, opened, options.tilePixels ?? DEFAULT_TILE_PIXELS);
  if (tilePixels === null) {
    const { width, height } = opened[0]!;
    problems.push({
      path: input.root,
      reason: `rasters of ${width} x ${height} px are smaller than the smallest tile (${SMALLEST_TILE_PIXELS} px).`,
    });
    return null;
  }
  const tilesPerPatch = mean(opened.map(({ width, height }) => Math.floor(width / tilePixels) * Math.floor(height / tilePixels)));
  const isRagged = ({ width, height }: Opened) =>
    Math.min(width, height) >= tilePixels && (width % tilePixels !== 0 || height % tilePixels !== 0);
  const evidence = {
    kind,
    isSimulated,
    sample: spread(usable, OPENED_PATCHES),
    floatMaximum: isFloat ? Math.max(...opened.map(({ maximum }) => maximum)) : null,
  };
  dates.sort(compare);
  return {
    patches: usable,
    raggedScenes: kind === "geotiff-bands" ? Math.round((opened.filter(isRagged).length / opened.length) * usable.length) : 0,
    ratios: opened[0]!.ratios,
    dnScale: dnScaleOf(evidence),
    source: {
      kind,
      path: commonFolder(input.root, patches),
      patches: usable.length,
      tiles: Math.round(tilesPerPatch * usable.length),
      tilePixels,
      bands: [...bands],
      labelled: kind === "geotiff-bands" ? 0 : usable.length,
      dates: dates.length > 0 ? [dates[0]!, dates.at(-1)!] : null,
      crs: [...new Set(opened.flatMap(({ crs }) => (crs ? [crs] : [])))].sort(compare),
      bytes: Math.round(mean(opened.map(({ bytes }) => bytes)) * usable.length),
      radiometry: radiometryOf(evidence, problems),
      simulated: isSimulated,
      notes: [],
    },
  };
}

/** Why a patch without some band is left out. */
export function missingBands(missing: readonly BandName[], kind: SourceKind): string {
  const what = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing.`;
  return kind === "bigearthnet-v1"
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

/** Scenes whose first file is looked into; of more only the names count. */
const SNIFFED_SCENES = 20_000;

/** Leaves out scenes of another format, so that they have no say in which bands the others should have. */
async function onlyTiffs(
  patches: readonly FoundPatch[],
  problems: Problem[],
  signal: AbortSignal | undefined,
): Promise<readonly FoundPatch[]> {
  if (patches.length > SNIFFED_SCENES) return patches;
  const out: FoundPatch[] = [];
  for (let i = 0; i < patches.length; i++) {
    if (i % 200 === 0) await pause(signal);
    const patch = patches[i]!;
    const file = bandFile(patch, patch.bands[0]!)!;
    if (sniffFile(file) === "jpeg2000") {
      const reason = `${relative(patch.path, file)} is a JPEG 2000 image (as in .SAFE products), which is not read. Convert the bands (gdal_translate IN.jp2 OUT_B02.tif) and scan again.`;
      problems.push({ path: patch.path, reason });
    } else {
      out.push(patch);
    }
  }
  return out;
}

/** The bands of a source: what the format prescribes, else those that at least half of the scenes have. */
function bandsOf(kind: SourceKind, patches: readonly FoundPatch[]): readonly BandName[] {
  if (kind === "bigearthnet-v1") return BIGEARTHNET_BANDS;
  if (kind === "eurosat-ms") return BAND_NAMES;
  return BAND_NAMES.filter((band) => {
    const count = patches.filter((patch) => patch.bands.includes(band)).length;
    // Level-2A has no B10, so a scene without it is whole.
    return band === "B10" ? count === patches.length : count * 2 >= patches.length;
  });
}

/** At most `count` items, evenly spread, the first among them. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The deepest folder that holds all patches, at most as high as the folder scanned. */
function commonFolder(root: string, patches: readonly FoundPatch[]): string {
  const parents = patches.map(({ kind, path }) => (kind === "eurosat-ms" ? dirname(dirname(path)) : dirname(path)));
  const holds = (folder: string, other: string) => other === folder || other.startsWith(folder.endsWith(sep) ? folder : folder + sep);
  let common = parents[0]!;
  for (const parent of parents) while (!holds(common, parent)) common = dirname(common);
  return holds(root, common) ? common : root;
}

/** Opens all bands of a patch and checks their sizes. */
async function openPatch(patch: FoundPatch, bands: readonly BandName[]): Promise<Opened> {
  const tiffs = new Map<string, GeoTiff>();
  try {
    const labels = labelsFile(patch);
    let bytes = labels ? sizeOf(labels) : 0;
    for (const file of new Set(bands.map((band) => bandFile(patch, band)!))) {
      bytes += sizeOf(file);
      tiffs.set(file, openGeoTiff(file));
    }
    const rasters = bands.map((band) => ({ band, tiff: tiffs.get(bandFile(patch, band)!)! }));
    const reference = referenceSize(rasters);
    for (const { band, tiff } of rasters) {
      if (patch.kind === "eurosat-ms") eurosatSample(band, tiff);
      else singleBand(tiff);
      checkSize(patch.kind, band, tiff, reference);
    }
    const floats = rasters.filter(({ tiff }) => tiff.dtype.startsWith("float"));
    return {
      patch,
      width: reference.width,
      height: reference.height,
      ratios: Object.fromEntries(rasters.map(({ band, tiff }) => [band, ratioTo10m(reference.width, tiff.width)!])),
      bytes,
      crs: rasters[0]!.tiff.crs,
      isFloat: floats.length > 0,
      maximum: floats.length > 0 ? await maximumOf(floats[0]!.tiff) : 0,
    };
  } finally {
    for (const tiff of tiffs.values()) tiff.close();
  }
}

/** Size on the 10 m grid: of a 10 m band, else told from the finest band there is. */
export function referenceSize(rasters: readonly { readonly band: BandName; readonly tiff: Pick<GeoTiff, "width" | "height"> }[]): {
  width: number;
  height: number;
} {
  const finest = rasters.reduce((a, b) => (BANDS[b.band].gsdMetres < BANDS[a.band].gsdMetres ? b : a));
  const factor = BANDS[finest.band].gsdMetres / 10;
  return { width: finest.tiff.width * factor, height: finest.tiff.height * factor };
}

function checkSize(kind: SourceKind, band: BandName, tiff: GeoTiff, reference: { width: number; height: number }): void {
  if (tiff.dtype === "uint8" || tiff.dtype === "int8")
    throw new AppError("UNSUPPORTED", `${tiff.path} has 8-bit values: a picture, not reflectance. Use the 16-bit product.`);
  const expected =
    kind === "bigearthnet-v1" ? (BIGEARTHNET_PIXELS * 10) / BANDS[band].gsdMetres : kind === "eurosat-ms" ? EUROSAT_PIXELS : null;
  if (expected !== null) {
    if (tiff.width === expected && tiff.height === expected) return;
    throw new AppError(
      "BAD_FILE",
      `${tiff.path}: ${band} is ${tiff.width} x ${tiff.height} px, not ${expected} x ${expected} as the format has it. Copy or download it again.`,
    );
  }
  if (
    ratioTo10m(reference.width, tiff.width) === undefined ||
    ratioTo10m(reference.height, tiff.height) !== ratioTo10m(reference.width, tiff.width)
  ) {
    throw new AppError(
      "BAD_FILE",
      `${tiff.path}: ${band} is ${tiff.width} x ${tiff.height} px, which is neither all, half nor a sixth of ${reference.width} x ${reference.height}. Bring the bands to one extent (gdalwarp -te).`,
    );
  }
}

/** Largest value in the middle of a raster. */
async function maximumOf(tiff: GeoTiff): Promise<number> {
  const width = Math.min(tiff.width, 256);
  const height = Math.min(tiff.height, 256);
  const values = await tiff.readWindow({
    band: 0,
    x: Math.floor((tiff.width - width) / 2),
    y: Math.floor((tiff.height - height) / 2),
    width,
    height,
  });
  let maximum = 0;
  for (const value of values) if (value > maximum && value !== tiff.nodata) maximum = value;
  return maximum;
}

/** The side of a tile: what was asked for, or the whole raster where that is smaller. */
function tileSide(kind: SourceKind, opened: readonly Opened[], wanted: number): number | null {
  const largest = Math.max(...opened.map(({ width, height }) => Math.min(width, height)));
  const side = Math.min(wanted, kind === "eurosat-ms" ? EUROSAT_PIXELS : largest);
  return side >= SMALLEST_TILE_PIXELS ? side : null;
}
