// Columns as bytes: what goes in comes out.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ColumnArray, decodeColumns, encodeColumns } from "../../../shared/contract/columns.ts";

const array: fc.Arbitrary<ColumnArray> = fc.oneof(
  fc.uint8Array(),
  fc.uint16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array({ noNaN: false }),
);

describe("columns as a message", () => {
  it("come back as they were, whatever their lengths", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), array), fc.dictionary(fc.string(), fc.string()), (arrays, facts) => {
        const read = decodeColumns(encodeColumns({ facts, arrays }).buffer);
        expect(read.facts).toEqual({ ...facts });
        expect(Object.entries(read.arrays)).toEqual(Object.entries(arrays));
      }),
      { seed: 6 },
    );
  });

  it("are refused when they end too soon", () => {
    const message = encodeColumns({ facts: {}, arrays: { rows: new Int32Array(100) } });
    expect(() => decodeColumns(message.slice(0, 120).buffer)).toThrow(RangeError);
  });
});
