import { describe, expect, it } from "vitest";
import { AugmentationSettings, PROFILES } from "../../../shared/domain/augmentations.ts";
import { parameterWarnings } from "../../../shared/domain/parameter-warnings.ts";

const warningsOf = (profile: string, parameters: unknown) =>
  parameterWarnings(AugmentationSettings.parse({ profile, parameters })).map(
    ({ operation, parameter, message }) => `${operation} ${parameter}: ${message}`,
  );

describe("warnings of parameters", () => {
  it("find nothing in the physical profile, and the sign flips of the published one", () => {
    expect(warningsOf("physical", {})).toEqual([]);
    expect(warningsOf("published", {})).toEqual(["gain factor: 50 % of the draws flip the sign: bright surfaces become dark."]);
  });

  it("count the draws that flip", () => {
    expect(warningsOf("published", { gain: { factor: [-0.5, 1.5] } })[0]).toContain("25 %");
    expect(warningsOf("published", { gain: { factor: [-0.5, -0.1] } })[0]).toContain("100 %");
  });

  it("find gains that no surface has", () => {
    expect(warningsOf("physical", { gain: { factor: [1, 2.5] } })[0]).toContain("Above 1.6");
  });

  it.each([
    ["physical", { brightness: { offset: [0, 0] } }, "brightness offset"],
    ["physical", { zoom: { area: [1, 1] } }, "zoom area"],
    ["published", { rotation: { maxDegrees: 0 }, gain: { factor: [0.1, 0.2] } }, "rotation maxDegrees"],
    ["physical", { shift: { fraction: 0 } }, "shift fraction"],
  ])("find that nothing changes (%s %j)", (profile, parameters, where) => {
    expect(warningsOf(profile, parameters)).toEqual([`${where}: Nothing changes: every draw is the tile itself.`]);
  });

  it.each(PROFILES)("find what is never applied (%s)", (profile) => {
    expect(warningsOf(profile, { blur: { probability: 0 } })).toContain("blur probability: It is never applied.");
  });
});
