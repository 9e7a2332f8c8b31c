import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimate, smooth } from "../../../shared/domain/decimate.ts";
import { linearScale, niceDomain, tickLabels, ticks } from "../../../shared/figures/scale.ts";
import { escapeXml, h, linePath, toSvgString } from "../../../shared/figures/svg.ts";
import { fitText, textWidth, wrapText } from "../../../shared/figures/text.ts";

describe("toSvgString", () => {
  it("escapes text and attributes, and names the namespace of a file of its own", () => {
    const node = h("svg", { "data-arm": `"<&'` }, h("title", {}, "a < b & c"), null, [h("rect", { width: 1 / 3 })]);
    expect(toSvgString(node)).toBe(
      `<svg xmlns="http://www.w3.org/2000/svg" data-arm="&quot;&lt;&amp;&#39;"><title>a &lt; b &amp; c</title><rect width="0.33"/></svg>`,
    );
    expect(toSvgString(node, { standalone: false })).not.toContain("http");
  });

  it("lets no markup through, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const escaped = escapeXml(text);
        expect(escaped).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        expect([...escaped].every((character) => character >= " " || "\t\n\r".includes(character))).toBe(true);
      }),
    );
  });

  it("refuses coordinates that are not finite", () => {
    expect(() => h("rect", { x: Number.NaN })).toThrow("x=NaN");
    expect(() => linePath([[0, Number.POSITIVE_INFINITY]])).toThrow("path");
  });
});

describe("decimate", () => {
  const series = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 400 });

  it("keeps ends, extremes and order, and at most four points a bucket", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 50 }), (values, buckets) => {
        const points = values.map((y, x) => ({ x, y }));
        const kept = decimate(points, ({ y }) => y, buckets);
        expect(kept.length).toBeLessThanOrEqual(Math.max(4 * buckets, Math.min(points.length, 4 * buckets)));
        expect(kept[0]).toBe(points[0]);
        expect(kept.at(-1)).toBe(points.at(-1));
        const of = (list: readonly { y: number }[]) => [Math.min(...list.map(({ y }) => y)), Math.max(...list.map(({ y }) => y))];
        expect(of(kept)).toEqual(of(points));
        for (let i = 1; i < kept.length; i++) expect(kept[i]!.x).toBeGreaterThan(kept[i - 1]!.x);
      }),
    );
  });

  it("leaves a short line as it is", () => {
    const points = [1, 5, 2];
    expect(decimate(points, (y) => y, 10)).toBe(points);
  });
});

describe("smooth", () => {
  it("keeps constants and straight lines, stays between the extremes, and lags behind nothing", () => {
    const line = Array.from({ length: 50 }, (_, i) => 3 * i);
    smooth(line, 7).forEach((value, i) => {
      expect(value).toBeCloseTo(line[i]!, 9);
    });
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1 }),
        fc.integer({ min: 0, max: 20 }),
        (values, half) => {
          const smoothed = smooth(values, half);
          expect(smoothed).toHaveLength(values.length);
          for (const value of smoothed) {
            expect(value).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
            expect(value).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
          }
        },
      ),
    );
  });
});

describe("scales", () => {
  it("have round ticks inside their domain", () => {
    expect(ticks([0.71, 0.84], 6)).toEqual([0.72, 0.74, 0.76, 0.78, 0.8, 0.82, 0.84]);
    expect(tickLabels([0, 0.5, 1])).toEqual(["0.0", "0.5", "1.0"]);
    expect(tickLabels([-1, 20000])).toEqual(["−1", "20\u202f000"]);
    expect(niceDomain([0.713, 0.829], 10)).toEqual([0.71, 0.83]);
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, extent) => {
        const [a, b] = niceDomain([low, low + extent], 5);
        expect(a).toBeLessThanOrEqual(low + extent * 1e-6);
        expect(b).toBeGreaterThanOrEqual(low + extent * (1 - 1e-6));
        expect(ticks([a, b], 5).length).toBeLessThan(20);
      }),
    );
  });

  it("invert, and place a domain without extent", () => {
    const scale = linearScale([2, 4], [100, 300]);
    expect(scale.at(3)).toBe(200);
    expect(scale.invert(200)).toBe(3);
    expect(Number.isFinite(linearScale([0.7, 0.7], [0, 10]).at(0.7))).toBe(true);
  });
});

describe("text", () => {
  it("is cut and wrapped to a width", () => {
    expect(fitText("brightness+contrast", 60, 12)).toMatch(/^bright.*…$/);
    expect(textWidth(fitText("brightness+contrast", 60, 12), 12)).toBeLessThanOrEqual(60);
    expect(fitText("short", 60, 12)).toBe("short");
    expect(wrapText("one two three", textWidth("one two", 12) + 1, 12)).toEqual(["one two", "three"]);
    expect(wrapText("", 10, 12)).toEqual([]);
  });

  it("has room in the widest font it may be drawn in", () => {
    // Advances of DejaVu Sans and DejaVu Sans Bold, from their hmtx tables read by fontTools.
    expect(textWidth("95 % interval over label draws", 11)).toBeGreaterThanOrEqual(167.9);
    expect(textWidth("random-init (control)", 12, true)).toBeGreaterThanOrEqual(142.4);
  });
});
