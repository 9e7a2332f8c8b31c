// Files of `torch.save`: what PyTorch wrote is read, nothing of it is run, hostile bytes are refused.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../shared/domain/errors.ts";
import { decodeTorchCheckpoint, isTorchCheckpoint } from "../../../shared/learning/torch-checkpoint.ts";
import expected from "../../fixtures/weights.json" with { type: "json" };

const file = (name: string) => new Uint8Array(readFileSync(new URL(`../../fixtures/weights/${name}`, import.meta.url)));
const codeOf = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("a file of torch.save", () => {
  test.each([
    ["plain.pth", expected.plain],
    ["training.pth", expected.training],
  ])("%s gives the float tensors that PyTorch reads, under the names of nested dicts", (name, tensors) => {
    const found = decodeTorchCheckpoint(file(name));
    expect([...found.keys()]).toEqual(Object.keys(tensors));
    for (const [key, { shape, data }] of Object.entries(tensors as Record<string, { shape: number[]; data: (number | string)[] }>)) {
      expect(found.get(key)!.shape, key).toEqual(shape);
      expect(found.get(key)!.data, key).toEqual(Float32Array.from(data, Number));
    }
  });

  test("is known by its first bytes", () => {
    expect(["plain.pth", "legacy.pth", "widths.safetensors"].map((name) => isTorchCheckpoint(file(name)))).toEqual([true, true, false]);
  });

  test("of the format before PyTorch 1.6 is refused with the way to convert it", () => {
    expect(() => decodeTorchCheckpoint(file("legacy.pth"))).toThrow(codeOf("UNSUPPORTED", /before PyTorch 1\.6.*save_file/));
  });

  test("of another pickle protocol is refused with the way to convert it", () => {
    expect(() => decodeTorchCheckpoint(file("protocol4.pth"))).toThrow(codeOf("BAD_FILE", /not of protocol 2 or 3.*save_file/));
  });

  test("that ends early is refused", () => {
    const whole = file("plain.pth");
    expect(() => decodeTorchCheckpoint(whole.slice(0, whole.length - 30))).toThrow(codeOf("BAD_FILE", /no zip directory/));
  });

  test("with any change gives tensors or an AppError, never another error", () => {
    const whole = file("training.pth");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          decodeTorchCheckpoint(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
