import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { SCENE_CLASSES, sceneKindOf } from "../../../shared/domain/scene-classes.ts";

describe("the classes of the scene classification", () => {
  it("are those that a real product lists, in its order", () => {
    const xml = readFileSync(join(resolve(import.meta.dirname, "../../fixtures"), "data/safe-metadata/n0400/MTD_MSIL2A.xml"), "utf8");
    const listed = [...xml.matchAll(/CLASSIFICATION_TEXT>SC_(\w+)<[\s\S]*?CLASSIFICATION_INDEX>(\d+)</g)].map(([, text, index]) => [
      text,
      Number(index),
    ]);
    expect(listed.map(([, index]) => index)).toEqual(SCENE_CLASSES.map(({ value }) => value));
    const kinds = Object.fromEntries(listed.map(([text, index]) => [text, sceneKindOf(index as number)]));
    expect(kinds).toEqual({
      NODATA: "nodata",
      SATURATED_DEFECTIVE: "saturated",
      DARK_FEATURE_SHADOW: "clear",
      CLOUD_SHADOW: "shadow",
      VEGETATION: "clear",
      NOT_VEGETATED: "clear",
      WATER: "clear",
      UNCLASSIFIED: "clear",
      CLOUD_MEDIUM_PROBA: "cloud",
      CLOUD_HIGH_PROBA: "cloud",
      THIN_CIRRUS: "cloud",
      SNOW_ICE: "snow",
    });
  });

  it("tell nothing of other values", () => {
    expect([12, 255, -1, 1.5].map(sceneKindOf)).toEqual(Array(4).fill("nodata"));
  });
});
