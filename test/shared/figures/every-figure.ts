// Every figure with every kind of input, for tests that hold for all of them.

import { BANDS } from "../../../shared/domain/bands.ts";
import { CURVE_STEPS, type MeanCurve } from "../../../shared/domain/scored-cell.ts";
import { ALL_ARMS } from "../../../shared/domain/study.ts";
import { studyPair } from "../../../shared/domain/study-pair.ts";
import { publishedResult, type StudyResult } from "../../../shared/domain/study-result.ts";
import { drawComparison } from "../../../shared/figures/comparison.ts";
import { coupletMatrix } from "../../../shared/figures/couplet-matrix.ts";
import { f1Bars } from "../../../shared/figures/f1-bars.ts";
import { healthCurves } from "../../../shared/figures/health-curves.ts";
import { histogram } from "../../../shared/figures/histogram.ts";
import { labelSetsScatter } from "../../../shared/figures/label-sets-scatter.ts";
import { lossCurves, lossMultiples } from "../../../shared/figures/loss-curves.ts";
import type { FigureOptions } from "../../../shared/figures/marks.ts";
import { opEffects } from "../../../shared/figures/op-effects.ts";
import { sparkline } from "../../../shared/figures/sparkline.ts";
import { spectrum } from "../../../shared/figures/spectrum.ts";
import type { Figure, SvgNode } from "../../../shared/figures/svg.ts";
import { trainingCurves } from "../../../shared/figures/training-curves.ts";
import { exampleStudy } from "../domain/example-study.ts";

export const RESULTS: Readonly<Record<string, StudyResult>> = {
  empty: exampleStudy({ finished: 0 }).result,
  "one arm": exampleStudy({ arms: ["none"], finished: 1 }).result,
  "one run each": exampleStudy({ seeds: [1], draws: 1 }).result,
  "equal scores": exampleStudy({ f1Of: () => 0.7, spread: 0 }).result,
  partial: exampleStudy({ finished: 17, failed: ["blur+contrast"] }).result,
  "one label set": exampleStudy({ labelSets: ["regular"] }).result,
  complete: exampleStudy({ withFull: true, finished: 42 }).result,
  published: publishedResult(),
};

const points = (n: number) =>
  Array.from({ length: n }, (_, i) => ({
    step: i + 1,
    epoch: (i + 1) / 50,
    loss: 4 - Math.sin(i / 30),
    learningRate: 0.001,
    viewsPerSecond: 90,
    feedWaitMs: 0.2,
    at: 1e12 + i,
  }));
const curve = (arm: string, n: number) => ({ arm, seed: 1, points: points(n), chance: 4.14, status: "running" as const });
const health = (n: number, knnF1: number | null) =>
  Array.from({ length: n }, (_, i) => ({
    step: i,
    embeddingStd: 0.5,
    effectiveRank: 9,
    alignment: 1,
    uniformity: -2,
    knnF1,
    verdict: "learning" as const,
    reason: "",
  }));
const profile = (mean: number) =>
  Object.values(BANDS).map(({ name, wavelengthNm }) => ({ band: name, wavelengthNm, mean, minimum: mean / 2, maximum: mean * 2 }));

const meanCurveOf = (arm: string): MeanCurve => ({
  ...{ arm, labelSet: "regular", fineTunings: 2, ap: 0.7, auc: 0.8 },
  precision: Array.from({ length: CURVE_STEPS }, (_, i) => 1 - i / 200),
  sensitivity: Array.from({ length: CURVE_STEPS + 1 }, (_, i) => Math.sqrt(i / CURVE_STEPS)),
});

