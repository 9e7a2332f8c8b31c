// The one contract between a door (Electron window, browser, command line) and the host. Every input and output is checked by zod.
// Pixels do not pass here: images come by URL, see `imagePaths`.
import { eventIterator, oc } from "@orpc/contract";
import { z } from "zod";
import { AugmentationProfile, ProfileName } from "../domain/augmentation-profile.ts";
import { AUGMENTATIONS, AugmentationSettings } from "../domain/augmentations.ts";
import { BandNameSchema, Dataset, ScanResult, Tile } from "../domain/dataset.ts";
import {
  EmbeddingQuality,
  EmbeddingRecord,
  EmbeddingRef,
  EmbeddingStage,
  ProjectionMethod,
  ProjectionRecord,
  TileGrouping,
} from "../domain/embedding.ts";
import { EngineInfo, EngineReport } from "../domain/engine.ts";
import { ERROR_CODES } from "../domain/errors.ts";
import { HardwareSample } from "../domain/hardware.ts";
import { BandOrder, IngestSettings } from "../domain/ingest-settings.ts";
import { LabelReport, LabelRequest } from "../domain/labelling.ts";
import { ENCODERS, LabelSetSchema, PRESET_NAMES } from "../domain/run-config.ts";
import { QueuedStudy, RunRef, STUDY_STAGES } from "../domain/run-queue.ts";
import { RunEvent } from "../domain/run-state.ts";
import { SampleOptions } from "../domain/sample-options.ts";
import { FilterName, SavedFilter } from "../domain/saved-filter.ts";
import { DEFAULT_THRESHOLD, MeanCurve, MOST_CURVES, ThresholdCounts } from "../domain/scored-cell.ts";
import { AppSettings, PathKind, RecentWorkspace, SettingsChange, StoragePlace, WindowRequest } from "../domain/settings.ts";
import { StudyStatistics } from "../domain/study-statistics.ts";
import { formatTileList } from "../domain/tile-list.ts";
import {
  DatasetLoss,
  DuplicateGroup,
  DuplicateQuery,
  NearTile,
  TILE_ORDERS,
  TileFacets,
  TileFilter,
  VerifyReport,
} from "../domain/tile-query.ts";
import { Job, NameSchema, ReportFiles, Study, StudyPlan, StudySummary, Workspace } from "../domain/workspace.ts";

/** Every expected failure arrives typed, with the code of its AppError and the facts for the screen. */
const procedure = oc.errors({
  APP_ERROR: { status: 422, data: z.object({ code: z.enum(ERROR_CODES), data: z.record(z.string(), z.unknown()) }) },
});

/** Band means and histograms of one tile, reflectance. */
export const BandProfile = z.object({
  band: BandNameSchema,
  wavelengthNm: z.number(),
  mean: z.number(),
  minimum: z.number(),
  maximum: z.number(),
  histogram: z.array(z.int()).describe("64 equal bins over `histogramRange`"),
  histogramRange: z.tuple([z.number(), z.number()]),
});
export type BandProfile = z.infer<typeof BandProfile>;

/** The study's input as a user gives it; the schema fills the defaults. */
const studyInput = z.object({
  name: NameSchema,
  preset: z.enum(PRESET_NAMES).nullable().default(null),
  /** Settings over the preset's: any part of StudyConfig. `dataset` must be among them. */
  settings: z.record(z.string(), z.unknown()),
});

export type { RunRef };

export const StudyUpdate = z.discriminatedUnion("kind", [
  /** First. `runs` are all that the study asks for, made or not. */
  z.object({ kind: z.literal("study"), study: Study, runs: z.array(RunRef) }),
  /** All runs in the order in which they are worked on, and those left out of it; told again when a user changes it. */
  z.object({ kind: z.literal("queue"), order: z.array(RunRef), skipped: z.array(RunRef) }),
  /** New lines of runs' `events.jsonl`, in order. After connecting, the past comes first: of a long one only a part of its steps. */
  z.object({ kind: z.literal("events"), run: RunRef, events: z.array(RunEvent) }),
  /** Once: the past has been told. */
  z.object({ kind: z.literal("current") }),
]);
export type StudyUpdate = z.infer<typeof StudyUpdate>;

export const LogUpdate = z.discriminatedUnion("kind", [
  /** First. */
  z.object({ kind: z.literal("opened"), folder: z.string() }),
  z.object({ kind: z.literal("events"), events: z.array(RunEvent) }),
  z.object({ kind: z.literal("output"), text: z.string() }),
]);
export type LogUpdate = z.infer<typeof LogUpdate>;

