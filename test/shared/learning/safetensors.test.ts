// The safetensors format: round trip, Python's own reader, hostile bytes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../shared/domain/errors.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../../shared/learning/checkpoint.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../shared/learning/safetensors.ts";
import type { StoredTensor } from "../../../shared/learning/weights.ts";
import expected from "../../fixtures/weights.json" with { type: "json" };
import { tinyConfig } from "./memory-store.ts";

const example = () =>
  new Map<string, StoredTensor>([
    ["encoder.conv1.weight", { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, -2, 0.5, Number.NaN, 1e-40, -0) }],
    ["step", { dtype: "int32", shape: [], data: Int32Array.of(-7) }],
    ["empty", { dtype: "float32", shape: [0, 4], data: new Float32Array(0) }],
  ]);

/** A file with this header and so many bytes of data. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

test("what is written is read again, bit for bit", () => {
  const bytes = encodeSafetensors({ tensors: example(), metadata: { note: "ü" } });
  const { tensors, metadata } = decodeSafetensors(bytes);
  expect(metadata).toEqual({ note: "ü" });
  expect(tensors).toEqual(example());
  expect(Object.is(tensors.get("encoder.conv1.weight")!.data[5], -0)).toBe(true);
  expect(encodeSafetensors({ tensors, metadata })).toEqual(bytes);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  expect(decodeSafetensors(shifted.subarray(3)).tensors).toEqual(example());
});

test("floats of other widths and long integers of a foreign file are read", () => {
  const { tensors } = decodeSafetensors(
    new Uint8Array(readFileSync(new URL("../../fixtures/weights/widths.safetensors", import.meta.url))),
  );
  for (const name of ["f16", "bf16", "f64"] as const)
    expect(tensors.get(name)!.data).toEqual(Float32Array.from(expected.widths[name].data));
  expect(tensors.get("i64")).toEqual({ dtype: "int32", shape: [2], data: Int32Array.of(-5, 2 ** 31 - 1) });
  const beyond = file({ a: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, 8).fill(1, -8);
  expect(() => decodeSafetensors(beyond)).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining("32 bits") }),
  );
});

test("a checkpoint is read again with its step and settings", () => {
  const state = { step: 12, config: tinyConfig(), tensors: example() };
  expect(decodeCheckpoint(encodeCheckpoint(state))).toEqual(state);
});

test("a safetensors file that is no checkpoint is refused", () => {
  const plain = encodeSafetensors({ tensors: example(), metadata: {} });
  expect(() => decodeCheckpoint(plain)).toThrow(expect.objectContaining({ code: "BAD_FILE" }));
  const wrong = encodeSafetensors({ tensors: example(), metadata: { version: "1", step: "-1", config: JSON.stringify(tinyConfig()) } });
  expect(() => decodeCheckpoint(wrong)).toThrow(expect.objectContaining({ code: "BAD_FILE" }));
});

describe("hostile bytes are refused", () => {
  test("reads the bytes of a Node Buffer as those of an array", () => {
    const bytes = encodeSafetensors({ tensors: example(), metadata: {} });
    const { tensors } = decodeSafetensors(Buffer.concat([Buffer.from("x"), bytes]).subarray(1));
    expect(tensors).toEqual(decodeSafetensors(bytes).tensors);
    expect(tensors.get("step")!.data).toEqual(Int32Array.of(-7));
  });

  const tensor = (patch: object) => file({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...patch } }, 8);
  const lengthOnly = (length: bigint) => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return bytes;
  };
  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["a header longer than the file", lengthOnly(9n)],
    ["a header of 2^64 - 1 bytes", lengthOnly(2n ** 64n - 1n)],
    ["no JSON", file("{")],
    ["bytes that are no UTF-8", file("").length ? Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe) : new Uint8Array(0)],
    ["an array", file([])],
    ["null", file(null)],
    ["an entry that is null", file({ a: null })],
    ["metadata that is no text", file({ __metadata__: { a: 1 } })],
    ["a negative side", tensor({ shape: [-2] })],
    ["a fractional side", tensor({ shape: [0.5, 4] })],
    ["a shape whose product overflows", tensor({ shape: [2 ** 30, 2 ** 30] })],
    ["a shape of other size", tensor({ shape: [3] })],
    ["an offset beyond the end", tensor({ shape: [4], data_offsets: [0, 16] })],
    ["an offset before the start", tensor({ data_offsets: [-8, 0] })],
    ["a hole", file({ a: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, 8)],
    [
      "an overlap",
      file({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] }, b: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, 8),
    ],
    ["bytes of no tensor", file({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, 8)],
    ["offsets that are no list", tensor({ data_offsets: "08" })],
  ])("%s", (_, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: "BAD_FILE" }));
  });

  test("another element type is named", () => {
    expect(() => decodeSafetensors(file({ a: { dtype: "U64", shape: [1], data_offsets: [0, 8] } }, 8))).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining("U64") }),
    );
  });

  test("any change or cut gives tensors or an AppError, never another error", () => {
    const whole = encodeSafetensors({ tensors: example(), metadata: { note: "x" } });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(whole.length), (changes, length) => {
        const bytes = whole.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        try {
          decodeSafetensors(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("a tensor named __proto__ is data like any other", () => {
    const { tensors } = decodeSafetensors(file('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4));
    expect([...tensors.keys()]).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });
});

/** Python with safetensors and numpy, where there is one: `SIMCLR_S2_PYTHON`, else `python3`. */
const python = process.env.SIMCLR_S2_PYTHON ?? "python3";
const hasSafetensors = (() => {
  try {
    execFileSync(python, ["-c", "import safetensors.numpy"], { stdio: "ignore", timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasSafetensors)("Python's safetensors reads it", () => {
  const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
  try {
    const path = join(folder, "x.safetensors");
    writeFileSync(path, encodeSafetensors({ tensors: example(), metadata: { note: "ü" } }));
    const script =
      "import json, sys, safetensors; f = safetensors.safe_open(sys.argv[1], 'numpy'); w = f.get_tensor('encoder.conv1.weight'); " +
      "print(json.dumps([sorted(f.keys()), f.metadata(), w.shape, w.flatten()[:3].tolist(), int(f.get_tensor('step')), f.get_tensor('empty').shape]))";
    const out = JSON.parse(execFileSync(python, ["-c", script, path]).toString());
    expect(out).toEqual([["empty", "encoder.conv1.weight", "step"], { note: "ü" }, [2, 3], [1, -2, 0.5], -7, [0, 4]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
