import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FieldGroup, fieldsOf, mergeSettings, settingAt, stepOf, withSetting } from "../../../renderer/state/setting-fields.ts";
import { checkSettings, effectiveSettings } from "../../../renderer/state/study-draft.ts";
import { PhysicalParameters, PublishedParameters } from "../../../shared/domain/augmentations.ts";
import { ENCODERS, PRESET_NAMES, StudyConfig } from "../../../shared/domain/run-config.ts";
import { SampleOptions } from "../../../shared/domain/sample-options.ts";

const every = (group: FieldGroup): FieldGroup["fields"] => [...group.fields, ...group.groups.flatMap(every)];

describe("fields of a schema", () => {
  it("know kind, range, default and help of the study's settings", () => {
    const fields = every(fieldsOf(StudyConfig));
    const field = (path: string) => fields.find((one) => one.path.join(".") === path);
    expect(field("pretrain.epochs")).toMatchObject({
      kind: "number",
      isInteger: true,
      min: 1,
      max: 10_000,
      fallback: 50,
      isNullable: false,
      label: "epochs",
    });
    expect(field("pretrain.epochs")!.help).toContain("passes");
    expect(field("inputPixels")).toMatchObject({ kind: "number", isNullable: true, min: 16, max: 512, fallback: null });
    expect(field("encoder")).toMatchObject({ kind: "choice", options: ENCODERS });
    expect(field("seeds")).toMatchObject({ kind: "numbers", isInteger: true, fallback: [1], max: undefined });
    expect(field("bands")).toMatchObject({ kind: "choices" });
    expect(field("finetune.balanced")).toMatchObject({ kind: "switch", fallback: true });
    expect(field("full.epochs")).toMatchObject({ kind: "number", isNullable: true });
    expect(field("version")).toBeUndefined();
  });

  it("are all of a kind that a form can draw, but for the label sets and the augmentation", () => {
    const others = [StudyConfig, SampleOptions].flatMap((schema) => every(fieldsOf(schema))).filter(({ kind }) => kind === "other");
    expect(others.map(({ key }) => key)).toEqual(["augmentation", "labelSets"]);
  });

  it("give every parameter of every operation a slider with a range, a default within it, and help", () => {
    for (const schema of [PhysicalParameters, PublishedParameters]) {
      const { groups } = fieldsOf(schema);
      expect(groups).toHaveLength(9);
      for (const field of groups.flatMap(({ fields }) => fields)) {
        expect(field.help).not.toBe("");
        if (field.kind === "number") {
          expect(field.fallback).toBeGreaterThanOrEqual(field.min!);
          expect(field.fallback).toBeLessThanOrEqual(field.max!);
        } else {
          expect(field).toMatchObject({ kind: "range" });
        }
      }
    }
  });
});

describe("settings", () => {
  const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null));

  it("give back what was set, and nothing else changes", () => {
    fc.assert(
      fc.property(path, leaf, leaf, (at, value, other) => {
        const before = { z: other };
        const after = withSetting(before, at, value);
        expect(settingAt(after, at)).toBe(value);
        expect(after.z).toBe(other);
        expect(before).toEqual({ z: other });
      }),
    );
  });

  it("are as before when what was set is taken away", () => {
    fc.assert(
      fc.property(path, leaf, (at, value) => {
        expect(withSetting(withSetting({ z: 1 }, at, value), at, undefined)).toEqual({ z: 1 });
      }),
    );
  });

  it("merge objects and replace lists", () => {
    expect(mergeSettings({ a: { b: 1, c: 2 }, d: [1, 2] }, { a: { b: 3 }, d: [4] })).toEqual({ a: { b: 3, c: 2 }, d: [4] });
  });

  it("of every preset are complete with a data set", () => {
    for (const preset of [...PRESET_NAMES, null]) {
      const { config, faults } = checkSettings(effectiveSettings({ name: "", preset, settings: {}, profileName: null }), "fields");
      expect(faults.size).toBe(0);
      expect(config?.dataset).toBe("fields");
    }
  });

  it("that are out of range are told by their path", () => {
    const { config, faults } = checkSettings({ pretrain: { epochs: 0 }, seeds: [] }, "fields");
    expect(config).toBeNull();
    expect([...faults.keys()].sort()).toEqual(["pretrain.epochs", "seeds"]);
  });
});

describe("steps of a slider", () => {
  it("are round, and divide the range into about a hundred", () => {
    expect(stepOf(0, 1)).toBe(0.01);
    expect(stepOf(0.05, 2)).toBe(0.02);
    expect(stepOf(4, 1024)).toBe(20);
    expect(stepOf(0, 5, true)).toBe(1);
    fc.assert(
      fc.property(fc.double({ min: -100, max: 100, noNaN: true }), fc.double({ min: 0.01, max: 1000, noNaN: true }), (min, span) => {
        const steps = span / stepOf(min, min + span);
        expect(steps).toBeGreaterThan(15);
        expect(steps).toBeLessThanOrEqual(102);
      }),
    );
  });
});
