import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../electron/files/byte-source.ts";
import { crc32c } from "../../../../electron/files/crc32c.ts";
import { isTfRecord, openTfRecords } from "../../../../electron/ingest/readers/tfrecord.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { fixtures } from "../made-files.ts";

const bytes = readFileSync(join(fixtures, "tfrecord", "patches.tfrecord"));
const sums = JSON.parse(readFileSync(join(fixtures, "tfrecord", "sums.json"), "utf8")) as Record<string, [number, number]>[];
const open = (data: Buffer) => openTfRecords(memorySource("a.tfrecord", data));
const bands = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"];
/** Where each record ends. */
const ends = [0, 1, 2].reduce<number[]>((all) => {
  const at = all.at(-1) ?? 0;
  return [...all, at + 16 + bytes.readUInt32LE(at)];
}, []);

describe("a TFRecord file", () => {
  it("tells names, labels and bands, from texts or a vector of 43 classes", async () => {
    const { examples, problems } = await open(bytes);
    expect(problems).toEqual([]);
    expect(examples.map(({ name, labels }) => [name, labels])).toEqual([
      ["S2A_MSIL2A_20170613T101031_87_48", ["Pastures", "Rice fields"]],
      ["S2B_MSIL2A_20170924T93020_69_24", ["Permanently irrigated land", "Coastal lagoons"]],
      ["/hdd/Sentinel2/Irrigated/a b", ["Irrigated"]],
    ]);
    for (const example of examples) expect(example.bands).toEqual(bands);
  });

  it.each([0, 1, 2])("gives the pixels of packed and unpacked lists (example %i)", async (index) => {
    const file = await open(bytes);
    const read = file.readExample(index);
    expect(Object.keys(read).sort()).toEqual([...bands].sort());
    for (const [band, { side, pixels }] of Object.entries(read)) {
      expect(side).toBe({ B01: 4, B09: 4, B02: 24, B03: 24, B04: 24, B08: 24 }[band] ?? 12);
      expect([pixels.reduce((a, b) => a + b, 0), pixels.at(-1)]).toEqual(sums[index]![band]);
    }
  });

  it("that is compressed is refused with what to do", async () => {
    await expect(open(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]))).rejects.toThrow(/gunzip/);
  });

  it.each(["", "II*\0 something else entirely", "PK\u0003\u0004"])("that is another file (%j) is refused", async (text) => {
    await expect(open(Buffer.from(text, "latin1"))).rejects.toMatchObject({ code: "BAD_FILE" });
  });

  it("is told by its first bytes", () => {
    expect(isTfRecord(bytes.subarray(0, 12))).toBe(true);
    expect(isTfRecord(bytes.subarray(1, 13))).toBe(false);
    expect(isTfRecord(bytes.subarray(0, 11))).toBe(false);
  });

  it("cut short keeps the whole records and names the other", async () => {
    const { examples, problems } = await open(bytes.subarray(0, ends[2]! - 1));
    expect(examples).toHaveLength(2);
    expect(problems).toEqual([
      { path: "a.tfrecord", reason: expect.stringMatching(/^record 3 is cut short: what comes from byte \d+ of/) },
    ]);
  });

  it("with a broken length keeps the records before it", async () => {
    const broken = Buffer.from(bytes);
    broken[ends[0]! + 3]! ^= 1;
    const { examples, problems } = await open(broken);
    expect(examples).toHaveLength(1);
    expect(problems[0]!.reason).toMatch(/^record 2 is broken/);
  });

  it("with changed pixels refuses that example only", async () => {
    const broken = Buffer.from(bytes);
    broken[ends[1]! - 300]! ^= 1;
    const file = await open(broken);
    expect(file.examples).toHaveLength(3);
    expect(() => file.readExample(1)).toThrow(/example 2 .* checksum/);
    expect(file.readExample(2).B02!.side).toBe(24);
  });

  it("cut short or changed anywhere gives examples or an error, never a crash", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), async (length, changes) => {
        const hostile = Buffer.from(bytes.subarray(0, length));
        // Every third change goes to the head of a record, where the structure lies.
        changes.forEach(([at, value], i) => {
          if (length > 0) hostile[i % 3 === 0 ? at % Math.min(length, 200) : at % length] = value;
        });
        try {
          const file = await open(hostile);
          file.examples.forEach((_, index) => {
            try {
              file.readExample(index);
            } catch (error) {
              expect(error).toBeInstanceOf(AppError);
            }
          });
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 1500, seed: 20210401 },
    );
  });

  it("with changed messages under right checksums gives pixels or an error", async () => {
    const message = bytes.subarray(ends[0]! + 12, ends[1]! - 4);
    const sign = (data: Buffer) => {
      const crc = crc32c(data);
      const out = Buffer.alloc(4);
      out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
      return out;
    };
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(message);
        for (const [at, value] of changes) changed[at % (at % 2 === 0 ? 60 : changed.length)] = value;
        const length = Buffer.alloc(8);
        length.writeUInt32LE(changed.length);
        const { examples, problems, readExample } = await open(Buffer.concat([length, sign(length), changed, sign(changed)]));
        expect(examples.length + problems.length).toBe(1);
        if (examples.length === 0) {
          outcomes.add("refused");
          return;
        }
        try {
          readExample(0);
          outcomes.add("read");
        } catch (error) {
          expect(error).toMatchObject({ code: "BAD_FILE" });
          outcomes.add("pixels refused");
        }
      }),
      { numRuns: 1500, seed: 20210401 },
    );
    expect([...outcomes].sort()).toEqual(["pixels refused", "read", "refused"]);
  });
});
