// Writes a simulated data set in BigEarthNet v1's layout. Stopped at any time, it goes on where it stopped and ends with the same bytes.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { CORINE_CLASSES, isPositive, LABEL_SETS } from "../../../shared/domain/labels.ts";
import { SampleOptions } from "../../../shared/domain/sample-options.ts";
import { createSimulation, maxPatches } from "../../../shared/raster/scene/patch.ts";
import { GRANULES, SCENES_PER_GRANULE, type Scene, sceneOf } from "../../../shared/raster/scene/places.ts";
import { SIMULATED_BANDS } from "../../../shared/raster/scene/spectra.ts";
import { isWholeImage, patchFiles } from "./patch-files.ts";

/** Changes whenever the same options give other pixels. */
const MODEL_VERSION = 2;
const RECORD = "simulation.json";
const PARTIAL = /^\.partial-(\d+)-[0-9a-f]+$/;
const PROGRESS_EVERY_MS = 100;

export interface SampleProgress {
  readonly done: number;
  readonly total: number;
}

export interface SampleResult {
  readonly patches: number;
  /** Patches that an earlier, interrupted run had written. */
  readonly resumed: number;
  readonly seconds: number;
  /** Patches by class; a patch counts for each of its labels. */
  readonly classes: Readonly<Record<string, number>>;
  /** Share of positive patches by label set. */
  readonly positiveShares: Readonly<Record<keyof typeof LABEL_SETS, number>>;
}

/** The part of `simulation.json` that decides whether a folder may be gone on with. */
const SampleRecord = z.looseObject({ version: z.literal(1), modelVersion: z.number(), options: SampleOptions, isComplete: z.boolean() });

const NOTICE =
  "These images are SIMULATED. No satellite took them, and no place on Earth looks like them: names, dates and coordinates only imitate BigEarthNet v1. " +
  "Use them to try the software, never for a statement about land.";

/**
 * Writes a simulated sample.
 * @param folder created when absent; must be empty, or an earlier sample with the same options (of as many patches or fewer)
 * @param options unset ones take their defaults; `onProgress` is called at most ten times a second
 * @throws AppError BAD_ARGUMENT, ALREADY_EXISTS (the folder holds something else), NOT_A_FOLDER, NO_ACCESS, DISK_FULL; the signal's reason
 */
export async function writeSample(
  folder: string,
  options: z.input<typeof SampleOptions> & { onProgress?: (progress: SampleProgress) => void; signal?: AbortSignal },
): Promise<SampleResult> {
  const { onProgress, signal, ...given } = options;
  const checked = SampleOptions.safeParse(given);
  if (!checked.success) throw new AppError("BAD_ARGUMENT", `The sample's settings are not valid: ${z.prettifyError(checked.error)}`);
  const settings = checked.data;
  if (settings.patches > maxPatches(settings.granules)) {
    const most = maxPatches(settings.granules);
    throw new AppError(
      "BAD_ARGUMENT",
      `${settings.granules} granules have ${most} patches at most. Ask for fewer patches or more granules.`,
    );
  }
  signal?.throwIfAborted();
  const startedAt = performance.now();
  try {
    await claimFolder(folder, settings);
    const counts = new Map<string, number>();
    const positives = { regular: 0, extended: 0 };
    let resumed = 0;
    const aside = join(folder, `.partial-${process.pid}-${randomBytes(4).toString("hex")}`);
    await mkdir(aside);
    try {
      const simulation = createSimulation(settings);
      let toldAt = Number.NEGATIVE_INFINITY;
      for (let index = 0; index < settings.patches; index++) {
        await nextTurn();
        signal?.throwIfAborted();
        const { name } = simulation.place(index);
        let labels = readWholePatch(join(folder, name), name);
        if (labels) resumed++;
        else {
          const patch = simulation.patch(index);
          labels = patch.labels;
          await writePatch(folder, aside, name, patchFiles(patch));
        }
        for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
        if (isPositive(labels, LABEL_SETS.regular)) positives.regular++;
        if (isPositive(labels, LABEL_SETS.extended)) positives.extended++;
        const now = performance.now();
        if (onProgress && (now - toldAt >= PROGRESS_EVERY_MS || index + 1 === settings.patches)) {
          toldAt = now;
          onProgress({ done: index + 1, total: settings.patches });
        }
      }
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    const classes = Object.fromEntries(CORINE_CLASSES.flatMap((name) => (counts.has(name) ? [[name, counts.get(name)!]] : [])));
    const positiveShares = { regular: positives.regular / settings.patches, extended: positives.extended / settings.patches };
    await writeRecord(folder, settings, { isComplete: true, classes, positiveShares });
    return { patches: settings.patches, resumed, seconds: (performance.now() - startedAt) / 1000, classes, positiveShares };
  } catch (error) {
    throw asAppError(error, folder);
  }
}

/** Makes the folder ours: empty so far, or a sample with these options. Clears what a killed run left aside. */
async function claimFolder(folder: string, settings: SampleOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder);
  const partial = entries.filter((entry) => PARTIAL.test(entry));
  if (entries.length > partial.length) {
    const found = await readRecord(folder);
    if (!found) {
      throw new AppError("ALREADY_EXISTS", `${folder} is not empty and holds no simulated sample. Choose an empty or new folder.`, {
        data: { folder },
      });
    }
    const { patches: _, ...wanted } = settings;
    const { patches: held, ...had } = found.options;
    const isSame = found.modelVersion === MODEL_VERSION && JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(had));
    if (!isSame || held > settings.patches) {
      const what = found.modelVersion === MODEL_VERSION ? "other settings" : "another version of the simulation";
      const rest = isSame
        ? `${held} patches already. Ask for at least as many, or choose another folder.`
        : `${held} patches of seed ${had.seed}, made with ${what}. Choose another folder.`;
      throw new AppError("ALREADY_EXISTS", `${folder} holds a simulated sample of ${rest}`, {
        data: { folder, found: found.options },
      });
    }
  }
  for (const entry of partial) {
    if (!isAlive(Number(PARTIAL.exec(entry)![1]))) await rm(join(folder, entry), { recursive: true, force: true });
  }
  await writeFileAside(join(folder, "README.txt"), readme(settings));
  await writeRecord(folder, settings, { isComplete: false });
}

