// A long past for a screen: what is drawn of thousands of steps are the extremes of each column of pixels.
import { decimate } from "../../shared/domain/decimate.ts";
import type { RunEvent } from "../../shared/domain/run-state.ts";

/** Steps at the end that stay whole: a run's pace is told from them. */
const WHOLE_END = 50;

/** The events with about so many of their steps: least and largest losses of even parts, and the end. All that are no steps stay. */
export function thinnedSteps(events: readonly RunEvent[], most: number): RunEvent[] {
  const steps = events.filter((event) => event.kind === "step");
  if (steps.length <= most) return [...events];
  const early = steps.slice(0, -WHOLE_END);
  const kept = new Set<RunEvent>([...decimate(early, ({ loss }) => loss, (most - WHOLE_END) / 4), ...steps.slice(-WHOLE_END)]);
  return events.filter((event) => event.kind !== "step" || kept.has(event));
}
