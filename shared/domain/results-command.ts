// What a comparison shows as a command: `study results` with its options, as the window copies it and the command line reads it.
import { DEFAULT_THRESHOLD } from "./scored-cell.ts";
import type { ArmId } from "./study.ts";

/** Charts of a comparison. */
export const COMPARISON_FIGURES = ["f1", "matrix", "effects", "label-sets", "pr", "roc", "studies", "differences"] as const;
export type ComparisonFigure = (typeof COMPARISON_FIGURES)[number];

/** Name of the published sweep beside the studies of a workspace, none of which can have it. */
export const PUBLISHED_STUDY = "~published";

/** What is on the screen. */
export interface ResultsView {
  readonly workspace: string;
  readonly study: string;
  readonly figure: ComparisonFigure;
  readonly threshold?: number | undefined;
  /** The study beside it. */
  readonly with?: string | null | undefined;
  /** Arms of the curves. */
  readonly arms?: readonly ArmId[] | undefined;
  readonly labelSet?: string | undefined;
  readonly showPublished?: boolean | undefined;
  /** The arm that is picked, drawn lit. */
  readonly highlight?: ArmId | undefined;
}

const USES_ARMS: ReadonlySet<ComparisonFigure> = new Set(["pr", "roc"]);
const USES_OTHER: ReadonlySet<ComparisonFigure> = new Set(["studies", "differences"]);

/** The arguments of `study results` that draw what is on the screen into a file. */
export function resultsArguments({
  workspace,
  study,
  figure,
  threshold,
  with: other,
  arms,
  labelSet,
  showPublished,
  highlight,
}: ResultsView): string[] {
  return [
    ...["study", "results", study, "--workspace", workspace, "--figure", figure],
    ...(threshold !== undefined && threshold !== DEFAULT_THRESHOLD ? ["--threshold", String(threshold)] : []),
    ...(other && USES_OTHER.has(figure) ? ["--with", other] : []),
    ...(arms && USES_ARMS.has(figure) ? ["--arms", arms.join(",")] : []),
    ...(labelSet && USES_ARMS.has(figure) ? ["--label-set", labelSet] : []),
    ...(showPublished === false && figure === "f1" ? ["--no-published"] : []),
    ...(highlight ? ["--highlight", highlight] : []),
    ...["--out", `${study === PUBLISHED_STUDY ? "published" : study}-${figure}.svg`],
  ];
}

/** A command of the application as it is pasted into a terminal in its folder. */
export const shellCommand = (words: readonly string[]): string => `npm run -s cli -- ${words.map(quoted).join(" ")}`;

export const resultsCommand = (view: ResultsView): string => shellCommand(resultsArguments(view));

/** An argument that a POSIX shell takes as it is. */
const quoted = (argument: string) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`);
