// The log of a run as lines to read: every event in words, and what the worker wrote.
import type { RunEvent } from "../../../shared/domain/run-state.ts";

export type LineKind = "event" | "step" | "health" | "score" | "failure" | "output";

export interface LogLine {
  /** Wall clock, ms; null for the worker's output, which carries no time. */
  readonly at: number | null;
  readonly kind: LineKind;
  readonly text: string;
}

/** An event in words. */
export function lineOf(event: RunEvent): LogLine {
  const line = (kind: LineKind, text: string): LogLine => ({ at: event.at, kind, text });
  switch (event.kind) {
    case "started":
      return line(
        "event",
        `started on ${event.engine}, ${event.device}${event.resumedAtStep > 0 ? `, from step ${event.resumedAtStep}` : ""}`,
      );
    case "phase":
      return line("event", `${event.phase}: ${event.detail}`);
    case "step":
      return line(
        "step",
        `step ${event.step} of ${event.steps}: loss ${event.loss.toFixed(3)}, chance ${event.chance.toFixed(2)}, rate ${event.learningRate.toPrecision(2)}, ${event.viewsPerSecond.toFixed(0)} views/s, waited ${event.feedWaitMs.toFixed(1)} ms for data`,
      );
    case "health":
      return line("health", `health at step ${event.step}: ${event.verdict}: ${event.reason}`);
    case "checkpoint":
      return line("event", `checkpoint at step ${event.step}`);
    case "finetune":
      return line(
        "step",
        `fine-tuning ${event.labelSet}, ${event.percent} %, draw ${event.draw + 1}: epoch ${event.epoch} of at most ${event.epochs}, loss ${event.loss.toFixed(3)}, validation AUC ${event.validationAuc.toFixed(3)}`,
      );
    case "evaluated": {
      const { labelSet, percent, draw, f1, auc, ap, test } = event.evaluation;
      return line(
        "score",
        `scored ${labelSet}, ${percent} %, draw ${draw + 1}: F1 ${f1.toFixed(3)}, AUC ${auc.toFixed(3)}, AP ${ap.toFixed(3)} on ${test} tiles`,
      );
    }
    case "finished":
      return line("event", event.f1 === null ? "finished, without labels to score by" : `finished: F1 ${event.f1.toFixed(3)}`);
    case "interrupted":
      return line("event", `${event.reason} at step ${event.step}`);
    case "failed":
      return line("failure", `failed, ${event.code}: ${event.message}`);
  }
}

/** Lines of a worker's output. */
export const outputLines = (text: string): LogLine[] =>
  text.split(/\r?\n/).flatMap((line) => (line.trim() === "" ? [] : [{ at: null, kind: "output" as const, text: line }]));

export interface LogFilter {
  readonly text: string;
  readonly hasSteps: boolean;
}

/** Lines that a filter lets through: those of steps only when asked for, and those with every word of the text. */
export function filterLines(lines: readonly LogLine[], { text, hasSteps }: LogFilter): LogLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter((line) => (hasSteps || line.kind !== "step") && words.every((word) => line.text.toLowerCase().includes(word)));
}

/** Lines as text, a line each, with the time in ISO 8601. */
export const logText = (lines: readonly LogLine[]): string =>
  lines.map(({ at, text }) => `${at === null ? "worker" : new Date(at).toISOString()}  ${text}`).join("\n");
