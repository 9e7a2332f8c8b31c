import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ParquetColumn, writeParquet } from "../../../../electron/files/parquet.ts";
import { parsePatchName, readMetadata, readPatchList } from "../../../../electron/ingest/readers/bigearthnet-v2.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { temporaryFolder } from "../made-files.ts";

const folder = temporaryFolder();
const path = join(folder, "metadata.parquet");
const id = (n: number) => `S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_${n}_57`;
const text = (name: string, values: readonly (string | null)[]): ParquetColumn => ({ name, type: "string", values });
const yes = (name: string, values: readonly (boolean | null)[]): ParquetColumn => ({ name, type: "boolean", values });
const lists = (values: readonly (readonly string[] | null)[]): ParquetColumn => ({ name: "labels", type: "string[]", values });

describe("BigEarthNet v2's names", () => {
  it("tell product, day, granule and place", () => {
    expect(parsePatchName("S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_26_57")).toEqual({
      product: "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP",
      date: "2017-06-13",
      granule: "T33UUP",
      column: 26,
      row: 57,
    });
  });

  it.each([
    "S2A_MSIL2A_20170613T101031_87_48",
    "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP",
    "S2A_MSIL2A_20171399T101031_N9999_R022_T33UUP_1_2",
  ])("are not seen in %s", (name) => {
    expect(parsePatchName(name)).toBeNull();
  });
});

describe("BigEarthNet v2's metadata", () => {
  it("is found by the names of both versions, whatever the order of rows and columns", async () => {
    await writeParquet(path, [
      text("s2v1_name", ["S2A_v1_2", "S2A_v1_1", null]),
      yes("contains_cloud_or_shadow", [false, true, null]),
      text("country", ["Austria", "Portugal", "Austria"]),
      lists([["Pastures", "Arable land"], ["Arable land"], []]),
      text("split", ["train", "validation", "test"]),
      yes("contains_seasonal_snow", [true, false, false]),
      text("patch_id", [id(3), id(1), id(22)]),
      text("s1_name", ["a", "b", "c"]),
    ]);
    const metadata = await readMetadata(path);
    expect(metadata).toMatchObject({ rows: 3, classes: ["Arable land", "Pastures"] });
    const third = { patchId: id(3), labels: ["Pastures", "Arable land"], split: "train", country: "Austria", snow: true, cloud: false };
    expect(metadata.find(id(3))).toEqual({ ...third, v1Name: "S2A_v1_2" });
    expect(metadata.findV1("S2A_v1_2")).toEqual({ ...third, v1Name: "S2A_v1_2" });
    expect(metadata.find(id(1))).toMatchObject({ labels: ["Arable land"], split: "validation", country: "Portugal", cloud: true });
    expect(metadata.find(id(22))).toMatchObject({ labels: [], split: "test", cloud: null, v1Name: null });
    for (const name of [id(2), id(33), "", "zzz", "\u00e9"]) expect(metadata.find(name)).toBeNull();
    for (const name of ["S2A_v1_3", "", "A"]) expect(metadata.findV1(name)).toBeNull();
  });

  it("of two columns only tells names and labels", async () => {
    await writeParquet(path, [text("PATCH_ID", [id(1)]), lists([["Pastures"]])]);
    expect((await readMetadata(path)).find(id(1))).toEqual({
      patchId: id(1),
      labels: ["Pastures"],
      split: null,
      country: null,
      snow: null,
      cloud: null,
      v1Name: null,
    });
  });

  it("finds each of many names, of any characters", async () => {
    const names = fc.sample(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), { numRuns: 5000, seed: 20210401 });
    const unique = [...new Set(names)].filter((name) => name.isWellFormed() && !name.includes("\0"));
    await writeParquet(path, [
      text("patch_id", unique),
      lists(unique.map((_, i) => [`${i % 19}`])),
      text("s2v1_name", [...unique].reverse()),
    ]);
    const metadata = await readMetadata(path);
    expect(metadata.rows).toBe(unique.length);
    unique.forEach((name, i) => {
      expect(metadata.find(name)).toMatchObject({ patchId: name, labels: [`${i % 19}`], v1Name: unique[unique.length - 1 - i] });
      expect(metadata.findV1(name)!.patchId).toBe(unique[unique.length - 1 - i]);
    });
  });

  it.each([
    ["patch_id", [text("name", ["a"]), lists([["b"]])]],
    ["labels", [text("patch_id", ["a"]), text("labels", ["b"])]],
  ])("without a column %s is refused", async (name, columns) => {
    await writeParquet(path, columns);
    await expect(readMetadata(path)).rejects.toThrow(new RegExp(`has no column "${name}"`));
  });

  it("that is missing or no Parquet file is refused", async () => {
    await expect(readMetadata(join(folder, "none.parquet"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    writeFileSync(path, "patch_id,labels\n");
    await expect(readMetadata(path)).rejects.toMatchObject({ code: "BAD_FILE" });
  });

  it("cut short or changed anywhere gives rows or an error, never a crash", async () => {
    await writeParquet(path, [
      text("patch_id", [1, 2, 3, 4, 5].map(id)),
      lists([["a"], ["b", "c"], [], null, ["a"]]),
      yes("contains_seasonal_snow", [true, null, false, true, true]),
    ]);
    const bytes = readFileSync(path);
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (changes, isCut) => {
          const hostile = Buffer.from(bytes);
          for (const [at, value] of changes) hostile[at] = value;
          writeFileSync(path, isCut ? hostile.subarray(0, changes[0]![0]) : hostile);
          try {
            const { rows } = await readMetadata(path);
            expect(rows).toBeLessThanOrEqual(5);
            outcomes.add("read");
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            outcomes.add("refused");
          }
        },
      ),
      { numRuns: 150, seed: 20210401 },
    );
    expect([...outcomes].sort()).toEqual(["read", "refused"]);
  });
});

describe("a list of patches", () => {
  const list = join(folder, "patches_with_seasonal_snow.csv");
  it("has a name a line, whatever ends the lines", () => {
    writeFileSync(list, '\uFEFFS2A_1\r\nS2A_2\n\n"S2A_3"\nS2A_1');
    expect([...readPatchList(list)]).toEqual(["S2A_1", "S2A_2", "S2A_3"]);
  });

  it.each(["patch,label\na,b\n", "x".repeat(300), "PK\u0003\u0004\0\0"])("is not seen in another file (%#)", (content) => {
    writeFileSync(list, content);
    expect(() => readPatchList(list)).toThrow(/no list of patch names/);
  });
});
