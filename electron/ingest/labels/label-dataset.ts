// Gives the tiles of a data set labels from a file, or takes tiles out of use; or tells what that would do.
import { createHash } from "node:crypto";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { LabelReport, LabelRequest } from "../../../shared/domain/labelling.ts";
import { readTileUse, rewriteLabels, type TileUse } from "../catalogue/catalogue.ts";
import { readDataset } from "../catalogue/dataset-folder.ts";
import { lockDataset } from "../catalogue/lock.ts";
import { Pace } from "../readers/pace.ts";
import { readExclusions, readLabelTable } from "./label-table.ts";
import { labelsByPolygons } from "./polygon-labels.ts";
import { readPolygons } from "./polygon-set.ts";
import { Skips } from "./skips.ts";

export interface LabelOptions extends LabelRequest {
  readonly datasetFolder: string;
  /** Tell what would be done, and leave the data set alone. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** What a file says of the tiles, in row order. */
interface Given {
  /** Class names; null where it says nothing. */
  readonly labels: readonly (string[] | null)[];
  readonly items: LabelReport["items"];
  readonly read: number;
  readonly used: number;
  readonly notes: readonly string[];
}

const LISTED_IDS = 3;
const PROGRESS_MS = 200;

/**
 * Labels a data set. Its catalogue and record are replaced together, each atomically; its fingerprint is then made of the one of its ingest
 * and the labels, so that equal labels give equal fingerprints, however they came about.
 * @throws AppError NOT_FOUND, BUSY, BAD_FILE, BAD_ARGUMENT, UNSUPPORTED, NO_DATA when the file tells of no tile
 */
export async function labelDataset(options: LabelOptions): Promise<LabelReport> {
  const { datasetFolder, source, complete, dryRun = false } = options;
  const unlock = dryRun ? async () => {} : await lockDataset(datasetFolder);
  try {
    const dataset = await readDataset(datasetFolder);
    const before = await readTileUse(datasetFolder);
    const mode = modeOf(options, before);
    const skips = new Skips();
    const given = await read(options, dataset, before, skips);
    options.signal?.throwIfAborted();
    const after =
      source.kind === "exclude"
        ? exclude(before, given, mode)
        : { ...before, labels: merge(before.labels, given.labels, mode === "add" ? "add" : "replace", complete) };
    const report: LabelReport = {
      source,
      mode,
      complete,
      date: new Date().toISOString(),
      items: given.items,
      read: given.read,
      used: given.used,
      matched: given.labels.filter((labels) => labels !== null).length,
      labelled: after.labels.filter((labels) => labels !== null).length,
      excluded: after.excluded.filter(Boolean).length,
      tiles: dataset.tiles,
      classes: countClasses(after.labels),
      skipped: skips.list(),
      notes: [...given.notes],
    };
    if (!dryRun) {
      const ingestFingerprint = dataset.labelling?.ingestFingerprint ?? dataset.fingerprint;
      await rewriteLabels(datasetFolder, after, {
        ...dataset,
        classes: report.classes,
        fingerprint: fingerprintOf(ingestFingerprint, after),
        labelling: { ingestFingerprint, reports: [...(dataset.labelling?.reports ?? []), report] },
      });
    }
    return report;
  } finally {
    await unlock().catch(() => {});
  }
}

/** @throws AppError BAD_ARGUMENT when it must be chosen and is not */
function modeOf({ source, mode }: LabelRequest, before: TileUse): NonNullable<LabelRequest["mode"]> {
  if (mode === "remove" && source.kind !== "exclude")
    throw new AppError(
      "BAD_ARGUMENT",
      "Only tiles of an exclusion list can be put back. Labels are added, or replace those that are there.",
    );
  if (mode !== null) return mode;
  const has = source.kind === "exclude" ? before.excluded.some(Boolean) : before.labels.some((labels) => labels !== null);
  if (!has) return "replace";
  const what = source.kind === "exclude" ? "leaves tiles out of use" : "has labels";
  throw new AppError("BAD_ARGUMENT", `The data set ${what} already. Choose whether to add to them (--add) or to replace them (--replace).`);
}

async function read({ source, signal, onProgress }: LabelOptions, dataset: Dataset, tiles: TileUse, skips: Skips): Promise<Given> {
  const pace = new Pace(signal);
  switch (source.kind) {
    case "csv": {
      const { classNames, classes, rows, notes } = await readLabelTable({ ...source, skips, pace });
      const labels = tiles.id.map((id) => classes.get(id)?.map((number) => classNames[number]!) ?? null);
      return { labels, items: "rows", read: rows, used: matchIds(source.path, classes, tiles.id, skips), notes };
    }
    case "exclude": {
      const ids = await readExclusions(source.paths, skips, pace);
      const used = matchIds(source.paths.join(", "), ids, tiles.id, skips);
      return { labels: tiles.id.map((id) => (ids.has(id) ? [] : null)), items: "rows", read: ids.size, used, notes: [] };
    }
    case "vector": {
      const set = await readPolygons({ ...source, skips, pace });
      const report = throttled(onProgress, tiles.id.length);
      const options = { tilePixels: dataset.tilePixels, minimumShare: source.minimumShare, skips, pace, onProgress: report };
      const { classes, used } = await labelsByPolygons(set, tiles, options);
      const labels = classes.map((numbers) => numbers?.map((number) => set.classNames[number]!) ?? null);
      return { labels, items: "polygons", read: set.read, used, notes: set.notes };
    }
  }
}

function throttled(onProgress: LabelOptions["onProgress"], total: number): (done: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (done) => {
    const now = performance.now();
    if (!onProgress || (done < total && now - last < PROGRESS_MS)) return;
    last = now;
    onProgress({ done, total });
  };
}

/** @returns ids of the file that are tiles'. @throws AppError NO_DATA when none is */
function matchIds(path: string, ids: ReadonlySet<string> | ReadonlyMap<string, unknown>, tiles: readonly string[], skips: Skips): number {
  const known = new Set(tiles);
  let used = 0;
  for (const id of ids.keys()) {
    if (known.has(id)) used++;
    else skips.add("row of no tile in the data set", id);
  }
  if (used > 0) return used;
  const some = (all: Iterable<string>) => [...all].slice(0, LISTED_IDS).join(", ");
  throw new AppError(
    "NO_DATA",
    `None of the ${ids.size} ids in ${path} is a tile of the data set. It has ${some(ids.keys())}; the data set has ${some(tiles)}. Write the ids as \`tiles\` lists them, or name the column that holds them.`,
    { data: { path } },
  );
}

type Labels = TileUse["labels"];

function merge(before: Labels, given: Given["labels"], mode: "replace" | "add", complete: boolean): Labels {
  return given.map((labels, i): string[] | null => {
    const stated = labels ?? (complete ? [] : null);
    if (mode === "replace") return stated;
    const present = before[i]!;
    return stated === null || present === null ? (present ?? stated) : [...new Set([...present, ...stated])];
  });
}

function exclude(before: TileUse, { labels }: Given, mode: NonNullable<LabelRequest["mode"]>): TileUse {
  const isExcluded = (isListed: boolean, wasExcluded: boolean) => {
    if (mode === "remove") return wasExcluded && !isListed;
    return isListed || (mode === "add" && wasExcluded);
  };
  return { ...before, excluded: labels.map((listed, i) => isExcluded(listed !== null, before.excluded[i]!)) };
}

function countClasses(labels: Labels): LabelReport["classes"] {
  const counts = new Map<string, number>();
  for (const own of labels) for (const name of own ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, tiles]) => ({ name, tiles })).sort((a, b) => b.tiles - a.tiles || (a.name < b.name ? -1 : 1));
}

function fingerprintOf(ingestFingerprint: string, { labels, excluded }: TileUse): string {
  const hash = createHash("sha256").update(ingestFingerprint);
  for (const [i, own] of labels.entries()) hash.update(JSON.stringify([own && [...own].sort(), excluded[i]]));
  return hash.digest("hex");
}
