// Which labelled tiles a fine-tuning sees: a percent of the training labels, balanced, drawn anew for each draw; and the test tiles, always the same.
import { AppError } from "./errors.ts";
import { isPositive, type LabelSet } from "./labels.ts";
import { Random } from "./random.ts";
import type { FinetuneSettings } from "./run-config.ts";
import { PARTS, type Part, type PlacedTile, SPLIT_SEED, type Split } from "./splits.ts";

/** Rows of the store with their labels. */
export interface LabelledRows {
  readonly rows: Int32Array;
  /** 1 positive, 0 negative. */
  readonly labels: Uint8Array;
}

export type LabelDraw = Readonly<Record<Part, LabelledRows>>;

export interface LabelDrawOptions {
  readonly tiles: readonly PlacedTile[];
  readonly split: Split;
  readonly settings: Pick<FinetuneSettings, "balanced" | "minimumPerClass">;
  readonly labelSet: LabelSet;
  /** Percent of the training and validation labels, 0..100; all test tiles are used at any percent. */
  readonly percent: number;
  /** 0, 1, ...: hangs on nothing of the arm or its seed, so arms are compared on the same tiles. */
  readonly draw: number;
}

/**
 * Draws the labelled tiles of one fine-tuning. Of each class the same percent is taken, at least `minimumPerClass` (as many as there are,
 * in validation); `balanced` first cuts the more frequent class of every part down to the other, as the study did (570 / 122 / 4,076 tiles at 3 %).
 * @throws AppError NO_DATA when a part has too few of a class
 */
export function drawLabels({ tiles, split, settings, labelSet, percent, draw }: LabelDrawOptions): LabelDraw {
  const positiveRows = new Set(tiles.filter(({ labels }) => labels !== null && isPositive(labels, labelSet)).map(({ index }) => index));
  checkClasses(tiles, positiveRows.size, labelSet);
  const take = (part: Part): LabelledRows => {
    const isTest = part === "test";
    const random = isTest
      ? Random.of(SPLIT_SEED, "test labels", labelSet.name)
      : Random.of(SPLIT_SEED, "labels", part, labelSet.name, percent * 1000, draw);
    const classes = [
      random.shuffled([...split[part]].filter((row) => positiveRows.has(row))),
      random.shuffled([...split[part]].filter((row) => !positiveRows.has(row))),
    ];
    const least = part === "train" ? settings.minimumPerClass : 1;
    checkPart(part, classes, least, labelSet, settings.minimumPerClass);
    const rarer = Math.min(...classes.map((rows) => rows.length));
    const [positives, negatives] = classes.map((rows) => {
      const pool = settings.balanced ? rarer : rows.length;
      const share = isTest ? pool : Math.max(settings.minimumPerClass, Math.round((pool * percent) / 100));
      return rows.slice(0, Math.min(pool, share));
    }) as [number[], number[]];
    const rows = [...positives, ...negatives].sort((a, b) => a - b);
    return { rows: Int32Array.from(rows), labels: Uint8Array.from(rows, (row) => (positiveRows.has(row) ? 1 : 0)) };
  };
  const [train, validation, test] = PARTS.map(take) as [LabelledRows, LabelledRows, LabelledRows];
  return { train, validation, test };
}

function checkClasses(tiles: readonly PlacedTile[], positives: number, labelSet: LabelSet): void {
  if (positives > 0 && positives < tiles.length) return;
  const present = new Map<string, number>();
  for (const { labels } of tiles) for (const label of labels ?? []) present.set(label, (present.get(label) ?? 0) + 1);
  const names = [...present].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} (${count})`);
  throw new AppError(
    "NO_DATA",
    `label set ${labelSet.name} (${labelSet.classes.join(", ")}) has ${positives} positive tiles among ${tiles.length} labelled ones, and needs some of both kinds. ` +
      `Choose a label set from the classes present: ${names.slice(0, 8).join(", ") || "none"}${names.length > 8 ? ", ..." : ""}.`,
    { data: { labelSet: labelSet.name, positives, tiles: tiles.length } },
  );
}

function checkPart(part: Part, classes: readonly number[][], least: number, labelSet: LabelSet, minimumPerClass: number): void {
  const [positives, negatives] = classes as [number[], number[]];
  if (positives.length >= least && negatives.length >= least) return;
  throw new AppError(
    "NO_DATA",
    `label set ${labelSet.name} has ${positives.length} positive and ${negatives.length} negative tiles in the ${part} part, and needs ${least} of each. ` +
      `Ingest more labelled tiles, make the blocks of the spatial split smaller, ${part === "train" && minimumPerClass > 1 ? "lower the least labelled tiles a class, " : ""}or split at random.`,
    { data: { labelSet: labelSet.name, part, positives: positives.length, negatives: negatives.length } },
  );
}
