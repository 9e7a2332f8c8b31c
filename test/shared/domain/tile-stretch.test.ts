import { describe, expect, it } from "vitest";
import { DEFAULT_STRETCH, formatStretch, parseStretch } from "../../../shared/domain/tile-stretch.ts";

describe("a stretch in an address", () => {
  it("comes back as it was", () => {
    for (const stretch of [DEFAULT_STRETCH, { scope: "tile", low: 0, high: 99.5 } as const])
      expect(parseStretch(formatStretch(stretch))).toEqual(stretch);
  });

  it("is refused where white is not above black, or above 100", () => {
    for (const text of ["tile-5-5", "shared-90-10", "shared-2-101", "shared-2", "each-2-98"]) expect(parseStretch(text)).toBeNull();
  });
});
