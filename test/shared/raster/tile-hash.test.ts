import { describe, expect, it } from "vitest";
import { Random } from "../../../shared/domain/random.ts";
import { tileHash } from "../../../shared/raster/tile-hash.ts";

const GROUPS = [
  { pixels: 120, bands: ["B02", "B03", "B04", "B08"] },
  { pixels: 60, bands: ["B05"] },
] as const;

/** A made-up landscape: smooth waves and some noise. */
function land(seed: number, noise = 0, change = (dn: number) => dn): Uint16Array[] {
  const random = Random.of("land", seed);
  const noises = Random.of("noise", seed);
  return GROUPS.map(({ pixels, bands }) => {
    const out = new Uint16Array(bands.length * pixels * pixels);
    bands.forEach((_, b) => {
      const [fx, fy, phase] = [random.uniform(1, 9), random.uniform(1, 9), random.uniform(0, 6)];
      for (let y = 0; y < pixels; y++) {
        for (let x = 0; x < pixels; x++) {
          const wave = Math.sin((fx * x) / pixels + phase) * Math.cos((fy * y) / pixels + phase);
          out[(b * pixels + y) * pixels + x] = change(Math.round(2500 + 1200 * wave)) + Math.round(noise * noises.normal());
        }
      }
    });
    return out;
  });
}

const distance = (a: string, b: string) => (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll("0", "").length;

describe("tileHash", () => {
  it("is 16 hexadecimal digits, one bit a comparison from the upper left", () => {
    // Brighter to the right everywhere but in the first row: all bits set but the first eight.
    const ramp = new Uint16Array(72 * 72).map((_, i) => (i < 9 * 72 ? 5000 - (i % 72) : 1000 + (i % 72)));
    expect(tileHash([ramp], [{ pixels: 72, bands: ["B04"] }])).toBe("00ffffffffffffff");
    expect(tileHash([new Uint16Array(72 * 72).fill(7)], [{ pixels: 72, bands: ["B04"] }])).toBe("0000000000000000");
  });

  it("stays under an offset and a gain, and nearly so under noise", () => {
    for (let seed = 0; seed < 20; seed++) {
      const hash = tileHash(land(seed), GROUPS);
      expect(
        tileHash(
          land(seed, 0, (dn) => dn + 1000),
          GROUPS,
        ),
      ).toBe(hash);
      expect(
        distance(
          tileHash(
            land(seed, 0, (dn) => Math.round(dn * 1.3)),
            GROUPS,
          ),
          hash,
        ),
      ).toBeLessThanOrEqual(1);
      expect(distance(tileHash(land(seed, 50), GROUPS), hash)).toBeLessThanOrEqual(3);
    }
  });

  it("tells other ground", () => {
    const hashes = Array.from({ length: 20 }, (_, seed) => tileHash(land(seed), GROUPS));
    for (let i = 0; i < 20; i++) for (let j = 0; j < i; j++) expect(distance(hashes[i]!, hashes[j]!)).toBeGreaterThan(3);
  });

  it("does not see pixels without data, saturated ones, or bands that other sources lack", () => {
    const tile = land(1);
    const hash = tileHash(tile, GROUPS);
    for (let i = 0; i < 40; i++) tile[0]![(60 + i) * 120 + 50] = i % 2 === 0 ? 0 : 65535;
    expect(distance(tileHash(tile, GROUPS), hash)).toBeLessThanOrEqual(2);
    tile[1]!.fill(1);
    expect(distance(tileHash(tile, GROUPS), hash)).toBeLessThanOrEqual(2);
    expect(tileHash([land(1)[1]!], [GROUPS[1]])).toMatch(/^[0-9a-f]{16}$/);
  });
});
