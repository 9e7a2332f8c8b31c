// Statistics of studies from their test tiles' scores: computed once for each state of the runs, and kept beside the study.
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RunRef } from "../../shared/contract/app.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { computeMetrics } from "../../shared/domain/metrics.ts";
import {
  DEFAULT_THRESHOLD,
  type MeanCurve,
  meanCurve,
  type ScoredCell,
  ThresholdCounts,
  thresholdCounts,
} from "../../shared/domain/scored-cell.ts";
import { RESAMPLES, StudyStatistics, studyStatistics } from "../../shared/domain/study-statistics.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { runFiles } from "./run-folder.ts";
import { readScores } from "./scores.ts";
import { allRunsOf, readStudy, runFolderOf, studyFolder } from "./study-store.ts";

/** What the test tiles of a study tell at one threshold. */
export interface Comparison {
  /** Null when no run has scores. */
  readonly statistics: StudyStatistics | null;
  /** Why there are no statistics, or not of all runs; null when there is nothing to say. */
  readonly note: string | null;
}

export interface ComparisonProgress {
  readonly what: "runs" | "resamples";
  readonly done: number;
  readonly total: number;
}

export interface ComparisonOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ComparisonProgress) => void) | undefined;
}

/** `comparison.json` in the study's folder: to be computed anew whenever it is not of the runs as they are. */
const Kept = z.object({
  version: z.literal(1),
  fingerprint: z.string(),
  statistics: StudyStatistics.nullable(),
  counts: z.array(ThresholdCounts),
});
type Kept = z.infer<typeof Kept>;

/** What is kept, and why runs are left out whose scores cannot be read, a sentence each. */
type Computed = Kept & { readonly unread: readonly string[] };

/** Most that resampling holds the thread at once, ms: calls come in between. */
const SLICE_MS = 20;
/** Scored tiles that stay in memory, 13 bytes each. */
const KEPT_TILES = 10_000_000;
/** Results at other thresholds than the usual one that are remembered. */
const REMEMBERED = 32;

/** The comparisons of one workspace. */
export class Comparisons {
  private readonly workspace: string;
  /** Scores by run and its file's state: for other thresholds, for curves, and when one more run has ended. */
  private readonly scores = new Map<string, readonly ScoredCell[]>();
  private kept: Computed | undefined;
  private readonly atOther = new Map<string, Comparison>();

  constructor(workspace: string) {
    this.workspace = workspace;
  }

  /** Runs whose scores cannot be read are left out, and told of. @throws AppError NOT_FOUND, BAD_FILE; the signal's reason */
  async statistics(study: string, threshold = DEFAULT_THRESHOLD, options: ComparisonOptions = {}): Promise<Comparison> {
    const state = await this.state(study);
    if (state.runs.length === 0) return { statistics: null, note: noteOf(state, []) };
    if (threshold === DEFAULT_THRESHOLD) {
      const { statistics, unread } = await this.keptOf(state, options);
      return { statistics, note: noteOf(state, unread) };
    }
    const key = `${state.fingerprint} ${threshold}`;
    const known = this.atOther.get(key);
    if (known) return known;
    const { cells, unread } = await this.cellsOf(state, options);
    const comparison = { statistics: await resampled(cells, threshold, options), note: noteOf(state, unread) };
    if (this.atOther.size >= REMEMBERED) this.atOther.clear();
    this.atOther.set(key, comparison);
    return comparison;
  }

  /** Calls at every threshold, of all runs with scores. @throws as `statistics` */
  async counts(study: string, options: ComparisonOptions = {}): Promise<ThresholdCounts[]> {
    const state = await this.state(study);
    return state.runs.length === 0 ? [] : (await this.keptOf(state, options)).counts;
  }

  /** Mean ROC and precision-recall curves of arms, one for each label set. @throws as `statistics` */
  async curves(study: string, arms: readonly string[], options: ComparisonOptions = {}): Promise<MeanCurve[]> {
    const state = await this.state(study);
    if (state.runs.length === 0) return [];
    const { cells } = await this.cellsOf({ ...state, runs: state.runs.filter(({ run }) => arms.includes(run.arm)) }, options);
    const labelSets = [...new Set(cells.map(({ labelSet }) => labelSet))];
    return arms.flatMap((arm) =>
      labelSets.flatMap((labelSet) => {
        const own = cells.filter((cell) => cell.arm === arm && cell.labelSet === labelSet);
        return own.length > 0
          ? [
              meanCurve(
                own,
                own.map(({ scores, labels }) => computeMetrics(scores, labels)),
              ),
            ]
          : [];
      }),
    );
  }

