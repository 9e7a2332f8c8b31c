// Which labelled tiles a fine-tuning sees: a percent of the training labels, balanced, drawn anew for each draw; and the test tiles, always the same.
import { AppError } from "./errors.ts";
import { isPositive, type LabelSet } from "./labels.ts";
import { Random } from "./random.ts";
import type { FinetuneSettings } from "./run-config.ts";
import { type Part, type PlacedTile, SPLIT_SEED, type Split } from "./splits.ts";

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
}

/**
 * Draws the labelled tiles of fine-tunings with a label set. Of each class the same percent is taken, at least `minimumPerClass` (as many as
 * there are, in validation); `balanced` first cuts the more frequent class of every part down to the other, as the study did
 * (570 / 122 / 4,076 tiles at 3 %). All test tiles are used at any percent, and they are the same in every draw.
 * @returns a function of the percent (0..100) and the number of the draw. Nothing of arm or seed enters, so arms are compared on the same tiles.
 * @throws AppError NO_DATA when a part has too few of a class
 */
export function createLabelDraws({ tiles, split, settings, labelSet }: LabelDrawOptions): (percent: number, draw: number) => LabelDraw {
  const positiveRows = new Set(tiles.filter(({ labels }) => labels !== null && isPositive(labels, labelSet)).map(({ index }) => index));
  checkClasses(tiles, positiveRows.size, labelSet);
  const classesOf = (part: Part): Classes => {
    const rows = [...split[part]];
    const classes = { positives: rows.filter((row) => positiveRows.has(row)), negatives: rows.filter((row) => !positiveRows.has(row)) };
    checkPart(part, classes, { least: part === "train" ? settings.minimumPerClass : 1, labelSet });
    return classes;
  };
  const available = { train: classesOf("train"), validation: classesOf("validation"), test: classesOf("test") };

  function take(part: Part, percent: number, random: Random): LabelledRows {
    const { positives, negatives } = available[part];
    const rarer = Math.min(positives.length, negatives.length);
    const rows = [positives, negatives].flatMap((candidates) => {
      const pool = settings.balanced ? rarer : candidates.length;
      const share = Math.max(settings.minimumPerClass, Math.round((pool * percent) / 100));
      return random.shuffled(candidates).slice(0, Math.min(pool, share));
    });
    rows.sort((a, b) => a - b);
    return { rows: Int32Array.from(rows), labels: Uint8Array.from(rows, (row) => (positiveRows.has(row) ? 1 : 0)) };
  }

  const test = take("test", 100, Random.of(SPLIT_SEED, "test labels", labelSet.name));
  return (percent, draw) => {
    const random = (part: Part) => Random.of(SPLIT_SEED, "labels", part, labelSet.name, Math.round(percent * 1000), draw);
    return { train: take("train", percent, random("train")), validation: take("validation", percent, random("validation")), test };
  };
}

interface Classes {
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

function checkClasses(tiles: readonly PlacedTile[], positives: number, labelSet: LabelSet): void {
  if (positives > 0 && positives < tiles.length) return;
  const present = new Map<string, number>();
  for (const { labels } of tiles) for (const label of labels ?? []) present.set(label, (present.get(label) ?? 0) + 1);
  const names = [...present].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} (${count})`);
  throw new AppError(
    "NO_DATA",
    `label set ${labelSet.name} (${labelSet.classes.join(", ")}) has ${positives} positive tiles among ${tiles.length} labelled ones, and needs some of both kinds. ` +
      `Choose a label set from the classes present: ${names.slice(0, 8).join(", ") || "none"}${names.length > 8 ? ` and ${names.length - 8} more` : ""}.`,
    { data: { labelSet: labelSet.name, positives, tiles: tiles.length } },
  );
}

function checkPart(part: Part, { positives, negatives }: Classes, { least, labelSet }: { least: number; labelSet: LabelSet }): void {
  if (positives.length >= least && negatives.length >= least) return;
  throw new AppError(
    "NO_DATA",
    `label set ${labelSet.name} has ${positives.length} positive and ${negatives.length} negative tiles in the ${part} part, and needs ${least} of each. ` +
      `Ingest more labelled tiles, make the blocks of the spatial split smaller, ${least > 1 ? "lower the least labelled tiles a class, " : ""}or split at random.`,
    { data: { labelSet: labelSet.name, part, positives: positives.length, negatives: negatives.length } },
  );
}
