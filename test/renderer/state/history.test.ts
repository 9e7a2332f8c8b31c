import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changed, historyOf, redone, undone } from "../../../renderer/state/history.ts";

describe("undo and redo", () => {
  it("go back through every value and forward again", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 30 }), (values) => {
        let history = historyOf(0);
        values.forEach((value, i) => {
          history = changed(history, value, `change ${i}`, i);
        });
        const seen: number[] = [];
        for (let now = history; now.past.length > 0; ) {
          now = undone(now);
          seen.unshift(now.present);
          if (now.past.length === 0) for (; now.future.length > 0; ) now = redone(now);
          if (now.present === history.present && now.future.length === 0) break;
        }
        expect(seen).toEqual([0, ...values.slice(0, -1)]);
      }),
    );
  });

  it("take a dragged slider as one step", () => {
    let history = historyOf(0);
    for (const value of [1, 2, 3]) history = changed(history, value, "gain factor", 100 * value);
    expect(undone(history).present).toBe(0);
    history = changed(history, 4, "gain factor", 5_000);
    expect(undone(history).present, "a later drag is another").toBe(3);
  });

  it("forget what was undone when something else is done", () => {
    const history = changed(undone(changed(historyOf("a"), "b", "x", 0)), "c", "y", 10);
    expect(history).toMatchObject({ present: "c", future: [] });
    expect(redone(history).present).toBe("c");
  });

  it("do nothing at the ends", () => {
    expect(undone(historyOf(1)).present).toBe(1);
    expect(redone(historyOf(1)).present).toBe(1);
  });
});
