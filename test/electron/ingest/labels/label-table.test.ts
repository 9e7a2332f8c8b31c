import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../electron/files/byte-source.ts";
import { readClassMap } from "../../../../electron/ingest/labels/class-name.ts";
import { csvRows } from "../../../../electron/ingest/labels/csv.ts";
import { readExclusions, readLabelTable } from "../../../../electron/ingest/labels/label-table.ts";
import { Skips } from "../../../../electron/ingest/labels/skips.ts";
import { Pace } from "../../../../electron/ingest/readers/pace.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { temporaryFolder } from "../made-files.ts";

const folder = temporaryFolder();
let files = 0;

function write(text: string | Buffer, extension = "csv"): string {
  const path = join(folder, `file-${++files}.${extension}`);
  writeFileSync(path, text);
  return path;
}

const rows = (text: string | Buffer) => [...csvRows(memorySource("made.csv", Buffer.from(text)))];
const cells = (text: string) => rows(text).map((row) => row.cells);

async function table(text: string | Buffer, idColumn: string | null = null) {
  const skips = new Skips();
  const read = await readLabelTable({ path: write(text), idColumn, skips, pace: new Pace() });
  const labels = Object.fromEntries([...read.classes].map(([id, numbers]) => [id, numbers.map((number) => read.classNames[number])]));
  return { labels, skips: skips.list(), rows: read.rows, notes: read.notes };
}

describe("rows of a CSV file", () => {
  it("are read with a byte order mark, any line ends, and quoted fields", () => {
    expect(cells('\uFEFFid,labels\r\na,"x, ""y""\r\nz"\rb,\n\n\nc,"",\n')).toEqual([
      ["id", "labels"],
      ["a", 'x, "y"\r\nz'],
      ["b", ""],
      ["c", "", ""],
    ]);
    expect(rows("a\n\nb\r\n\r\nc").map(({ line }) => line)).toEqual([1, 3, 5]);
  });

  it("are separated by what their first line has most of", () => {
    expect(cells("id;label;x,y\n1;a,b;2")).toEqual([
      ["id", "label", "x,y"],
      ["1", "a,b", "2"],
    ]);
    expect(cells('"a;b;c",d\n1,2')).toEqual([
      ["a;b;c", "d"],
      ["1", "2"],
    ]);
    expect(cells("id\tlabel\n1\tx")).toEqual([
      ["id", "label"],
      ["1", "x"],
    ]);
  });

  it("are what was written, whatever it was", () => {
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: "grapheme" }), { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
        (grid) => {
          expect(cells(grid.map((row) => row.map(quote).join(",")).join("\n"))).toEqual(grid);
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });

  it("are refused with the line where quotes or characters are broken", () => {
    expect(() => cells('a,b\n1,"x\n2,y')).toThrow(/line 2: a quote .* never closed/);
    expect(() => cells('a,b\n1,"x"y')).toThrow(/line 2: text behind a quoted field/);
    expect(() => rows(Buffer.from("a,b\n1,Ma\xefs", "latin1"))).toThrow(/not UTF-8/);
    expect(() => cells(`a,b\n"${"x".repeat(5_000_000)}`)).toThrow(/line 2: a row of more than/);
    expect(() => cells(",".repeat(20_000))).toThrow(/more than 10000 columns/);
  });

  it("end with an error of the application or none on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          rows(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { seed: 4, numRuns: 1000 },
    );
  });
});

describe("a table of labels", () => {
  it("has classes in one column, separated by ; or |", async () => {
    const { labels, rows: count } = await table(
      "Patch_Name,country,Labels\na,AT,Pastures;Rice fields\nb,AT, Pastures | Pastures \nc,AT,\n",
    );
    expect(labels).toEqual({ a: ["Pastures", "Rice fields"], b: ["Pastures"], c: [] });
    expect(count).toBe(3);
    expect((await table(`id,labels\na,"['Sea, ocean' 'Pastures']"\nb,"[""X"", ""Y""]"\nc,[]`)).labels).toEqual({
      a: ["Sea, ocean", "Pastures"],
      b: ["X", "Y"],
      c: [],
    });
  });

  it("has a column of 0 and 1 for each class, and tells which columns are none", async () => {
    const { labels, skips, notes } = await table("id;country;Cotton;Wheat\na;AT;1;0\nb;AT;1.0;1\nc;AT;0;0\nd;AT;2;0\n");
    expect(labels).toEqual({ a: ["Cotton"], b: ["Cotton", "Wheat"], c: [] });
    expect(skips).toEqual([{ reason: "row with other than 0 and 1 in the column of a class", count: 1, examples: ["line 5"] }]);
    expect(notes[0]).toMatch(/no classes: country/);
  });

  it("adds up rows of one id, and reports them with rows that are broken", async () => {
    const { labels, skips } = await table("id,label\na,X\na,Y\n,Z\nb,X,Y\n");
    expect(labels).toEqual({ a: ["X", "Y"] });
    expect(skips.map(({ reason, examples }) => [reason.slice(0, 30), ...examples])).toEqual([
      ["further row of the same tile: ", "line 3: a"],
      ["row without an id", "line 4"],
      ["row with other than the header", "line 5 has 3"],
    ]);
  });

  it("takes the id from the column that is asked for, and names the columns where it is not there", async () => {
    expect((await table("id,code,label\n1,a,X", "CODE")).labels).toEqual({ a: ["X"] });
    await expect(table("key,label\n1,X")).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringMatching(/Its columns are: key, label/),
    });
    await expect(table("id,label\n1,X", "code")).rejects.toThrow(/no column "code"/);
    await expect(table("id,class\n1,X")).rejects.toThrow(/neither a column "labels" nor columns of 0 and 1/);
  });

  it("is refused when it is empty, or its labels are no classes", async () => {
    await expect(table("")).rejects.toMatchObject({ code: "NO_DATA" });
    await expect(table("id,label\n")).rejects.toMatchObject({ code: "NO_DATA" });
    await expect(table(`id,label\n${Array.from({ length: 1001 }, (_, i) => `${i},x${i}`).join("\n")}`)).rejects.toThrow(
      /more than 1000 different values/,
    );
  });
});

describe("lists of tiles to leave out", () => {
  it("have an id a line and no header, and add up", async () => {
    const skips = new Skips();
    const ids = await readExclusions([write("a\r\nb\r\n"), write("b\nc")], skips, new Pace());
    expect([...ids]).toEqual(["a", "b", "c"]);
    expect(skips.list()[0]).toMatchObject({ count: 1, examples: ["line 1: b"] });
    await expect(readExclusions([write("a,1\n")], skips, new Pace())).rejects.toThrow(/one id a line/);
    await expect(readExclusions([write("")], skips, new Pace())).rejects.toMatchObject({ code: "NO_DATA" });
  });
});

describe("a table of values and classes", () => {
  it("is a JSON object, or a CSV file of two columns", () => {
    expect(readClassMap(write('{"1": "Wheat", "2": ""}', "json"))).toEqual({ "1": "Wheat", "2": "" });
    expect(readClassMap(write("value;class\n1;Wheat\n2;"))).toEqual({ "1": "Wheat", "2": "" });
    expect(readClassMap(write("1,Wheat"))).toEqual({ "1": "Wheat" });
  });

  it("is refused with the row that is wrong", () => {
    expect(() => readClassMap(write('{"1": 2}'))).toThrow(/class of "1" is not a text/);
    expect(() => readClassMap(write("{"))).toThrow(/not valid JSON/);
    expect(() => readClassMap(write("a,b\n1,2,3"))).toThrow(/row 2 has 3 columns/);
  });
});
