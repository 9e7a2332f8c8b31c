// Filters of a data set's tiles that were given a name, as `filters.json` in its folder holds them.
import { z } from "zod";
import { TileFilter } from "./tile-query.ts";

export const FilterName = z
  .string()
  .trim()
  .min(1, "give a name")
  .max(80, "use at most 80 characters")
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  .regex(/^[^\x00-\x1f]*$/, "use letters, digits and signs only");

export const SavedFilter = z.strictObject({ name: FilterName, filter: TileFilter, created: z.string() });
export type SavedFilter = z.infer<typeof SavedFilter>;

export const SavedFilters = z.strictObject({ version: z.literal(1), filters: z.array(SavedFilter).max(1000) });
