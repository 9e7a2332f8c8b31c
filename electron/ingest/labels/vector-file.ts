// Polygons with attributes, whatever file they come from.
import type { Crs } from "./crs.ts";

/** Corners of a ring: x, y, x, y ... The last may repeat the first. */
export type Ring = readonly number[];

/** Rings of one area, filled by the even-odd rule: the outline and its holes. */
export type Rings = readonly Ring[];

/** A thing on a map. */
export interface VectorFeature {
  /** For messages: its number or id in the file. */
  readonly name: string;
  /** Its areas; a text says why there is none. */
  readonly polygons: readonly Rings[] | string;
  readonly attributes: readonly string[];
  /** The value of an attribute as a text; null when it has none. */
  value(attribute: string): string | null;
}

export interface VectorFile {
  readonly format: string;
  /** The features in the order of the file. May be gone through once. @throws AppError BAD_FILE while reading */
  features(): Iterable<VectorFeature>;
  /** The file's system; known after all features were read. @throws AppError BAD_FILE without one, UNSUPPORTED when it is unknown */
  crs(): Crs;
  close(): void;
}

/** An attribute's value as a text. Null, empty and structured values are none. */
export function textOfValue(value: unknown): string | null {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  return text === "" ? null : text;
}