  private async state(study: string): Promise<State> {
    const record = await readStudy(this.workspace, study);
    const runs = await Promise.all(
      allRunsOf(record).map(async (run) => {
        const files = runFiles(runFolderOf(this.workspace, study, run));
        const [scores, metrics] = await Promise.all([files.scores, files.metrics].map((path) => stat(path).catch(() => undefined)));
        return { run, scores, isFinished: metrics !== undefined };
      }),
    );
    const scored = runs.flatMap(({ run, scores }) => (scores ? [{ run, stamp: `${scores.size} ${scores.mtimeMs}` }] : []));
    const told = JSON.stringify([study, record.created, RESAMPLES, scored]);
    return {
      study,
      runs: scored,
      fingerprint: createHash("sha256").update(told).digest("hex"),
      withoutScores: runs.filter(({ scores, isFinished }) => !scores && isFinished).length,
    };
  }

  private async keptOf(state: State, options: ComparisonOptions): Promise<Computed> {
    if (this.kept?.fingerprint === state.fingerprint) return this.kept;
    const path = join(studyFolder(this.workspace, state.study), "comparison.json");
    const stored = Kept.safeParse(
      await readFile(path, "utf8")
        .then(JSON.parse)
        .catch(() => undefined),
    );
    if (stored.success && stored.data.fingerprint === state.fingerprint) {
      this.kept = { ...stored.data, unread: [] };
      return this.kept;
    }
    const { cells, unread } = await this.cellsOf(state, options);
    this.kept = {
      version: 1,
      fingerprint: state.fingerprint,
      statistics: await resampled(cells, DEFAULT_THRESHOLD, options),
      counts: cells.map(thresholdCounts),
      unread,
    };
    // A workspace that cannot be written is computed anew each time; so is one with a file that may be read another time. Nothing else is lost.
    const { unread: _, ...whole } = this.kept;
    if (unread.length === 0) await writeFileAtomic(path, JSON.stringify(whole)).catch(() => {});
    return this.kept;
  }

  private async cellsOf({ study, runs }: State, { signal, onProgress }: ComparisonOptions) {
    const cells: ScoredCell[] = [];
    const unread: string[] = [];
    for (const [i, { run, stamp }] of runs.entries()) {
      signal?.throwIfAborted();
      const key = `${study} ${run.arm} ${run.seed} ${stamp}`;
      const own = this.scores.get(key) ?? (await readScores(runFolderOf(this.workspace, study, run), run).catch(toldIn(unread)));
      // Map keeps the order of insertion: what was used longest ago goes first.
      this.scores.delete(key);
      if (own.length > 0) this.scores.set(key, own);
      for (const cell of own) cells.push(cell);
      onProgress?.({ what: "runs", done: i + 1, total: runs.length });
    }
    let tiles = 0;
    for (const own of this.scores.values()) tiles += own.reduce((sum, { scores }) => sum + scores.length, 0);
    for (const [key, own] of this.scores) {
      if (tiles <= KEPT_TILES) break;
      tiles -= own.reduce((sum, { scores }) => sum + scores.length, 0);
      this.scores.delete(key);
    }
    return { cells, unread };
  }
}

/** A file that is damaged costs its own run, not the comparison of all others. */
const toldIn = (unread: string[]) => (error: unknown) => {
  if (!(error instanceof AppError)) throw error;
  unread.push(error.message);
  return [];
};

/** A study's runs as they are now. */
interface State {
  readonly study: string;
  /** Those with scores, and what tells one state of their file from another. */
  readonly runs: readonly { readonly run: RunRef; readonly stamp: string }[];
  readonly fingerprint: string;
  readonly withoutScores: number;
}

function noteOf({ runs, withoutScores: count }: State, unread: readonly string[]): string | null {
  const which = `${count} finished ${count === 1 ? "run has" : "runs have"} no scores.parquet`;
  const missing =
    runs.length === 0
      ? `${which}: intervals are over what their metrics tell, without a test of each comparison.`
      : `${which}: the runs that have one are compared.`;
  const [first] = unread;
  const damaged =
    first === undefined ? [] : [`${unread.length} ${unread.length === 1 ? "run is" : "runs are"} left out of the comparison. ${first}`];
  return [...(count > 0 ? [missing] : []), ...damaged].join(" ") || null;
}

async function resampled(
  cells: readonly ScoredCell[],
  threshold: number,
  { signal, onProgress }: ComparisonOptions,
): Promise<StudyStatistics | null> {
  const steps = studyStatistics(cells, { threshold });
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - since < SLICE_MS) continue;
    onProgress?.({ what: "resamples", done: step.value, total: RESAMPLES });
    await new Promise((resume) => setImmediate(resume));
    signal?.throwIfAborted();
    since = performance.now();
  }
}
