import { beforeEach, describe, expect, it } from "vitest";
import { formatDuration, ProgressLine } from "../../electron/progress.ts";

let now: number;
let written: string[];
beforeEach(() => {
  now = 0;
  written = [];
});

function line(isTTY: boolean): ProgressLine {
  const stream = { isTTY, columns: 120, write: (text: string) => written.push(text) > 0 };
  return new ProgressLine("Writing", stream as never, () => now);
}

describe("a progress line", () => {
  it("measures rate and time left when the work tells none, from where it was taken up", () => {
    const progress = line(false);
    progress.update({ done: 100, total: 300, unit: "patches" });
    now = 10_000;
    progress.update({ done: 150, total: 300, unit: "patches" });
    expect(written).toEqual(["Writing: 150 of 300 patches, 5.0/s, 30 s left\n"]);
  });

  it("shows what the work tells of its pace, or none when it says so", () => {
    const progress = line(false);
    now = 6_000;
    progress.update({ done: 1, total: 3, unit: "runs", rate: null, etaSeconds: 70 });
    expect(written).toEqual(["Writing: 1 of 3 runs, 1 min 10 s left\n"]);
  });

  it("gives no count while the total is not known", () => {
    const progress = line(false);
    now = 6_000;
    progress.update({ done: 25, total: 0, unit: "steps", note: "reading 768 tiles" });
    expect(written).toEqual(["Writing: reading 768 tiles\n"]);
  });

  it("writes the end once, whatever follows it", () => {
    const progress = line(false);
    for (let i = 0; i < 5; i++) progress.update({ done: 3, total: 3, unit: "steps", rate: null, note: "fine-tuning" });
    expect(written).toHaveLength(1);
  });

  it("redraws one line on a terminal, ten times a second at most", () => {
    const progress = line(true);
    for (now = 1000; now < 2000; now += 10) progress.update({ done: 1, total: 4, unit: "tiles", rate: null });
    expect(written).toHaveLength(10);
    expect(written[0]).toBe(`\r\u001b[2KWriting: ${"█".repeat(6)}${"░".repeat(18)} 1 of 4 tiles`);
    expect(written.join("")).not.toContain("\n");
  });
});

it.each([
  [42.4, "42 s"],
  [185, "3 min 05 s"],
  [7620, "2 h 07 min"],
])("tells %d seconds as %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
