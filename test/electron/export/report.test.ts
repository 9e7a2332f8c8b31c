import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeReport } from "../../../electron/export/report.ts";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { armTable, evaluationTable, operationTable, runTable, type Table, toCsv } from "../../../shared/domain/result-tables.ts";
import { CURVE_STEPS } from "../../../shared/domain/scored-cell.ts";
import type { ReportFiles } from "../../../shared/domain/workspace.ts";
import { type ExampleStudy, exampleStudy, resultOf } from "../../shared/domain/example-study.ts";

const dataset: Dataset = {
  version: 1,
  name: "example",
  created: "2026-01-01T00:00:00.000Z",
  tiles: 1234,
  tilePixels: 120,
  groups: [
    { name: "10m", pixels: 120, bands: ["B02", "B03", "B04", "B08"] },
    { name: "20m", pixels: 60, bands: ["B05"] },
  ],
  statistics: {},
  classes: [{ name: 'Vineyards <"&">', tiles: 200 }],
  radiometry: { quantification: 10_000, offset: 0, source: "the simulator" },
  sources: [],
  skipped: [{ path: "a.tif", reason: "truncated" }],
  simulated: true,
  fingerprint: "0123456789abcdef",
};
const now = () => new Date("2026-02-03T04:05:06Z");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const report = (name: string, { study, result, runs }: ExampleStudy, data?: Dataset): Promise<ReportFiles> =>
  writeReport({ study, result, runs, curves: [], ...(data ? { dataset: data } : {}), outFolder: join(folder, name), now });

