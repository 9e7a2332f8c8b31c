// Features of a data set's tiles by the encoder of a run, as evaluation makes them: running statistics made anew from training tiles, then the
// encoder's output. Written as they come, so that an ended call is gone on with.
import { rename, rm } from "node:fs/promises";
import { EmbeddingRecord, MOST_EMBEDDED_TILES } from "../../shared/domain/embedding.ts";
import type { EngineInfo } from "../../shared/domain/engine.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { Random } from "../../shared/domain/random.ts";
import { FinetuneSettings, type RunConfig } from "../../shared/domain/run-config.ts";
import { splitTiles } from "../../shared/domain/splits.ts";
import { CONTROL_ARM } from "../../shared/domain/study.ts";
import { decodeCheckpoint, modelFromCheckpoint, modelFromEncoder } from "../../shared/learning/checkpoint.ts";
import { createRepresentation } from "../../shared/learning/features.ts";
import { createTileFeed } from "../../shared/learning/feed.ts";
import { drawCalibrationRows } from "../../shared/learning/finetune.ts";
import { createNetwork, initialiseModel, type Model } from "../../shared/learning/model.ts";
import { createInput } from "../../shared/learning/setup.ts";
import { encodeNpy } from "../../shared/raster/npy.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { openTileStore } from "../ingest/store/tile-store.ts";
import { readCheckpointAt } from "../runs/checkpoints.ts";
import { embeddingFiles, embeddingKey, makeEmbeddingFolder, openFeaturePart } from "../runs/embeddings.ts";
import { readRun } from "../runs/run-folder.ts";
import { precisionOf } from "./engines/precision.ts";
import type { ProgramsOf } from "./engines/programs.ts";
import { catalogue, startFromFile } from "./execute-run.ts";
import type { RunTile } from "./run-tiles.ts";
import { readEncoder } from "./weights-files.ts";

export interface EmbedRunOptions {
  readonly runFolder: string;
  readonly datasetFolder: string;
  /** As in `EmbeddingStage`. */
  readonly stage: string;
  readonly engine: EngineInfo;
  readonly programs: ProgramsOf;
  readonly signal: AbortSignal;
}

/**
 * Writes `features.npy`, `tiles.npy` and, last, `embedding.json` of a stage.
 * @throws AppError NOT_FOUND without the run or its weights, BAD_FILE, DISK_FULL; the signal's reason
 */
export async function* embedRun(options: EmbedRunOptions): AsyncGenerator<{ done: number; total: number }, void> {
  const { runFolder, datasetFolder, stage, engine, programs, signal } = options;
  const startedAt = Date.now();
  const config = (await readRun(runFolder))?.config;
  if (!config) throw new AppError("NOT_FOUND", `${runFolder} holds no run. Run the study first.`);
  const reader = await openTileStore(datasetFolder);
  const { dataset } = reader;
  const key = await embeddingKey(runFolder, stage, dataset);
  const { model, step } = await modelOf(runFolder, stage, config);
  const preparation = createInput(config, reader.layout);
  try {
    const inUse = await catalogue(datasetFolder);
    const rows = embeddedRows(inUse);
    if (rows.length === 0) throw new AppError("NO_DATA", `The data set "${dataset.name}" has no tiles in use.`);
    const calibrationRows = drawCalibrationRows(trainingRows(inUse, config));
    const source = { reader, preparation, memoryBudgetBytes: 0, signal };
    const feed = await createTileFeed({ ...source, rows });
    const calibration = { tiles: await createTileFeed({ ...source, rows: calibrationRows }), count: calibrationRows.length };
    const precision = precisionOf(config.precision, engine);
    const representation = createRepresentation({
      model,
      layer: "h",
      calibration,
      tiles: feed,
      count: rows.length,
      programs: programs(precision),
    });
    const files = embeddingFiles(runFolder, stage);
    try {
      const { width } = representation;
      await makeEmbeddingFolder(files.folder);
      const part = await openFeaturePart(files, { key, tiles: rows.length, width });
      try {
        yield { done: part.done, total: rows.length };
        if (part.done < rows.length) await representation.recalibrate(signal);
        for await (const { at, values } of representation.batches(signal, part.done)) {
          await part.write(at, values);
          yield { done: at + values.length / width, total: rows.length };
        }
        await part.sync();
      } finally {
        await part.close();
      }
      const record: EmbeddingRecord = {
        version: 1,
        key,
        created: new Date().toISOString(),
        step,
        layer: "h",
        tiles: rows.length,
        tilesInUse: inUse.length,
        width,
        dataset: { name: dataset.name, fingerprint: dataset.fingerprint },
        engine: engine.name,
        precision,
        seconds: (Date.now() - startedAt) / 1000,
      };
      await rm(files.record, { force: true });
      await rename(files.part, files.features);
      await writeFileAtomic(files.tiles, encodeNpy(rows, [rows.length]));
      await writeFileAtomic(files.record, `${JSON.stringify(EmbeddingRecord.parse(record), null, 2)}\n`);
      await rm(files.partRecord, { force: true });
    } finally {
      representation.dispose();
    }
  } finally {
    model.dispose();
    preparation.dispose();
    await reader.close();
  }
}

/** All tiles in use, or as many as are embedded, drawn by a fixed seed; in store order. */
export function embeddedRows(tiles: readonly Pick<RunTile, "index">[]): Int32Array {
  const rows = tiles.map(({ index }) => index);
  const drawn = rows.length <= MOST_EMBEDDED_TILES ? rows : Random.of("embedded tiles").shuffled(rows).slice(0, MOST_EMBEDDED_TILES);
  return Int32Array.from(drawn).sort();
}

/** Tiles that running statistics may be made of: the training part, as in evaluation; all where nothing is labelled. */
function trainingRows(tiles: readonly RunTile[], { finetune }: RunConfig): Int32Array {
  const labelled = tiles.filter(({ labels }) => labels !== null);
  if (labelled.length === 0) return Int32Array.from(tiles, ({ index }) => index);
  const labelSets = finetune.labelSets.length > 0 ? finetune.labelSets : FinetuneSettings.parse({}).labelSets;
  return splitTiles(labelled, { ...finetune, labelSets }).train;
}

async function modelOf(runFolder: string, stage: string, config: RunConfig): Promise<{ model: Model; step: number }> {
  // The control is not trained: it ends as it starts.
  if (stage === "start" || config.arm === CONTROL_ARM) {
    if (config.initialWeights.path === null)
      return { model: initialiseModel(createNetwork(config.encoder, config.bands.length), config.seed), step: 0 };
    return { model: modelFromCheckpoint((await startFromFile(config)).state), step: 0 };
  }
  if (stage === "final") {
    const encoder = await readEncoder(runFolder);
    if (!encoder) throw notThere(runFolder, stage);
    return { model: modelFromEncoder(encoder), step: encoder.step };
  }
  const stored = await readCheckpointAt(runFolder, Number(stage.slice("step-".length)));
  if (!stored) throw notThere(runFolder, stage);
  const state = decodeCheckpoint(stored.bytes);
  return { model: modelFromCheckpoint(state), step: state.step };
}

function notThere(runFolder: string, stage: string): AppError {
  return new AppError(
    "NOT_FOUND",
    `The weights "${stage}" of ${runFolder} are not there: the run has not come so far, or a later checkpoint replaced them.`,
  );
}