/** Which tiles, and their order, as `imagePaths.order` asks for it. */
export const TileOrderQuery = z.strictObject({
  filter: TileFilter.default({}),
  order: z.enum(TILE_ORDERS).default("index"),
  descending: z.boolean().default(false),
});
export type TileOrderQuery = z.infer<typeof TileOrderQuery>;

/** Tiles of a strip. */
export const LARGEST_STRIP = 64;

export const contract = {
  app: {
    info: procedure.output(
      z.object({ version: z.string(), door: z.enum(["electron", "serve", "cli"]), engine: EngineInfo, nativeDialogs: z.boolean() }),
    ),
    doctor: procedure.output(EngineReport),
    /** What the machine is doing, sampled while the stream is open. */
    hardware: procedure.output(eventIterator(HardwareSample)),
    /** Steps of an encoder's training timed here; takes seconds. */
    measure: procedure
      .input(z.object({ encoder: z.enum(ENCODERS), pixels: z.int().min(16).max(512) }))
      .output(z.object({ viewsPerSecond: z.number().nullable().describe("null: a step does not fit into the memory") })),
    /** What a menu, a link or a notification asks of this window, as it comes. */
    requests: procedure.output(eventIterator(WindowRequest)),
  },
  settings: {
    /** The user's settings now, and again after each change. `restart`: those that count from the next start only. */
    watch: procedure.output(eventIterator(z.object({ settings: AppSettings, restart: z.array(z.string()) }))),
    change: procedure.input(SettingsChange).output(AppSettings),
    /** Where data are kept on the host's machine, and how much. */
    storage: procedure.output(z.array(StoragePlace)),
  },
  folder: {
    /** Folders under a path (home when null), or under that of a file, and its files when asked for: to pick one where there is no native dialog. */
    list: procedure.input(z.object({ path: z.string().nullable(), withFiles: z.boolean().default(false) })).output(
      z.object({
        path: z.string(),
        parent: z.string().nullable(),
        folders: z.array(z.object({ name: z.string(), path: z.string() })),
        files: z.array(z.object({ name: z.string(), path: z.string() })),
      }),
    ),
    /** The native dialog; null when cancelled. Only with `nativeDialogs`. */
    choose: procedure.input(z.object({ what: z.enum(["folder", "file"]) })).output(z.string().nullable()),
  },
  workspace: {
    get: procedure.output(Workspace),
    /** The workspace now, and again after each change. */
    watch: procedure.output(eventIterator(Workspace)),
    /** Those opened before, newest first, and where a sample project would be made. */
    recent: procedure.output(z.object({ workspaces: z.array(RecentWorkspace), sampleFolder: z.string() })),
    /** Takes one off the list; its folder stays. */
    forget: procedure.input(z.object({ path: z.string() })),
    /** What a path is. */
    look: procedure.input(z.object({ path: z.string() })).output(PathKind),
    /** Opens another one in this one's place; every window is loaded anew. `make`: of a new or empty folder. BUSY while work runs, unless it may be paused. */
    open: procedure
      .input(z.object({ path: z.string().min(1), make: z.boolean().default(false), pause: z.boolean().default(false) }))
      .output(z.object({ path: z.string() })),
    /** Makes the sample project in a folder, or takes the one that is there, and opens it. */
    sample: procedure
      .input(z.object({ folder: z.string().min(1), pause: z.boolean().default(false) }))
      .output(z.object({ path: z.string() })),
  },
  job: {
    /** All jobs of this host, newest first, now and after each change. */
    watch: procedure.output(eventIterator(z.array(Job))),
    /** Ends a job; what it did so far is kept and continued when it is started again. */
    cancel: procedure.input(z.object({ id: z.string() })),
    /** Stops a job to go on with it later, also in another session: an ingest by `dataset.update`. */
    pause: procedure.input(z.object({ id: z.string() })),
  },
  data: {
    scan: procedure
      .input(z.object({ path: z.string(), bandOrder: BandOrder.nullable().default(null) }))
      .output(
        eventIterator(
          z.discriminatedUnion("kind", [
            z.object({ kind: z.literal("progress"), seen: z.int(), path: z.string() }),
            z.object({ kind: z.literal("result"), result: ScanResult }),
          ]),
        ),
      ),
    /** Starts ingesting the folders into a data set (a job). */
    ingest: procedure.input(IngestSettings.extend({ folders: z.array(z.string()).min(1), dataset: NameSchema })).output(Job),
    /** Starts writing a simulated sample in the BigEarthNet v1 layout (a job). */
    sample: procedure.input(z.object({ folder: z.string(), options: SampleOptions })).output(Job),
  },
  dataset: {
    get: procedure.input(z.object({ dataset: NameSchema })).output(Dataset),
    /** Tiles that a filter lets through, in store order or another. `label`: only those with this class. */
    tiles: procedure
      .input(
        z.object({
          dataset: NameSchema,
          offset: z.int().min(0).default(0),
          limit: z.int().min(1).max(1000).default(200),
          label: z.string().nullable().default(null),
          filter: TileFilter.default({}),
          order: z.enum(TILE_ORDERS).default("index"),
        }),
      )
      .output(z.object({ total: z.int(), tiles: z.array(Tile) })),
    /** The tiles of some rows, in their order: a page of an order that came by `imagePaths.order`. */
    tilesAt: procedure.input(z.object({ dataset: NameSchema, rows: z.array(z.int().min(0)).max(1000) })).output(z.array(Tile)),
    /** The tiles nearest to one, by the distance of their centres; none where its place is not known. */
    near: procedure
      .input(z.object({ dataset: NameSchema, index: z.int().min(0), limit: z.int().min(1).max(100).default(12) }))
      .output(z.array(NearTile)),
    /** Takes tiles out of use, or puts them back: by an exclusion list that is kept with the data set. */
    use: procedure
      .input(z.object({ dataset: NameSchema, tiles: z.string().describe("rows, as `formatTileList` writes them"), inUse: z.boolean() }))
      .output(z.object({ excluded: z.int().describe("tiles out of use afterwards") })),
    /** How many of the filtered tiles there are by source, granule, month, country, split and class. */
    facets: procedure.input(z.object({ dataset: NameSchema, filter: TileFilter.default({}) })).output(TileFacets),
    /** Groups of tiles that show the same. `tiles`: how many are in all groups. */
    duplicates: procedure
      .input(
        z.object({
          dataset: NameSchema,
          query: DuplicateQuery.prefault({}),
          offset: z.int().min(0).default(0),
          limit: z.int().min(1).max(1000).default(100),
        }),
      )
      .output(z.object({ total: z.int().describe("groups"), tiles: z.int(), groups: z.array(DuplicateGroup) })),
    /** Reads all of a data set and compares it with its checksums. Ends when its stream is closed. */
    verify: procedure
      .input(z.object({ dataset: NameSchema }))
      .output(
        eventIterator(
          z.discriminatedUnion("kind", [
            z.object({ kind: z.literal("progress"), done: z.int(), total: z.int() }),
            z.object({ kind: z.literal("result"), report: VerifyReport }),
          ]),
        ),
      ),
    /** Goes on with an ingest that was interrupted, or adds what is new in the data set's folders (a job). */
    update: procedure.input(z.object({ dataset: NameSchema })).output(Job),
    /** Tells where a folder of the data set lies now; adding to the data set goes on from there. */
    relocate: procedure
      .input(z.object({ dataset: NameSchema, from: z.string(), to: z.string() }))
      .output(
        z.object({ patches: z.int().describe("patches that came from the folder"), found: z.int().describe("of them in the new place") }),
      ),
    tile: procedure
      .input(z.object({ dataset: NameSchema, index: z.int().min(0) }))
      .output(z.object({ tile: Tile, profile: z.array(BandProfile) })),
    /** Gives tiles labels from a file of the user's, or takes tiles out of use; `dryRun` tells what that would do. Ends when the caller goes. */
    label: procedure
      .input(LabelRequest.extend({ dataset: NameSchema, dryRun: z.boolean().default(false) }))
      .output(
        eventIterator(
          z.discriminatedUnion("kind", [
            z.object({ kind: z.literal("progress"), done: z.int(), total: z.int() }),
            z.object({ kind: z.literal("result"), report: LabelReport }),
          ]),
        ),
      ),
    /** What would go with it. */
    loss: procedure.input(z.object({ dataset: NameSchema })).output(DatasetLoss),
    /** Deletes a data set; one that studies use only with `evenIfUsed`. Never while an ingest or a run works on it. */
    delete: procedure.input(z.object({ dataset: NameSchema, evenIfUsed: z.boolean().default(false) })),
  },
  /** Filters of a data set's tiles with a name. Each change gives all of them, by name. */
  filter: {
    list: procedure.input(z.object({ dataset: NameSchema })).output(z.array(SavedFilter)),
    save: procedure.input(z.object({ dataset: NameSchema, name: FilterName, filter: TileFilter })).output(z.array(SavedFilter)),
    rename: procedure.input(z.object({ dataset: NameSchema, from: z.string(), to: FilterName })).output(z.array(SavedFilter)),
    delete: procedure.input(z.object({ dataset: NameSchema, name: z.string() })).output(z.array(SavedFilter)),
  },
  augmentation: {
    /** Draws two views of a tile. The images lie at `imagePaths.preview(key, 0 | 1 | 2)`: original, view 1, view 2. */
    preview: procedure
      .input(
        z.object({
          dataset: NameSchema,
          index: z.int().min(0),
          operations: z.array(z.enum(AUGMENTATIONS)),
          augmentation: AugmentationSettings,
          inputPixels: z.int().min(16).max(512).nullable().default(null),
          seed: z.int().min(0),
          combination: z.string().default("true-colour"),
        }),
      )
      .output(
        z.object({
          key: z.string(),
          drawn: z.tuple([z.array(z.string()), z.array(z.string())]).describe("what was drawn for each view, in words"),
          profiles: z.tuple([z.array(BandProfile), z.array(BandProfile), z.array(BandProfile)]).describe("original, view 1, view 2"),
          warnings: z.array(z.object({ operation: z.enum(AUGMENTATIONS).nullable(), message: z.string() })),
        }),
      ),
  },
  profile: {
    /** The user's own; the built-in ones are in the domain. */
    list: procedure.output(z.array(AugmentationProfile)),
    save: procedure
      .input(AugmentationProfile.extend({ name: ProfileName, replace: z.boolean().default(false) }))
      .output(AugmentationProfile),
    rename: procedure.input(z.object({ name: ProfileName, to: ProfileName })),
    delete: procedure.input(z.object({ name: ProfileName })),
  },
  queue: {
    /** The studies that are worked on one after another, now and after each change. */
    watch: procedure.output(eventIterator(z.array(QueuedStudy))),
    move: procedure.input(z.object({ study: NameSchema, to: z.int().min(0) })),
    /** Takes a study out; one that runs is stopped after a checkpoint. */
    remove: procedure.input(z.object({ study: NameSchema })),
  },
  embedding: {
    /** Runs of a study whose weights are there, and which of their stages have been embedded. */
    runs: procedure.input(z.object({ study: NameSchema })).output(
      z.array(
        RunRef.extend({
          stages: z.array(
            z.object({
              stage: EmbeddingStage,
              step: z.int(),
              epoch: z.number().nullable().describe("null where the run does not tell its tiles"),
              isEmbedded: z.boolean(),
            }),
          ),
        }),
      ),
    ),
    /** What there is of one embedding. `embedding` is null when it is to be computed, or was made of other weights or data. */
    get: procedure.input(EmbeddingRef).output(
      z.object({
        dataset: NameSchema,
        tilesInUse: z.int(),
        embedding: EmbeddingRecord.nullable(),
        projections: z.array(ProjectionRecord),
        labelSets: z.array(LabelSetSchema),
      }),
    ),
    /** Computes what is not there of the features and a picture of them (a job). */
    compute: procedure.input(EmbeddingRef.extend({ method: ProjectionMethod })).output(Job),
    /** The rows of the store, int32 [N], then the points, float32 [N, 2]; little-endian. */
    points: procedure
      .input(EmbeddingRef.extend({ method: ProjectionMethod }))
      .output(z.object({ tiles: z.int(), data: z.instanceof(Blob) })),
    /** Group of each tile, uint16 [N], in the order of the points. */
    groups: procedure
      .input(EmbeddingRef.extend({ by: TileGrouping }))
      .output(z.object({ names: z.array(z.string()), isOrdered: z.boolean(), codes: z.instanceof(Blob) })),
    /** Tiles whose features point most nearly where those of one tile do: exact, in all dimensions. */
    neighbours: procedure
      .input(EmbeddingRef.extend({ tile: z.int().min(0), count: z.int().min(1).max(200).default(24) }))
      .output(z.array(z.object({ index: z.int(), cosine: z.number() }))),
    /** How far a picture can be trusted for a grouping. */
    quality: procedure.input(EmbeddingRef.extend({ method: ProjectionMethod, by: TileGrouping })).output(EmbeddingQuality),
  },
  study: {
    /** Time and disk that a study would take, and what would keep it from running. */
    plan: procedure.input(studyInput.omit({ name: true })).output(StudyPlan),
    create: procedure.input(studyInput).output(Study),
    get: procedure.input(z.object({ study: NameSchema })).output(z.object({ study: Study, summary: StudySummary })),
    /** Runs what is not finished (a job): the sweep, the second stage, or both. Waits in the queue while another study runs. */
    run: procedure.input(z.object({ study: NameSchema, stage: z.enum(STUDY_STAGES).default("all") })).output(QueuedStudy),
    /** Stops after a checkpoint; `run` goes on from there. */
    pause: procedure.input(z.object({ study: NameSchema })),
    /** Puts runs before all others of their stage, in this order; it holds from the next run on. */
    order: procedure.input(z.object({ study: NameSchema, first: z.array(RunRef).max(10_000) })),
    /** Leaves a run out, or takes it back. One that is in hand stops after a checkpoint. */
    skip: procedure.input(z.object({ study: NameSchema, run: RunRef, skip: z.boolean() })),
    /** Takes failed runs back into the queue, and runs the study when it is not queued. Gives how many were failed. */
    retry: procedure.input(z.object({ study: NameSchema, runs: z.array(RunRef).max(10_000) })).output(z.int()),
    /** The study's record and every run's events, past and to come. */
    watch: procedure.input(z.object({ study: NameSchema })).output(eventIterator(StudyUpdate)),
    /** A run as it was written down: its folder, its events and what its worker said, past and to come. */
    log: procedure.input(z.object({ study: NameSchema, run: RunRef })).output(eventIterator(LogUpdate)),
    /** Shows the folder of a run in the system's file manager. Only with `nativeDialogs`. */
    showFolder: procedure.input(z.object({ study: NameSchema, run: RunRef })),
    /** Drops couplets by hand before the second stage; null goes back to the rule. */
    select: procedure.input(z.object({ study: NameSchema, dropped: z.array(z.string()).nullable() })).output(Study),
    /** Statistics of the test tiles' scores, those of finished runs. Ends when its stream is closed. `note`: what is left out, and why. */
    statistics: procedure
      .input(z.object({ study: NameSchema, threshold: z.number().min(0).max(1).default(DEFAULT_THRESHOLD) }))
      .output(
        eventIterator(
          z.discriminatedUnion("kind", [
            z.object({ kind: z.literal("progress"), what: z.enum(["runs", "resamples"]), done: z.int(), total: z.int() }),
            z.object({ kind: z.literal("result"), statistics: StudyStatistics.nullable(), note: z.string().nullable() }),
          ]),
        ),
      ),
    /** What every fine-tuning calls positive at each threshold. */
    counts: procedure.input(z.object({ study: NameSchema })).output(z.array(ThresholdCounts)),
    /** Mean ROC and precision-recall curves of arms, by label set. */
    curves: procedure.input(z.object({ study: NameSchema, arms: z.array(z.string()).max(MOST_CURVES) })).output(z.array(MeanCurve)),
    report: procedure.input(z.object({ study: NameSchema })).output(ReportFiles),
    delete: procedure.input(z.object({ study: NameSchema })),
  },
};
export type Contract = typeof contract;

