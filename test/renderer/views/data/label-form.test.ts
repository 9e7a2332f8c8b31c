import { describe, expect, it } from "vitest";
import { EMPTY_FORM, requestOf } from "../../../../renderer/views/data/care/label-form.ts";
import { LabelRequest } from "../../../../shared/domain/labelling.ts";

describe("what the labelling form asks for", () => {
  it("is nothing without a file, or while it must be chosen what becomes of the labels there are", () => {
    expect(requestOf(EMPTY_FORM, false)).toBeNull();
    expect(requestOf({ ...EMPTY_FORM, path: "/labels.csv" }, true)).toBeNull();
    expect(requestOf({ ...EMPTY_FORM, path: "/labels.csv", mode: "add" }, true)).toMatchObject({ mode: "add" });
  });

  it("leaves empty fields to be found, and reads the map line by line", () => {
    const request = requestOf(
      { ...EMPTY_FORM, kind: "vector", path: " /fields.gpkg ", map: "1 = Cotton\n2=\nnothing\n=x\n3=a=b", sharePercent: 25 },
      false,
    );
    expect(request).toEqual({
      source: {
        kind: "vector",
        path: "/fields.gpkg",
        layer: null,
        attribute: null,
        map: { "1": "Cotton", "2": "", "3": "a=b" },
        minimumShare: 0.25,
      },
      mode: null,
      complete: false,
    });
    expect(LabelRequest.parse(request)).toEqual(request);
  });

  it("takes an exclusion list for no statement on other tiles", () => {
    expect(requestOf({ ...EMPTY_FORM, kind: "exclude", path: "/snow.csv", isComplete: true }, false)).toEqual({
      source: { kind: "exclude", paths: ["/snow.csv"] },
      mode: null,
      complete: false,
    });
  });
});
