// Which tiles a run uses: for pretraining all but the test part, the same for every arm and seed of a study; and those with labels.
import type { Tile } from "../../shared/domain/dataset.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { createLabelDraws } from "../../shared/domain/label-draw.ts";
import { isPositive } from "../../shared/domain/labels.ts";
import { FinetuneSettings, type RunConfig } from "../../shared/domain/run-config.ts";
import { drawPretrainingRows, drawProbeRows, type PlacedTile, type Split, splitTiles } from "../../shared/domain/splits.ts";

/** What is looked at of the catalogue. */
export type RunTile = PlacedTile & Pick<Tile, "index">;

/** The parts of the tiles with labels. Pretraining only: the default label sets decide, so that a fine-tuning later on by default tests on unseen tiles. */
export function splitLabelled(labelled: readonly RunTile[], finetune: FinetuneSettings): Split {
  const labelSets = finetune.labelSets.length > 0 ? finetune.labelSets : FinetuneSettings.parse({}).labelSets;
  return splitTiles(labelled, { ...finetune, labelSets });
}

export interface RunTiles {
  /** Rows of the store to pretrain on; none of them is in the test part. */
  readonly pretraining: Int32Array;
  readonly probe: { readonly rows: Int32Array; readonly labels: Uint8Array | null };
  readonly labelled: readonly RunTile[];
}

/**
 * Chooses a run's tiles.
 * @throws AppError NO_DATA when a label set cannot be scored, before any time is spent on pretraining; BAD_ARGUMENT for shares beyond 1
 */
export function chooseRunTiles(tiles: readonly RunTile[], config: RunConfig): RunTiles {
  const { finetune, pretrain } = config;
  const labelled = tiles.filter(({ labels }) => labels !== null);
  if (finetune.trainShare + finetune.validationShare >= 1)
    throw new AppError(
      "BAD_ARGUMENT",
      `finetune.trainShare and finetune.validationShare (${finetune.trainShare} + ${finetune.validationShare}) leave no tiles for the test. Together they must stay below 1.`,
    );
  const split = splitLabelled(labelled, finetune);
  if (labelled.length > 0)
    for (const labelSet of finetune.labelSets) createLabelDraws({ tiles: labelled, split, settings: finetune, labelSet });

  const test = new Set(split.test);
  const pretraining = drawPretrainingRows(Int32Array.from(tiles.map(({ index }) => index).filter((row) => !test.has(row))), pretrain.tiles);
  const labelSet = finetune.labelSets[0];
  const training = new Set(pretraining);
  const known = labelSet ? labelled.filter(({ index }) => training.has(index)) : [];
  const positives = new Set(known.filter(({ labels }) => isPositive(labels!, labelSet!)).map(({ index }) => index));
  const isPositiveRow = positives.size > 0 ? (row: number) => positives.has(row) : null;
  const among = isPositiveRow ? Int32Array.from(known, ({ index }) => index) : pretraining;
  const rows = drawProbeRows(among, pretrain.probeTiles, isPositiveRow);
  const labels = isPositiveRow ? Uint8Array.from(rows, (row) => (isPositiveRow(row) ? 1 : 0)) : null;
  return { pretraining, probe: { rows, labels }, labelled };
}
