import { describe, expect, it } from "vitest";
import { formatRoute, parseRoute } from "../../../renderer/state/router.ts";

describe("routes", () => {
  it("read back what they write, whatever the names", () => {
    const route = {
      place: "data",
      subject: "a b/c?d#e",
      query: { class: "Land principally occupied by agriculture, with significant areas", tile: "12" },
    } as const;
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it("leave out what is empty", () => {
    expect(formatRoute({ place: "training", subject: null, query: { arm: "" } })).toBe("#/training");
  });

  it("lead to the data from an unknown or broken address", () => {
    expect(parseRoute("")).toEqual({ place: "data", subject: null, query: {} });
    expect(parseRoute("#/nowhere/x")).toEqual({ place: "data", subject: "x", query: {} });
    expect(parseRoute("#/data/%E0%A4%A").subject).toBe("%E0%A4%A");
  });
});