/** Reads CSV by RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let field = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') {
        field += '"';
        i++;
      } else isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === "," || character === "\n") {
      rows.at(-1)!.push(field);
      field = "";
      if (character === "\n") rows.push([]);
    } else if (character !== "\r") field += character;
  }
  return rows.slice(0, -1);
}

describe("writeReport", () => {
  let files: ReportFiles;
  let html: string;
  const example = exampleStudy({ withFull: true, finished: 42, failed: ["blur+gain"] });
  beforeAll(async () => {
    files = await report("whole", example, dataset);
    html = await readFile(files.html, "utf8");
  });

  it("draws the curves that it is given, with their numbers", async () => {
    const curve = {
      ...{ arm: "rotation+shift", labelSet: "regular", fineTunings: 2, ap: 0.7, auc: 0.8 },
      precision: Array.from({ length: CURVE_STEPS }, (_, i) => 1 - i / 200),
      sensitivity: Array.from({ length: CURVE_STEPS + 1 }, (_, i) => Math.sqrt(i / CURVE_STEPS)),
    };
    const { study, result, runs } = example;
    const outFolder = join(folder, "curves");
    const withCurves = await writeReport({ study, result, runs, curves: [curve], outFolder, now });
    expect(withCurves.svg).toContain(join(outFolder, "figures", "pr-regular.svg"));
    expect(await readFile(withCurves.html, "utf8")).toContain("Precision and recall on regular");
    const table = parseCsv(await readFile(join(outFolder, "roc-regular.csv"), "utf8"));
    expect(table[0]).toEqual(["false_positive_rate", "rotation+shift"]);
    expect(table.slice(1).map(([, y]) => Number(y))).toEqual(curve.sensitivity);
    expect(files.svg.some((path) => path.includes("roc"))).toBe(false);
  });

  it("writes what it says, and nothing half-written", async () => {
    const written = (await readdir(files.folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(written.sort()).toEqual([files.html, ...files.csv, ...files.svg, ...files.png].sort());
    expect(files.csv.map((path) => basename(path))).toEqual(["arms.csv", "operations.csv", "runs.csv", "evaluations.csv"]);
    expect(files.svg.map((path) => basename(path))).toEqual(
      expect.arrayContaining(["f1-bars.svg", "couplet-matrix.svg", "loss-curves.svg"]),
    );
  });

  it("makes one HTML file that fetches nothing and runs nothing", () => {
    expect(html).not.toMatch(/https?:|\/\/[a-z]|<script|<link|<img|<iframe|@import|srcset|javascript:/i);
    for (const [, target] of html.matchAll(/url\(([^)]*)\)/g)) expect(target).toMatch(/^#/);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(html.length).toBeLessThan(6_000_000);
  });

  it("says at the top that the data are simulated, and tells data, settings and provenance", () => {
    expect(html.indexOf("Simulated data.")).toBeGreaterThan(0);
    expect(html.indexOf("Simulated data.")).toBeLessThan(html.indexOf("<svg"));
    for (const fact of [
      example.result.headline,
      "0123456789abcdef",
      "1,234 of 120 x 120 px",
      "pretrain.learningRate",
      "2026-02-03T04:05:06.000Z",
      "tensorflow cpu",
      "SimCLR-S2 Studio",
    ])
      expect(html).toContain(fact);
    expect(html).toContain("Vineyards &lt;&quot;&amp;&quot;&gt;");
    expect(html).toContain("The tile &quot;a&quot; &lt;ends&gt; after 3 &amp; 4 MB");
  });

  it("is well nested", () => {
    const open: string[] = [];
    for (const [, isEnd, tag, isVoid] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (isVoid || ["meta"].includes(tag!)) continue;
      if (!isEnd) open.push(tag!);
      else expect(open.pop()).toBe(tag);
    }
    expect(open).toEqual([]);
  });

  it("draws its figures as SVG that is a file of its own, and as PNG of twice the size", async () => {
    const svg = await readFile(files.svg.find((path) => path.endsWith("f1-bars.svg"))!, "utf8");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
    const height = Number(/height="([\d.]+)"/.exec(svg)![1]);
    const image = await sharp(files.png.find((path) => path.endsWith("f1-bars.png"))!).metadata();
    expect(image.width).toBe(1800);
    expect(Math.abs(image.height! - 2 * height)).toBeLessThanOrEqual(2);
  });

  it("writes tables that read back in full precision", async () => {
    const tables: Table[] = [
      armTable(example.result),
      operationTable(example.result),
      runTable(example.runs),
      evaluationTable(example.runs),
    ];
    for (const [i, { columns, rows }] of tables.entries()) {
      const [head, ...body] = parseCsv(await readFile(files.csv[i]!, "utf8"));
      expect(head).toEqual(columns);
      expect(body).toEqual(rows.map((row) => row.map((cell) => (cell === null ? "" : String(cell)))));
      expect(body.length).toBeGreaterThan(8);
    }
    expect(
      runTable(example.runs)
        .rows.flat()
        .filter((cell) => String(cell).includes("<ends>")),
    ).toHaveLength(3);
  });

  it("replaces an earlier report", async () => {
    await writeFile(files.html, "old");
    await report("whole", example, dataset);
    expect(await readFile(files.html, "utf8")).toBe(html);
  });

  it("works before anything has a score, without data set, for one arm, and for a single label set", async () => {
    const { study, runs } = exampleStudy({ arms: ["none"], finished: 0 });
    for (const [name, some] of Object.entries({
      nothing: exampleStudy({ finished: 0 }),
      "no runs": { study, runs: [], result: resultOf(study, []) },
      "one arm": { study, runs, result: resultOf(study, runs) },
      "one label set": exampleStudy({ seeds: [1], draws: 1, labelSets: ["<regular>"], finished: 3 }),
    })) {
      const text = await readFile((await report(name, some)).html, "utf8");
      expect(text, name).not.toMatch(/NaN|undefined|\[object|<regular>/);
      expect(text, name).not.toContain("Simulated data.");
      expect(text, name).toContain("no longer in the workspace");
    }
  });

  it("says where it could not write", async () => {
    const blocked = join(folder, "a-file");
    await writeFile(blocked, "");
    const { study, result, runs } = exampleStudy({ finished: 0 });
    await expect(writeReport({ study, result, runs, curves: [], outFolder: join(blocked, "inside") })).rejects.toMatchObject({
      name: "AppError",
      message: expect.stringContaining("a-file"),
    });
  });
});

describe("toCsv", () => {
  it("quotes what needs it and leaves nothing where there is no number", () => {
    expect(
      toCsv({
        columns: ["a", "b,c"],
        rows: [
          ['say "hi"', null],
          [Number.NaN, 0.1 + 0.2],
          ["two\nlines", true],
        ],
      }),
    ).toBe('a,"b,c"\r\n"say ""hi""",\r\n,0.30000000000000004\r\n"two\nlines",true\r\n');
  });
});
