// The columns of an arm: what the table shows and what its file holds.
import { type ArmResult, differenceDecimals, type StudyResult, scoreDecimals } from "../../../shared/domain/study-result.ts";
import { percentText, signed as signedTo } from "../../../shared/figures/f1-bars.ts";
import { count, score as scoreTo } from "../../state/words.ts";

export interface ArmColumn {
  readonly key: string;
  readonly title: string;
  readonly help?: string;
  /** What is sorted by and exported; null sorts last. */
  readonly value: (arm: ArmResult) => number | string | null;
  /** What is shown. */
  readonly text: (arm: ArmResult) => string;
  readonly isNumber: boolean;
}

/** The columns that a result has something for. */
export function armColumns(result: StudyResult): readonly ArmColumn[] {
  const [decimals, finer] = [scoreDecimals(result), differenceDecimals(result)];
  const score = (value: number | null) => scoreTo(value, decimals);
  const signed = (value: number) => signedTo(value, finer);
  const numeric = (key: string, title: string, value: (arm: ArmResult) => number | null, help?: string): ArmColumn => ({
    ...{ key, title, value, text: (arm) => score(value(arm)), isNumber: true },
    ...(help === undefined ? {} : { help }),
  });
  const columns: ArmColumn[] = [
    { key: "rank", title: "Rank", value: ({ rank }) => rank, text: ({ rank }) => (rank === null ? "" : count(rank)), isNumber: true },
    { key: "arm", title: "Arm", value: ({ arm }) => arm, text: ({ arm }) => arm, isNumber: false },
    numeric("f1", "F1", ({ f1 }) => f1, "mean over label sets, label draws and seeds"),
    {
      key: "interval",
      title: "95 %",
      help: "interval of F1",
      value: ({ interval }) => (interval ? interval.high - interval.low : null),
      text: ({ interval }) => (interval ? `${score(interval.low)} to ${score(interval.high)}` : ""),
      isNumber: true,
    },
    {
      key: "difference",
      title: "To control",
      help: "mean paired difference of F1 to the control, with its 95 % interval",
      value: ({ difference }) => difference?.mean ?? null,
      text: ({ difference }) => (difference ? `${signed(difference.mean)} (${signed(difference.low)} to ${signed(difference.high)})` : ""),
      isNumber: true,
    },
    {
      key: "p",
      title: "p (Holm)",
      help: "p-value of the difference to the control after Holm's correction for the number of comparisons",
      value: ({ difference }) => difference?.pHolm ?? null,
      text: ({ difference }) => (difference?.pHolm == null ? "" : difference.pHolm < 0.001 ? "<0.001" : difference.pHolm.toFixed(3)),
      isNumber: true,
    },
    {
      key: "toBest",
      title: "To best",
      help: "mean paired difference of F1 to the best couplet; in brackets its p-value after Holm's correction over all pairs of couplets",
      value: ({ toBest }) => (toBest ? -toBest.mean : null),
      text: ({ toBest }) =>
        toBest?.pHolm == null ? "" : `${signed(-toBest.mean)} (${toBest.pHolm < 0.001 ? "<0.001" : toBest.pHolm.toFixed(3)})`,
      isNumber: true,
    },
    ...result.labelSets.map((name) =>
      numeric(`f1 ${name}`, name, ({ byLabelSet }) => byLabelSet[name]?.f1 ?? null, `F1 of the label set ${name}`),
    ),
    numeric("auc", "AUC", ({ auc }) => auc, "area under the ROC curve"),
    numeric("ap", "AP", ({ ap }) => ap, "average precision"),
    numeric("precision", "Prec.", ({ precision }) => precision, "precision"),
    numeric("recall", "Recall", ({ recall }) => recall),
    {
      key: "bottom",
      title: "p(bottom 1/4)",
      help: "probability that the couplet is truly in the bottom quarter",
      value: ({ probabilityBottomQuarter }) => probabilityBottomQuarter,
      text: ({ probabilityBottomQuarter: p }) => (p === null ? "" : percentText(p)),
      isNumber: true,
    },
    numeric("published", "Published", ({ publishedF1 }) => publishedF1, "F1 of the published sweep"),
    {
      key: "runs",
      title: "Runs",
      value: ({ finished }) => finished,
      text: ({ finished, runs, failed }) => `${finished}/${runs}${failed > 0 ? `, ${failed} failed` : ""}`,
      isNumber: true,
    },
  ];
  return columns.filter(({ key, value }) => key === "arm" || key === "f1" || result.arms.some((arm) => value(arm) !== null));
}
