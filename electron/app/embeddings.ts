// Embeddings of the runs of a workspace's studies: computed by a training worker and a thread for pictures, kept in the run folders.
import type { HostInputs, HostOutputs } from "../../shared/contract/client.ts";
import type { Tile } from "../../shared/domain/dataset.ts";
import { tilesInUse } from "../../shared/domain/dataset.ts";
import {
  type EmbeddingRecord,
  type EmbeddingRef,
  embeddingTarget,
  type GroupedColumns,
  groupTiles,
  ProjectionMethod,
  type TileGroups,
} from "../../shared/domain/embedding.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { stepsPerEpoch } from "../../shared/domain/run-config.ts";
import { CONTROL_ARM } from "../../shared/domain/study.ts";
import type { Job, Study } from "../../shared/domain/workspace.ts";
import { EmbeddingThread } from "../embeddings/embedding-thread.ts";
import { readAllTiles } from "../ingest/catalogue/catalogue.ts";
import { readDataset } from "../ingest/catalogue/dataset-folder.ts";
import {
  embeddingFiles,
  embeddingKey,
  embeddingStages,
  listProjections,
  makeEmbeddingFolder,
  projectionFiles,
  readEmbeddedTiles,
  readEmbedding,
  readPoints,
  readProjection,
  writePointsTable,
} from "../runs/embeddings.ts";
import { Claimer } from "../runs/lease.ts";
import { readRun } from "../runs/run-folder.ts";
import { allRunsOf, readStudy, runFolderOf } from "../runs/study-store.ts";
import { startTrainingWorker } from "../training/training-worker.ts";
import type { JobList, WorkOptions } from "./jobs.ts";
import { existingFolderOf } from "./workspace-folder.ts";

type RunStages = HostOutputs["embedding"]["runs"][number];
type Projected = EmbeddingRef & { readonly method: HostInputs["embedding"]["points"]["method"] };

/** Where an embedding lies, and what it is of. */
interface Place {
  readonly study: Study;
  readonly runFolder: string;
  readonly folder: string;
  readonly datasetFolder: string;
}

/** Of 100 %, what the features take; the picture takes the rest. */
const FEATURES_PERCENT = 60;
const COLUMNS = ["labels", "date", "source", "split", "cloud", "granule", "country", "product"] as const satisfies readonly (keyof Tile)[];

export class Embeddings {
  private readonly workspace: string;
  private readonly jobs: JobList;
  /** It keeps the features of one embedding, so that neighbours come at once. */
  private readonly neighbourThread = new EmbeddingThread();
  private readonly qualityThread = new EmbeddingThread();
  /** The catalogue's columns that were read last. */
  private columns: { readonly key: string; readonly values: Promise<GroupedColumns> } | undefined;

  constructor(workspace: string, jobs: JobList) {
    this.workspace = workspace;
    this.jobs = jobs;
  }

  async close(): Promise<void> {
    await Promise.all([this.neighbourThread.close(), this.qualityThread.close()]);
  }

  async runs(name: string): Promise<RunStages[]> {
    const study = await readStudy(this.workspace, name);
    const runs = await Promise.all(
      allRunsOf(study).map(async (run): Promise<RunStages> => {
        const folder = runFolderOf(this.workspace, name, run);
        const [found, record] = await Promise.all([embeddingStages(folder), readRun(folder)]);
        const config = record?.config;
        const perEpoch = config && record.pretrainingTiles !== null ? stepsPerEpoch(record.pretrainingTiles, config.pretrain) : null;
        const last = config && perEpoch ? config.pretrain.epochs * perEpoch : 0;
        // The control has no steps: it ends as it starts, and needs no file for that.
        const stages = run.arm === CONTROL_ARM ? (config ? [{ stage: "final", step: 0 }] : []) : found;
        return {
          ...run,
          stages: await Promise.all(
            stages.map(async ({ stage, step }) => {
              const at = step ?? last;
              const isEmbedded = (await readEmbedding(folder, stage).catch(() => undefined)) !== undefined;
              return { stage, step: at, epoch: perEpoch ? at / perEpoch : null, isEmbedded };
            }),
          ),
        };
      }),
    );
    return runs.filter(({ stages }) => stages.length > 0);
  }

