import { describe, expect, it } from "vitest";
import { terminalChart } from "../../../electron/export/terminal-chart.ts";
import { exampleStudy } from "../../shared/domain/example-study.ts";

const { result } = exampleStudy();
const ESCAPE = "\u001b";

describe("terminalChart", () => {
  it("has a line for every arm, best first, with the control's place in each bar", () => {
    const lines = terminalChart(result, { columns: 100, colour: false }).split("\n");
    const rows = lines.slice(0, 41);
    expect(rows[0]).toMatch(/^ {2}1 geometric /);
    expect(rows.every((row) => /[│┃]/.test(row))).toBe(true);
    expect(new Set(rows.map((row) => row.search(/[│┃]/))).size).toBe(1);
    expect(rows.filter((row) => / x 0\.\d\d/.test(row))).toHaveLength(9);
    expect(lines.slice(41).join(" ")).toMatch(/bars start at F1 0\.\d\d, │ control 0\.\d+.*x dropped before the second stage/s);
  });

  it.each([44, 60, 80, 100, 200])("fits a terminal of %i columns", (columns) => {
    for (const line of terminalChart(result, { columns, colour: false }).split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it("uses escape sequences only when they are welcome, and closes each", () => {
    expect(terminalChart(result, { columns: 100, colour: false })).not.toContain(ESCAPE);
    const coloured = terminalChart(result, { columns: 100, colour: true });
    const opened = coloured.split(`${ESCAPE}[`).length - 1;
    expect(coloured.split(`${ESCAPE}[0m`).length - 1).toBe(opened / 2);
  });

  it("tells partial and empty results plainly", () => {
    expect(terminalChart(exampleStudy({ finished: 0 }).result, { columns: 80, colour: false })).toBe(
      "No arm has a score yet (41 to come).",
    );
    const partial = terminalChart(exampleStudy({ finished: 4 }).result, { columns: 80, colour: false });
    expect(partial).toContain("no control yet");
    expect(partial).toContain("37 arms without a score");
  });
});
