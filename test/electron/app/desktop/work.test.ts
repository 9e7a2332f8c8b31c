import { describe, expect, it } from "vitest";
import { endQuestion, settledAnswer, shareDone, workLine } from "../../../../electron/app/desktop/work.ts";
import type { Job } from "../../../../shared/domain/workspace.ts";

const job = (changes: Partial<Job>): Job => ({
  ...{ id: "1", kind: "study", title: "Study couplets", target: "couplets", status: "running", done: 17, total: 41, unit: "runs" },
  ...{ rate: 160, etaSeconds: 7500, message: null, skipped: 0, problems: [], changed: [], startedAt: 0, endedAt: null },
  ...changes,
});

describe("the question before the end", () => {
  it("names what runs, how far it is and how long it takes", () => {
    const question = endQuestion([job({}), job({ id: "2", status: "finished" })])!;
    expect(question.message).toBe("Study couplets is still running.");
    expect(question.detail).toContain("Study couplets: 17 of 41 runs\nAbout 2 h 05 min left.");
    expect(question.buttons).toHaveLength(3);
  });

  it("counts several, and is not asked when nothing runs", () => {
    expect(endQuestion([job({}), job({ id: "2", kind: "ingest", title: "Ingesting" })])?.message).toBe("2 things are still running.");
    expect(endQuestion([job({ status: "paused" })])).toBeUndefined();
  });

  it("is answered by the settings where they do", () => {
    expect(settledAnswer({ onClose: "ask" })).toBeUndefined();
    expect(settledAnswer({ onClose: "pause" })).toBe("pause");
  });
});

describe("the share done", () => {
  it("is the mean of what runs, without a bar when nothing does", () => {
    expect(shareDone([])).toBe(-1);
    expect(shareDone([job({ done: 10, total: 40 }), job({ done: 30, total: 40 })])).toBe(0.5);
    expect(shareDone([job({ done: 0, total: 0 })])).toBe(2);
    expect(shareDone([job({ done: 50, total: 40 })])).toBe(1);
  });

  it("is said in a line", () => {
    expect(workLine([job({})])).toBe("Study couplets: 17 of 41 runs");
    expect(workLine([])).toBe("Nothing is running");
  });
});
