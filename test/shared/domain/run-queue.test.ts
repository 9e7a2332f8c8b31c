import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_RUN_QUEUE, inQueueOrder, moved, runKey } from "../../../shared/domain/run-queue.ts";

const run = fc.record({ arm: fc.constantFrom("all", "none", "pixel"), seed: fc.nat(3) });
const runs = fc.uniqueArray(run, { selector: runKey });

describe("the order of runs", () => {
  it("keeps every run once, those put first first, the others as they were", () => {
    fc.assert(
      fc.property(runs, runs, (all, first) => {
        const ordered = inQueueOrder(all, { ...EMPTY_RUN_QUEUE, first });
        expect(ordered.map(runKey).sort()).toEqual(all.map(runKey).sort());
        const known = new Set(all.map(runKey));
        const front = first.map(runKey).filter((key) => known.has(key));
        expect(ordered.map(runKey)).toEqual([...front, ...all.map(runKey).filter((key) => !front.includes(key))]);
      }),
    );
  });
});

describe("moving", () => {
  it("keeps all elements, and puts the one where it was told, or at the end", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { minLength: 1 }), fc.nat(12), fc.nat(12), (list, from, to) => {
        const at = from % list.length;
        const result = moved(list, at, to);
        expect(result.toSorted()).toEqual(list.toSorted());
        expect(result.indexOf(list[at]!)).toBe(Math.min(to, list.length - 1));
      }),
    );
  });
});