const sorted = (options: object) => Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function readRecord(folder: string): Promise<z.infer<typeof SampleRecord> | undefined> {
  try {
    return SampleRecord.parse(JSON.parse(await readFile(join(folder, RECORD), "utf8")));
  } catch {
    return undefined;
  }
}

async function writeRecord(
  folder: string,
  settings: SampleOptions,
  state: { isComplete: boolean } & Record<string, unknown>,
): Promise<void> {
  const scenes = Array.from({ length: settings.granules }, (_, granule) =>
    Array.from({ length: SCENES_PER_GRANULE }, (_, overpass) => sceneRecord(sceneOf(settings.seed, granule, overpass))),
  ).flat();
  const record = { version: 1, modelVersion: MODEL_VERSION, isSimulation: true, notice: NOTICE, options: settings, ...state, scenes };
  await writeFileAside(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

const sceneRecord = ({ granule, sunElevationRadians, sunAzimuthRadians, ...scene }: Scene) => ({
  tile: granule.tile,
  place: granule.place,
  ...scene,
  sunElevationDegrees: (sunElevationRadians * 180) / Math.PI,
  sunAzimuthDegrees: (sunAzimuthRadians * 180) / Math.PI,
});

async function writeFileAside(path: string, text: string): Promise<void> {
  await writeFile(`${path}.partial`, text);
  await rename(`${path}.partial`, path);
}

/** The labels of a patch that lies there whole; `undefined` when it has to be written. */
function readWholePatch(folder: string, name: string): readonly string[] | undefined {
  const options = { throwIfNoEntry: false } as const;
  if (!statSync(folder, options)) return undefined;
  for (const band of SIMULATED_BANDS) {
    const file = statSync(join(folder, `${name}_${band}.tif`), options);
    if (!file || !isWholeImage(band, file.size)) return undefined;
  }
  try {
    const text = readFileSync(join(folder, `${name}_labels_metadata.json`), "utf8");
    return z.looseObject({ labels: z.array(z.string()) }).parse(JSON.parse(text)).labels;
  } catch {
    return undefined;
  }
}

/** Writes a patch's folder aside, then moves it into place. Synchronous calls: at these sizes they cost a third of asynchronous ones. */
async function writePatch(root: string, aside: string, name: string, files: readonly [string, Buffer | string][]): Promise<void> {
  const from = join(aside, name);
  const to = join(root, name);
  mkdirSync(from);
  for (const [file, content] of files) writeFileSync(join(from, file), content);
  if (statSync(to, { throwIfNoEntry: false })) await rm(to, { recursive: true, force: true });
  renameSync(from, to);
}

function asAppError(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const known = {
    ENOSPC: [
      "DISK_FULL",
      `The disk is full: the sample in ${folder} is not complete. Make room and run the same command again; it goes on.`,
    ],
    EDQUOT: [
      "DISK_FULL",
      `The disk quota is used up: the sample in ${folder} is not complete. Make room and run the same command again; it goes on.`,
    ],
    EACCES: ["NO_ACCESS", `${folder} can't be written. Choose a folder that you may write to.`],
    EPERM: ["NO_ACCESS", `${folder} can't be written. Choose a folder that you may write to.`],
    EROFS: ["NO_ACCESS", `${folder} lies on a read-only disk. Choose another folder.`],
    ENOTDIR: ["NOT_A_FOLDER", `${folder} is not a folder. Choose a new or empty folder.`],
    EEXIST: ["NOT_A_FOLDER", `${folder} is a file. Choose a new or empty folder.`],
  } as const;
  if (error instanceof AppError || code === undefined || !(code in known)) return error;
  const [appCode, message] = known[code as keyof typeof known];
  return new AppError(appCode, message, { data: { folder, reason: messageOf(error) }, cause: error });
}

function readme(settings: SampleOptions): string {
  const places = GRANULES.slice(0, settings.granules).map(({ tile, place }) => `T${tile} (${place})`);
  return `${NOTICE}

Layout: BigEarthNet v1. One folder a patch with 12 GeoTIFF files (B01 to B12 and B8A, no B10; 120, 60 or 20 pixels a side for 10, 20 and 60 m),
digital numbers = reflectance x 10,000, and <patch>_labels_metadata.json. Each tile_source begins with SIMULATION_.

Seed ${settings.seed}. Granules imitated: ${places.join(", ")}.
The parameters, and each scene's sun, haze and gain, are in ${RECORD}. The same parameters give the same bytes.

How it is made: a landscape at 5 m (fields, pivots, orchards, woods, towns, water), what stands in each field on the day (leaf area, chlorophyll,
water, dry matter over dry or wet soil), light on slopes, haze, the sensor's point spread function, sampling to 10, 20 and 60 m, and noise by
Sentinel-2's specification. A class is a label when it covers at least 7 % of the patch.
`;
}
