// A finished study without training: run folders with made-up scores of test tiles, written as the runs of a real one are.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeParquet } from "../../electron/files/parquet.ts";
import { createStudy, runFolderOf, runsOf } from "../../electron/runs/study-store.ts";
import { computeMetrics } from "../../shared/domain/metrics.ts";
import { Random } from "../../shared/domain/random.ts";
import { CONTROL_ARM } from "../../shared/domain/study.ts";

export interface MadeStudy {
  readonly workspace: string;
  readonly name: string;
  readonly seeds: readonly number[];
  /** The first of all random numbers. */
  readonly random: number;
}

const TILES = 240;
const DRAWS = 2;

/** All 41 arms; couplets with rotation are the better ones, those with blur the worse. */
export async function makeStudy({ workspace, name, seeds, random: key }: MadeStudy): Promise<void> {
  const labelSets = ["regular", "extended"].map((set) => ({ name: set, classes: ["Vineyards"] }));
  const settings = { dataset: "fields", seeds: [...seeds], finetune: { labelDraws: DRAWS, labelSets, percents: [10] } };
  const study = await createStudy(workspace, { name, preset: null, settings });
  const labels = Uint8Array.from({ length: TILES }, (_, i) => i % 2);
  const hardness = Array.from(labels, (_, i) => Random.of("hardness", i).normal());
  for (const run of runsOf(study)) {
    const random = Random.of("made study", key, run.arm, run.seed);
    const skill =
      1.6 + (run.arm.includes("rotation") ? 0.9 : 0) - (run.arm.includes("blur") ? 0.7 : 0) - (run.arm === CONTROL_ARM ? 0.4 : 0);
    const cells = labelSets.flatMap((set) =>
      Array.from({ length: DRAWS }, (_, draw) => {
        const gap = skill + 0.15 * random.normal();
        const scores = Array.from(
          labels,
          (label, i) => 1 / (1 + Math.exp(-((label > 0 ? gap : -gap) / 2 + hardness[i]! + 0.5 * random.normal()))),
        );
        return { labelSet: set.name, draw, scores };
      }),
    );
    const folder = runFolderOf(workspace, name, run);
    mkdirSync(folder, { recursive: true });
    const evaluations = cells.map(({ labelSet, draw, scores }) => ({
      ...{ labelSet, percent: 10, draw, mode: "linear", train: 60, validation: 20, test: TILES, epochs: 9 },
      ...computeMetrics(scores, labels),
    }));
    const events = [
      { kind: "started", at: 1.7e12, engine: "made up", device: "none", resumedAtStep: 0 },
      ...evaluations.map((evaluation) => ({ kind: "evaluated", at: 1.7e12, evaluation })),
      { kind: "finished", at: 1.7e12, f1: null },
    ];
    writeFileSync(join(folder, "events.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    writeFileSync(join(folder, "metrics.json"), JSON.stringify({ version: 1, ...run, f1: null, evaluations }));
    const rows = cells.flatMap((cell) => cell.scores.map((score, i) => ({ ...cell, i, score })));
    await writeParquet(join(folder, "scores.parquet"), [
      { name: "labelSet", type: "string", values: rows.map(({ labelSet }) => labelSet) },
      { name: "percent", type: "double", values: rows.map(() => 10) },
      { name: "draw", type: "int32", values: rows.map(({ draw }) => draw) },
      { name: "index", type: "int32", values: rows.map(({ i }) => i) },
      { name: "label", type: "int32", values: rows.map(({ i }) => labels[i]!) },
      { name: "score", type: "double", values: rows.map(({ score }) => score) },
    ]);
  }
}