/** How a picture of a tile is made. */
export interface TilePicture {
  /** Id of a band combination. */
  readonly combination: string;
  /** As `formatStretch` writes it; percentiles 2 and 98 of each tile when left out. */
  readonly stretch?: string | undefined;
}

const pictureQuery = ({ combination, stretch }: TilePicture) =>
  `combination=${encodeURIComponent(combination)}${stretch === undefined ? "" : `&stretch=${stretch}`}`;

/** Paths of images and of what else is bytes, under the door's origin (`http://127.0.0.1:port` or `studio://app`). */
export const imagePaths = {
  /** A tile as PNG. @param size side of the image, px. */
  tile: (dataset: string, index: number, combination: string, size: number, stretch?: string) =>
    `/image/tile/${encodeURIComponent(dataset)}/${index}.png?${pictureQuery({ combination, stretch })}&size=${size}`,
  /** Up to `LARGEST_STRIP` tiles as one JPEG, one under the other. @param pixels side of each */
  strip: (dataset: string, rows: ArrayLike<number>, picture: TilePicture, pixels: number) =>
    `/image/strip/${encodeURIComponent(dataset)}.jpg?rows=${formatTileList(rows)}&${pictureQuery(picture)}&size=${pixels}`,
  /** A tile's digital numbers: uint16 (little-endian) of each of the data set's groups, [bands, pixels, pixels]. */
  bands: (dataset: string, index: number) => `/image/bands/${encodeURIComponent(dataset)}/${index}.bin`,
  /** The rows of all tiles of a query, in its order: int32 (little-endian). */
  order: (dataset: string, query: TileOrderQuery) =>
    `/image/order/${encodeURIComponent(dataset)}.bin?query=${encodeURIComponent(JSON.stringify(query))}`,
  preview: (key: string, which: 0 | 1 | 2) => `/image/preview/${key}/${which}.png`,
} as const;
