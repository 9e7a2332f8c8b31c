import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { panned, pixelAt, showing, wholeView, zoomed } from "../../../../renderer/views/data/picture-view.ts";

const PIXELS = 120;
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("the view of a picture", () => {
  it("keeps the point under the pointer where it is while it zooms in", () => {
    fc.assert(
      fc.property(fc.double({ min: 1.01, max: 6, noNaN: true }), share, share, (factor, x, y) => {
        const before = wholeView(PIXELS);
        const after = zoomed(before, factor, PIXELS, [x, y]);
        expect(after.left + x * after.side).toBeCloseTo(x * PIXELS, 6);
        expect(after.top + y * after.side).toBeCloseTo(y * PIXELS, 6);
      }),
      { seed: 1 },
    );
  });

  it("never leaves the picture, and never goes nearer than eight pixels", () => {
    const step = fc.oneof(
      fc.record({ factor: fc.double({ min: 0.1, max: 10, noNaN: true }), at: fc.tuple(share, share) }),
      fc.record({ pan: fc.tuple(fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true })) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const view = steps.reduce(
          (now, one) => ("pan" in one ? panned(now, one.pan, PIXELS) : zoomed(now, one.factor, PIXELS, one.at)),
          wholeView(PIXELS),
        );
        expect(view.side).toBeGreaterThanOrEqual(8);
        for (const start of [view.left, view.top]) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(start + view.side).toBeLessThanOrEqual(PIXELS + 1e-9);
        }
      }),
      { seed: 1 },
    );
  });

  it("tells the pixel at a place, also at the very edge", () => {
    expect(pixelAt(wholeView(PIXELS), [0.5, 0], PIXELS)).toEqual([60, 0]);
    expect(pixelAt(wholeView(PIXELS), [1, 1], PIXELS)).toEqual([119, 119]);
    expect(pixelAt({ side: 12, left: 30, top: 60 }, [0.5, 0.25], PIXELS)).toEqual([36, 63]);
  });

  it("follows a cursor that the keys move out of it", () => {
    const near = { side: 20, left: 0, top: 0 };
    expect(showing(near, [25, 5], PIXELS)).toEqual({ side: 20, left: 6, top: 0 });
    expect(showing(near, [10, 10], PIXELS)).toEqual(near);
  });
});