  async describe(ref: EmbeddingRef): Promise<HostOutputs["embedding"]["get"]> {
    const place = await this.place(ref);
    const { config } = place.study;
    const dataset = await readDataset(place.datasetFolder);
    const embedding = await this.current(ref, place);
    return {
      dataset: config.dataset,
      tilesInUse: tilesInUse(dataset),
      embedding: embedding ?? null,
      projections: embedding ? await listProjections(place.folder, embedding.key) : [],
      labelSets: config.finetune.labelSets,
    };
  }

  start(input: Projected): Job {
    const title = `Embedding of ${input.arm}, seed ${input.seed}`;
    return this.jobs.start({ kind: "embedding", title, target: embeddingTarget(input), unit: "%", total: 100 }, (work) =>
      this.compute(input, work),
    );
  }

  /**
   * Computes what is not there, on the WebAssembly engine while a study has the other one.
   * @throws the signal's reason: features stay as far as they have come
   */
  async compute({ method: given, ...ref }: Projected, work: WorkOptions): Promise<void> {
    const { signal, onProgress } = work;
    const method = ProjectionMethod.parse(given);
    const place = await this.place(ref);
    await makeEmbeddingFolder(place.folder);
    const lease = await new Claimer().claim(place.folder);
    if (!lease) throw new AppError("BUSY", "Another process is computing this embedding. Wait for it.");
    try {
      if (!(await this.current(ref, place))) await this.computeFeatures(ref, place, work);
      const { key } = await this.embedded(ref, place);
      if ((await readProjection(place.folder, method))?.key === key) return;
      const thread = new EmbeddingThread();
      try {
        const tell = ({ what, share }: { what: string; share: number }) =>
          onProgress?.({
            done: FEATURES_PERCENT + (100 - FEATURES_PERCENT) * share,
            total: 100,
            rate: null,
            etaSeconds: null,
            message: `${method.kind === "pca" ? "PCA" : "UMAP"}: ${what}`,
          });
        await thread.run({ kind: "project", folder: place.folder, key, method }, { signal, onProgress: tell });
      } finally {
        await thread.close();
      }
      onProgress?.({ done: 100, total: 100, message: null });
    } finally {
      await lease.release();
    }
  }

  /** Where a picture lies, and how much is in it. @param options.csv whether to write it as a table, too */
  async files({ method: given, ...ref }: Projected, { csv }: { readonly csv: boolean }) {
    const method = ProjectionMethod.parse(given);
    const place = await this.place(ref);
    const { tiles, width } = await this.embedded(ref, place);
    const table = csv ? await writePointsTable(place.folder, method) : null;
    return { folder: place.folder, points: projectionFiles(place.folder, method).points, csv: table, tiles, width };
  }

  async points({ method, ...ref }: Projected): Promise<HostOutputs["embedding"]["points"]> {
    const { folder } = await this.place(ref);
    const [tiles, points] = await Promise.all([readEmbeddedTiles(folder), readPoints(folder, ProjectionMethod.parse(method))]);
    return { tiles: tiles.length, data: new Blob([tiles, points.values as Float32Array<ArrayBuffer>]) };
  }

  async groups({ by, ...ref }: HostInputs["embedding"]["groups"]): Promise<HostOutputs["embedding"]["groups"]> {
    const { names, isOrdered, codes } = await this.grouped(ref, by);
    return { names: [...names], isOrdered, codes: new Blob([codes]) };
  }

  async neighbours({ tile, count = 24, ...ref }: HostInputs["embedding"]["neighbours"]): Promise<HostOutputs["embedding"]["neighbours"]> {
    const place = await this.place(ref);
    const { key } = await this.embedded(ref, place);
    return this.neighbourThread.run({ kind: "neighbours", folder: place.folder, key, tile, count });
  }

