import { describe, expect, it } from "vitest";
import { Random } from "../../../../shared/domain/random.ts";
import { CROPS, deciduousCover, fieldState, grassState } from "../../../../shared/raster/scene/phenology.ts";

const MAY = 138;
const AUGUST = 222;
const greenness = (crop: keyof typeof CROPS, day: number) => {
  let sum = 0;
  for (let i = 0; i < 40; i++) {
    const state = fieldState(CROPS[crop], day, 0.2, Random.of("test", crop, i));
    sum += state.cover * state.canopy.chlorophyll;
  }
  return sum / 40;
};

describe("crops through the year", () => {
  it("winter cereals are green in May and gone in August, irrigated maize the other way round", () => {
    expect(greenness("winterCereal", MAY)).toBeGreaterThan(0.6);
    expect(greenness("winterCereal", AUGUST)).toBeLessThan(0.1);
    expect(greenness("irrigatedMaize", AUGUST)).toBeGreaterThan(0.7);
    expect(greenness("irrigatedMaize", MAY)).toBeLessThan(0.3);
  });

  it("rice stands under water in May and is green in August", () => {
    expect(fieldState(CROPS.rice, MAY, 0.2, Random.of(1)).isFlooded).toBe(true);
    expect(fieldState(CROPS.rice, AUGUST, 0.2, Random.of(1)).isFlooded).toBe(false);
    expect(greenness("rice", AUGUST)).toBeGreaterThan(0.6);
  });

  it("keep irrigated soil moister than rain does", () => {
    const dry = fieldState(CROPS.sunflower, 200, 0.1, Random.of(3)).wetness;
    expect(fieldState(CROPS.irrigatedMaize, 200, 0.1, Random.of(3)).wetness).toBeGreaterThan(dry + 0.2);
  });

  it("draw the same numbers on every day, so that a field stays itself", () => {
    for (const crop of Object.values(CROPS)) {
      const next = [100, 160, 230, 290].map((day) => {
        const random = Random.of("field");
        fieldState(crop, day, 0.2, random);
        return random.next();
      });
      expect(new Set(next).size).toBe(1);
    }
  });

  it("give covers and wetness from 0 to 1", () => {
    for (const crop of Object.values(CROPS)) {
      for (let day = 90; day < 300; day += 7) {
        const { cover, wetness } = fieldState(crop, day, 0.4, Random.of(crop.name, day));
        expect(cover).toBeGreaterThanOrEqual(0);
        expect(cover).toBeLessThanOrEqual(1);
        expect(wetness).toBeGreaterThanOrEqual(0);
        expect(wetness).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe("natural vegetation", () => {
  it("dries in a dry country's summer only", () => {
    const state = (aridity: number, day: number) => grassState({ aridity, day, rainWetness: 0.2 }, 0.6).canopy.chlorophyll;
    expect(state(0.9, AUGUST)).toBeLessThan(0.4);
    expect(state(0.9, 105)).toBeGreaterThan(0.7);
    expect(state(0.2, AUGUST)).toBeGreaterThan(0.7);
  });

  it("comes into leaf in spring and loses it in autumn", () => {
    expect(deciduousCover(95)).toBeLessThan(0.45);
    expect(deciduousCover(180)).toBeGreaterThan(0.9);
    expect(deciduousCover(320)).toBeLessThan(0.4);
  });
});
