// Items that are left out, counted by reason with the first few of each.
import type { Skipped } from "../../../shared/domain/labelling.ts";

const EXAMPLES = 5;
const EXAMPLE_CHARACTERS = 120;

export class Skips {
  private readonly reasons = new Map<string, { count: number; examples: string[] }>();

  /** @param example what was left out: a row, a polygon */
  add(reason: string, example: string): void {
    const entry = this.reasons.get(reason) ?? { count: 0, examples: [] };
    this.reasons.set(reason, entry);
    entry.count++;
    if (entry.examples.length < EXAMPLES) entry.examples.push(example.slice(0, EXAMPLE_CHARACTERS));
  }

  /** Most frequent first. */
  list(): Skipped[] {
    return [...this.reasons].map(([reason, { count, examples }]) => ({ reason, count, examples })).sort((a, b) => b.count - a.count);
  }
}
