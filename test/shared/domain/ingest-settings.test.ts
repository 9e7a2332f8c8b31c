import { expect, it } from "vitest";
import { proposedOffset } from "../../../shared/domain/ingest-settings.ts";

it("an offset that a warning proposes is read from it", () => {
  expect(proposedOffset("It looks as if ... If so, set the offset to -1000.")).toBe(-1000);
  expect(proposedOffset("If so, set the offset to 0.")).toBe(0);
  expect(proposedOffset("B05 is missing.")).toBeNull();
});