/** Draws every figure with one set of options. */
export function everyFigure(options: FigureOptions): { name: string; figure: Figure }[] {
  const drawn: { name: string; figure: Figure }[] = [];
  const add = (name: string, figure: Figure) => drawn.push({ name, figure });
  for (const [name, result] of Object.entries(RESULTS)) {
    add(`bars, ${name}`, f1Bars(result, options));
    add(`matrix, ${name}`, coupletMatrix({ result, arms: ALL_ARMS.slice(5) }, options));
    add(`scatter, ${name}`, labelSetsScatter(result, options));
    add(`operations, ${name}`, opEffects(result, options));
  }
  for (const [name, result] of Object.entries(RESULTS)) {
    const pair = studyPair({ name, result }, { name: "published", result: publishedResult() });
    for (const figure of ["studies", "differences"] as const)
      add(`${figure}, ${name}`, drawComparison(figure, { result, showPublished: true, pair }, options));
  }
  const [any] = Object.values(RESULTS);
  for (const figure of ["pr", "roc"] as const)
    for (const arms of [0, 1, 8])
      add(
        `${figure} of ${arms} arms`,
        drawComparison(figure, { result: any!, showPublished: true, curves: ALL_ARMS.slice(0, arms).map(meanCurveOf) }, options),
      );
  add("studies without another", drawComparison("studies", { result: any!, showPublished: true }, options));
  add("matrix of a new study", coupletMatrix({ result: null, arms: ["none"] }, options));
  for (const n of [0, 1, 2, 5000])
    add(`loss, ${n} points`, lossCurves([curve("all", n), curve("blur+gain", n)], { ...options, cursor: 1 }));
  add(
    "loss, many arms",
    lossCurves(
      ALL_ARMS.map((arm) => curve(arm, 40)),
      { ...options, domain: [0.1, 0.4], x: "views", viewsPerStep: 64 },
    ),
  );
  add("loss, none", lossCurves([], options));
  add(
    "multiples",
    lossMultiples(
      ALL_ARMS.map((arm, i) => ({
        arm,
        status: (["finished", "failed", "running", "queued"] as const)[i % 4]!,
        curves: i % 4 === 3 ? [] : [curve(arm, i)],
        f1: i % 4 === 0 ? 0.7 : null,
      })),
      options,
    ),
  );
  add("multiples, none", lossMultiples([], options));
  for (const n of [0, 1, 12])
    add(
      `health, ${n} checks`,
      healthCurves(
        [
          { arm: "all", seed: 1, health: health(n, null) },
          { arm: "none", seed: 1, health: health(n, 0.7) },
        ],
        options,
      ),
    );
  for (const [n, checks] of [
    [0, 0],
    [1, 0],
    [2, 1],
    [5000, 12],
  ] as const)
    add(
      `training, ${n} points and ${checks} health checks`,
      trainingCurves(
        ["all", "none"].map((arm) => ({ ...curve(arm, n), health: health(checks, 0.7) })),
        { ...options, cursor: 0.01, x: "minutes" },
      ),
    );
  add(
    "training, zoomed, failed",
    trainingCurves([{ ...curve("blur+gain", 60), status: "failed", health: health(3, null) }], {
      ...options,
      domain: [0.2, 0.3],
      cursor: 0.25,
    }),
  );
  for (const mean of [-0.1, 0, 0.3, Number.NaN])
    add(
      `spectrum at ${mean}`,
      spectrum(
        [
          { name: "original", points: profile(mean) },
          { name: "view 1", points: profile(mean * 1.2) },
        ],
        options,
      ),
    );
  add("spectrum, none", spectrum([], options));
  for (const counts of [[], [0, 0], [5], [1, 2, 3]])
    add(
      `histogram of ${counts}`,
      histogram(
        [
          { name: "original", counts, range: [0, 0.5] },
          { name: "view 1", counts: [1, 1], range: [-1, 2] },
        ],
        options,
      ),
    );
  add("histogram, none", histogram([], options));
  for (const values of [[], [0], [1, null, 3], Array.from({ length: 200 }, (_, i) => i)])
    add(`sparkline of ${values.length}`, sparkline(values, { ...options, label: "CPU over the last two minutes", room: 80 }));
  return drawn;
}

/** Every node of a figure. */
export function* nodesOf(node: SvgNode): Generator<SvgNode> {
  yield node;
  for (const child of node.children) if (typeof child !== "string") yield* nodesOf(child);
}

/** All text of a figure. */
export const textOf = (node: SvgNode): string =>
  node.children.map((child) => (typeof child === "string" ? child : textOf(child))).join(" ");
