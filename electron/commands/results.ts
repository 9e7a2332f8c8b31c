// `study results`: what a study found, as text, as a table, or as any of the charts of the comparison.
import { extname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { AppError } from "../../shared/domain/errors.ts";
import { toCsv } from "../../shared/domain/result-tables.ts";
import { COMPARISON_FIGURES, type ComparisonFigure, PUBLISHED_STUDY } from "../../shared/domain/results-command.ts";
import { DEFAULT_THRESHOLD, MOST_CURVES, THRESHOLD_STEPS } from "../../shared/domain/scored-cell.ts";
import { CONTROL_ARM } from "../../shared/domain/study.ts";
import { studyPair } from "../../shared/domain/study-pair.ts";
import { publishedResult, type StudyResult } from "../../shared/domain/study-result.ts";
import { type ComparisonData, comparisonTable, drawComparison, figureWidth } from "../../shared/figures/comparison.ts";
import { LIGHT_THEME } from "../../shared/figures/theme.ts";
import type { Host } from "../app/host.ts";
import { writePng, writeSvg } from "../export/figure-file.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { type CommonOptions, pathOf, runCommand, table, withCommonFlags } from "./context.ts";
import { resultText } from "./result-text.ts";
import { withHost } from "./with-host.ts";

interface ResultsOptions extends CommonOptions {
  readonly figure?: ComparisonFigure;
  readonly out?: string;
  readonly threshold: number;
  readonly with?: string;
  readonly arms?: readonly string[];
  readonly labelSet?: string;
  readonly published: boolean;
  readonly width?: number;
}

export function resultsCommand(): Command {
  const command = new Command("results")
    .description("what a study found: its chart and headline, or any chart of the comparison as SVG, PNG or CSV")
    .argument("<NAME>", `study, or ${PUBLISHED_STUDY} for the published sweep`)
    .addOption(
      new Option("--figure <FIGURE>", "one chart; its numbers as CSV unless --out says otherwise").choices([...COMPARISON_FIGURES]),
    )
    .option("--out <FILE>", "where the chart goes: .svg, .png or .csv")
    .addOption(
      new Option("--threshold <NUMBER>", "where a score counts as positive, 0 to 1 by hundredths")
        .argParser(threshold)
        .default(DEFAULT_THRESHOLD),
    )
    .option("--with <NAME>", `second study, or ${PUBLISHED_STUDY}: for the figures studies and differences`)
    .addOption(
      new Option("--arms <LIST>", "arms of the curves (default: the best one and the control)").argParser((text: string) =>
        text.split(",").map((part) => part.trim()),
      ),
    )
    .option("--label-set <NAME>", "label set of the curves (default: the first)")
    .option("--no-published", "without the published values as diamonds")
    .addOption(new Option("--width <PX>", "width of the chart").argParser(width));
  return withCommonFlags(command, { workspace: true }).action((name: string, options: ResultsOptions) =>
    runCommand(options, ({ print, signal }) =>
      withHost(options, async (host) => {
        const read = (study: string, at: number) =>
          study === PUBLISHED_STUDY ? publishedResult() : host.studies.result(study, { threshold: at, signal });
        const result = await read(name, options.threshold);
        const second = options.with;
        const pair =
          second === undefined
            ? null
            : studyPair(
                { name: titleOf(name), result },
                { name: titleOf(second), result: await read(second, second === PUBLISHED_STUDY ? DEFAULT_THRESHOLD : options.threshold) },
              );
        if (options.figure === undefined) {
          if (options.out !== undefined)
            throw new AppError("BAD_ARGUMENT", `--out goes with --figure. Choose one of ${COMPARISON_FIGURES.join(", ")}.`);
          const text = await resultText(host, name, result);
          print(pair ? { result, pair } : result, () => (pair ? `${text}\n\n${pairText(pair)}` : text));
          return;
        }
        const { figure, out } = options;
        const needsOther = figure === "studies" || figure === "differences";
        if (needsOther && !pair) throw new AppError("BAD_ARGUMENT", `--figure ${figure} needs a second study: --with NAME.`);
        const isCurve = figure === "pr" || figure === "roc";
        const data: ComparisonData = {
          ...{ result, showPublished: options.published && name !== PUBLISHED_STUDY, pair },
          ...(isCurve ? await curvesOf(host, name, result, options) : {}),
          ...(name === PUBLISHED_STUDY
            ? {}
            : {
                errors: new Map(
                  (await host.studies.runs(name)).flatMap(({ arm, state }) => (state.error ? [[arm, state.error.message]] : [])),
                ),
              }),
        };
        if (out === undefined) {
          const { columns, rows } = comparisonTable(figure, data);
          print({ figure, columns, rows }, () => toCsv({ columns, rows }).trimEnd());
          return;
        }
        const path = pathOf(out);
        switch (extname(path).toLowerCase()) {
          case ".svg":
            await writeSvg(path, drawComparison(figure, data, { width: options.width ?? figureWidth(figure), theme: LIGHT_THEME }));
            break;
          case ".png":
            await writePng(path, drawComparison(figure, data, { width: options.width ?? figureWidth(figure), theme: LIGHT_THEME }));
            break;
          case ".csv":
            await writeFileAtomic(path, toCsv(comparisonTable(figure, data)));
            break;
          default:
            throw new AppError("BAD_ARGUMENT", `--out ${out}: a chart can be written as .svg, .png or .csv.`);
        }
        print({ figure, file: path }, () => `Written: ${path}`);
      }),
    ),
  );
}

const titleOf = (study: string) => (study === PUBLISHED_STUDY ? "published" : study);

/** Curves of the arms asked for, or of the best one and the control. @throws AppError NO_DATA, BAD_ARGUMENT */
async function curvesOf(
  host: Host,
  name: string,
  result: StudyResult,
  { arms, labelSet }: ResultsOptions,
): Promise<Pick<ComparisonData, "curves" | "labelSet">> {
  const known = [...result.arms, ...(result.full ? [result.full] : [])].map(({ arm }) => arm);
  const unknown = arms?.find((arm) => !known.includes(arm));
  if (unknown !== undefined) throw new AppError("BAD_ARGUMENT", `"${unknown}" is no arm of ${name}. Its arms: ${known.join(", ")}.`);
  if (arms && arms.length > MOST_CURVES)
    throw new AppError("BAD_ARGUMENT", `${arms.length} arms are too many for one chart: at most ${MOST_CURVES}.`);
  if (labelSet !== undefined && !result.labelSets.includes(labelSet))
    throw new AppError("BAD_ARGUMENT", `"${labelSet}" is no label set of ${name}. Its label sets: ${result.labelSets.join(", ")}.`);
  const best = result.arms.find(({ rank }) => rank === 1)?.arm;
  const picked = arms ?? [...new Set([...(best ? [best] : []), CONTROL_ARM])];
  const curves = name === PUBLISHED_STUDY ? [] : await host.studies.comparisons.curves(name, picked);
  if (curves.length === 0)
    throw new AppError("NO_DATA", `The runs of ${titleOf(name)} have left no scores of test tiles: curves cannot be drawn.`);
  return { curves, ...(labelSet === undefined ? {} : { labelSet }) };
}

function pairText({ headline, arms, names }: ReturnType<typeof studyPair>): string {
  const number = (value: number) => value.toFixed(3);
  return [
    headline,
    table(
      arms.map(({ arm, first, second, difference, interval }) => [
        ...[arm, number(first.f1), number(second.f1), number(difference)],
        interval ? `${number(interval.low)} to ${number(interval.high)}` : "",
      ]),
      ["arm", ...names, "difference", "95 %"],
    ),
  ].join("\n");
}

function threshold(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("Give a number from 0 to 1.");
  return Math.round(value * THRESHOLD_STEPS) / THRESHOLD_STEPS;
}

function width(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 320 || value > 4000) throw new InvalidArgumentError("Give a whole number from 320 to 4000.");
  return value;
}
