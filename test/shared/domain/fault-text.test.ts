import { expect, it } from "vitest";
import { z } from "zod";
import { faultText } from "../../../shared/domain/fault-text.ts";

it.each([
  [z.int().min(2), 0, "at least 2"],
  [z.number().positive(), 0, "more than 0"],
  [z.int().max(256), 999, "at most 256"],
  [z.int(), 2.5, "a whole number"],
  [z.array(z.int()).min(1), [], "at least 1 value"],
  [z.enum(["auto", "wasm"]), "gpu", "one of auto, wasm"],
  [z.boolean(), "yes", "a boolean"],
  [z.string().min(1, "give a name"), "", "give a name"],
])("says what is wrong in words (%#)", (schema, value, words) => {
  expect(faultText(schema.safeParse(value).error!.issues[0]!)).toBe(words);
});
