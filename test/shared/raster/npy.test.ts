import { describe, expect, it } from "vitest";
import { encodeNpy } from "../../../shared/raster/npy.ts";
import fixture from "../../fixtures/raster.json" with { type: "json" };

describe("an .npy file", () => {
  it("is byte for byte what NumPy writes", () => {
    expect(Array.from(encodeNpy(Uint16Array.from([0, 1, 2, 3, 4, 5]), [1, 2, 3]))).toEqual(fixture.npy.uint16);
    expect(Array.from(encodeNpy(Float32Array.of(0.5, -1.25, 3e7), [3]))).toEqual(fixture.npy.float32);
    expect(Array.from(encodeNpy(new Uint8Array(0), [2, 0]))).toEqual(fixture.npy.uint8);
  });

  it("holds the part of a buffer that the array shows", () => {
    const part = new Uint16Array(8).fill(9).subarray(2, 4);
    expect(encodeNpy(part, [2]).length % 64).toBe(4);
  });

  it("refuses a shape of another size", () => {
    expect(() => encodeNpy(new Float32Array(5), [2, 3])).toThrow(/6 values, not 5/);
  });
});
