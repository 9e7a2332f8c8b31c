// JSON files of unknown content.
import { AppError } from "../../../shared/domain/errors.ts";
import { readWhole } from "../../files/byte-source.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a JSON file.
 * @throws AppError NOT_FOUND, NO_ACCESS; BAD_FILE when it is larger or no JSON
 */
export function readJson(path: string, maximumBytes: number): unknown {
  const text = readWhole(path, maximumBytes).toString("utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("BAD_FILE", `${path} is not valid JSON. Copy or download it again.`, { data: { path }, cause: error });
  }
}