  async quality({ method, by, ...ref }: HostInputs["embedding"]["quality"]): Promise<HostOutputs["embedding"]["quality"]> {
    const place = await this.place(ref);
    const { key } = await this.embedded(ref, place);
    const { names, codes } = await this.grouped(ref, by);
    const left = names.flatMap((name, i) => (name === "not known" || name === "no labels" ? [i] : []));
    return this.qualityThread.run({ kind: "quality", folder: place.folder, key, method: ProjectionMethod.parse(method), codes, left });
  }

  private async grouped(ref: EmbeddingRef, by: string): Promise<TileGroups> {
    const place = await this.place(ref);
    const { key } = await this.embedded(ref, place);
    if (this.columns?.key !== `${place.datasetFolder} ${key}`)
      this.columns = { key: `${place.datasetFolder} ${key}`, values: readAllTiles(place.datasetFolder, COLUMNS) };
    const { values } = this.columns;
    values.catch(() => {
      this.columns = undefined;
    });
    return groupTiles(by, await values, await readEmbeddedTiles(place.folder), place.study.config.finetune.labelSets);
  }

  private async computeFeatures(
    ref: EmbeddingRef,
    { study, runFolder, datasetFolder }: Place,
    { signal, onProgress }: WorkOptions,
  ): Promise<void> {
    const isTraining = this.jobs.jobs.value.some(({ kind, status }) => kind === "study" && status === "running");
    const worker = startTrainingWorker();
    const stop = () => void worker.terminate(); // what is written stays
    signal.addEventListener("abort", stop, { once: true });
    // The first batch waits for the engine and the running statistics: the rate is told from the second one on.
    let first: { readonly done: number; readonly at: number } | undefined;
    let tellings = 0;
    try {
      signal.throwIfAborted();
      onProgress?.({ done: 0, total: 100, message: "loading the encoder" });
      const input = {
        runFolder,
        datasetFolder,
        stage: ref.stage,
        engine: isTraining ? ("wasm" as const) : study.config.engine,
        threads: study.config.threads,
      };
      for await (const { done, total } of worker.embed(input)) {
        if (tellings++ > 0) first ??= { done, at: Date.now() };
        const rate = first && done > first.done ? (done - first.done) / Math.max(0.001, (Date.now() - first.at) / 1000) : null;
        onProgress?.({
          done: (FEATURES_PERCENT * done) / total,
          total: 100,
          etaSeconds: rate ? (total - done) / rate / (FEATURES_PERCENT / 100) : null,
          message: `features: ${done.toLocaleString("en")} of ${total.toLocaleString("en")} tiles${rate ? `, ${Math.round(rate).toLocaleString("en")}/s` : ""}`,
        });
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      await worker.terminate();
    }
  }

  /** The record of the features when they are of these weights and this data. */
  private async current(ref: EmbeddingRef, { runFolder, datasetFolder }: Place): Promise<EmbeddingRecord | undefined> {
    const record = await readEmbedding(runFolder, ref.stage);
    if (!record) return undefined;
    const key = await embeddingKey(runFolder, ref.stage, await readDataset(datasetFolder));
    return record.key === key ? record : undefined;
  }

  private async embedded(ref: EmbeddingRef, place: Place): Promise<EmbeddingRecord> {
    const record = await this.current(ref, place);
    if (!record)
      throw new AppError(
        "NOT_FOUND",
        `The tiles have not been put through the encoder of ${ref.arm}, seed ${ref.seed}. Compute its embedding first.`,
      );
    return record;
  }

  private async place({ study: name, arm, seed, stage }: EmbeddingRef): Promise<Place> {
    const study = await readStudy(this.workspace, name);
    if (!allRunsOf(study).some((run) => run.arm === arm && run.seed === seed))
      throw new AppError("NOT_FOUND", `The study "${name}" has no run of ${arm} with seed ${seed}.`);
    const runFolder = runFolderOf(this.workspace, name, { arm, seed });
    const datasetFolder = await existingFolderOf(this.workspace, "datasets", study.config.dataset);
    return { study, runFolder, folder: embeddingFiles(runFolder, stage).folder, datasetFolder };
  }
}
