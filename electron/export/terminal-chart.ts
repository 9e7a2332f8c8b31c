// F1 of every arm as bars for a terminal.
import { type ArmFamily, CONTROL_ARM } from "../../shared/domain/study.ts";
import { type ArmResult, type StudyResult, scoreDecimals } from "../../shared/domain/study-result.ts";

export interface TerminalChartOptions {
  /** Width of the terminal, characters. */
  readonly columns: number;
  /** Whether escape sequences for colour are welcome. */
  readonly colour: boolean;
}

/** ANSI 256-colour codes near the figures' family colours. */
const COLOURS: Readonly<Record<ArmFamily, string>> = {
  geometric: "38;5;32",
  pixel: "38;5;166",
  mixed: "38;5;36",
  special: "38;5;74",
  control: "1",
  full: "38;5;133",
};

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/** Sorted bars with the control's place as a line through them. Arms without a score are counted underneath. */
export function terminalChart(result: StudyResult, { columns, colour }: TerminalChartOptions): string {
  const all = result.full ? [...result.arms, result.full] : result.arms;
  const arms = all.filter((arm): arm is ArmResult & { readonly f1: number } => arm.f1 !== null).sort((a, b) => b.f1 - a.f1);
  const paint = (code: string, content: string) => (colour && content ? `\u001b[${code}m${content}\u001b[0m` : content);
  const waiting = all.length - arms.length;
  if (arms.length === 0) return paint("2", `No arm has a score yet (${waiting} to come).`);

  const decimals = scoreDecimals(result);
  const values = arms.map((arm) => valueText(arm, decimals));
  const labelWidth = Math.max(...arms.map(({ arm }) => arm.length));
  const valueWidth = Math.max(...values.map((value) => value.length));
  const room = columns - 1 - (4 + labelWidth + 1 + 2 + valueWidth + 2);
  const width = Math.min(80, room);
  const control = result.control?.f1 ?? null;
  const [low, high] = [Math.min(...arms.map(({ f1 }) => f1)), Math.max(...arms.map(({ f1 }) => f1))];
  const from = Math.max(0, Math.floor((low - Math.max(0.01, (high - low) * 0.15)) * 100) / 100);
  const place = (f1: number) => ((f1 - from) / Math.max(high - from, 1e-9)) * width;
  const controlColumn = control === null ? -1 : Math.min(width - 1, Math.max(0, Math.floor(place(control))));

  const lines = arms.map((arm, i) => {
    const code = arm.isDropped ? `2;${COLOURS[arm.family]}` : COLOURS[arm.family];
    const cells =
      width < 8
        ? ""
        : barCells(place(arm.f1), width, { controlColumn, isControl: arm.arm === CONTROL_ARM, paint: (text) => paint(code, text) });
    const label = arm.arm.padEnd(labelWidth);
    const rank = arm.rank === null ? "    " : `${String(arm.rank).padStart(3)} `;
    return `${rank}${arm.arm === CONTROL_ARM ? paint("1", label) : arm.isDropped ? paint("2", label) : label} ${cells}${cells ? " " : ""}${markOf(arm)} ${values[i]!.padStart(valueWidth)}`.trimEnd();
  });
  return [
    ...lines,
    ...footer(arms, { from, control, decimals, waiting, hasBars: width >= 8, columns }).map((line) => paint("2", line)),
  ].join("\n");
}

/** A bar as characters, exact to an eighth, with the control's line before or behind its end. */
function barCells(
  length: number,
  width: number,
  { controlColumn, isControl, paint }: { controlColumn: number; isControl: boolean; paint: (text: string) => string },
): string {
  const eighths = Math.max(0, Math.min(width * 8, Math.round(length * 8)));
  const full = Math.floor(eighths / 8);
  const bar = Array.from({ length: width }, (_, i) =>
    i < full ? (isControl ? "░" : "█") : i === full ? EIGHTHS[eighths % 8] || " " : " ",
  );
  if (controlColumn < 0) return paint(bar.join("").padEnd(width));
  const before = bar.slice(0, controlColumn).join("");
  const after = bar.slice(controlColumn + 1).join("");
  return `${paint(before)}${controlColumn < full ? "┃" : "│"}${paint(after)}`;
}

const valueText = ({ f1, interval }: ArmResult & { readonly f1: number }, decimals: number) =>
  `${f1.toFixed(decimals)}${interval ? ` ± ${((interval.high - interval.low) / 2).toFixed(decimals)}` : ""}`;

/** One character that tells where the arm stands to the control, or that it is dropped. */
const markOf = (arm: ArmResult) => (arm.isDropped ? "x" : arm.beatsControl ? "+" : arm.trailsControl ? "-" : " ");

function footer(
  arms: readonly ArmResult[],
  {
    from,
    control,
    decimals,
    waiting,
    hasBars,
    columns,
  }: { from: number; control: number | null; decimals: number; waiting: number; hasBars: boolean; columns: number },
): string[] {
  const parts = [
    hasBars ? `bars start at F1 ${from.toFixed(2)}` : "F1",
    control === null ? "no control yet" : `${hasBars ? "│ " : ""}control ${control.toFixed(decimals)}`,
    ...(arms.some(({ beatsControl }) => beatsControl) ? ["+ beats the control (95 %)"] : []),
    ...(arms.some(({ trailsControl, isDropped }) => trailsControl && !isDropped) ? ["- worse than it"] : []),
    ...(arms.some(({ isDropped }) => isDropped) ? ["x dropped before the second stage"] : []),
  ];
  const interval = arms.find(({ intervalOf }) => intervalOf)?.intervalOf;
  if (interval) parts.push(`± 95 % interval over ${interval}`);
  if (waiting > 0) parts.push(`${waiting} ${waiting === 1 ? "arm" : "arms"} without a score`);
  return wrapped(parts, columns);
}

/** Parts with commas between them, in lines of at most a width where that is possible. */
function wrapped(parts: readonly string[], columns: number): string[] {
  const indent = "    ";
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 3 <= columns) lines[lines.length - 1] = `${last}, ${part}`;
    else {
      if (last !== undefined) lines[lines.length - 1] = `${last},`;
      lines.push(indent + part);
    }
  }
  return lines;
}
