// Fields of a form, read from a zod schema: kinds, ranges, defaults and help have one source.
import { z } from "zod";

interface FieldBase {
  readonly key: string;
  /** Where the value lies in the settings. */
  readonly path: readonly string[];
  readonly label: string;
  readonly help: string;
  /** Stands behind the value; empty: it has none. */
  readonly unit: string;
  readonly isNullable: boolean;
  readonly fallback: unknown;
}

export type Field = FieldBase &
  (
    | { readonly kind: "number"; readonly isInteger: boolean; readonly min: number | undefined; readonly max: number | undefined }
    | { readonly kind: "range"; readonly min: number; readonly max: number }
    | { readonly kind: "choice" | "choices"; readonly options: readonly string[] }
    | { readonly kind: "switch" | "text" | "other" }
    | { readonly kind: "numbers"; readonly isInteger: boolean; readonly min: number | undefined; readonly max: number | undefined }
  );

export interface FieldGroup {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly fields: readonly Field[];
  readonly groups: readonly FieldGroup[];
}

/** The part of JSON Schema that zod writes for our schemas. */
interface Schema {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly unit?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** The fields of an object schema. @param schema as the user fills it: what has a default may be left out */
export function fieldsOf(schema: z.ZodType): FieldGroup {
  return groupOf("", z.toJSONSchema(schema, { io: "input" }) as Schema, []);
}

function groupOf(key: string, schema: Schema, path: readonly string[]): FieldGroup {
  const entries = Object.entries(schema.properties ?? {}).filter(([, property]) => property.const === undefined);
  const isGroup = ([, property]: [string, Schema]) => property.type === "object" && property.properties !== undefined;
  return {
    key,
    label: words(key),
    help: schema.description ?? "",
    fields: entries.filter((entry) => !isGroup(entry)).map(([name, property]) => fieldOf(name, property, [...path, name])),
    groups: entries.filter(isGroup).map(([name, property]) => groupOf(name, property, [...path, name])),
  };
}

function fieldOf(key: string, schema: Schema, path: readonly string[]): Field {
  const isNullable = schema.anyOf?.some(({ type }) => type === "null") ?? false;
  const inner = isNullable ? (schema.anyOf!.find(({ type }) => type !== "null") ?? schema) : schema;
  const base = {
    key,
    path,
    label: words(key),
    help: schema.description ?? "",
    unit: schema.unit ?? "",
    isNullable,
    fallback: schema.default,
  };
  if (inner.type === "integer" || inner.type === "number") return { ...base, kind: "number", ...limitsOf(inner) };
  if (inner.type === "boolean") return { ...base, kind: "switch" };
  if (inner.enum) return { ...base, kind: "choice", options: inner.enum };
  if (inner.type === "string") return { ...base, kind: "text" };
  const [low, high] = inner.prefixItems ?? [];
  if (low && high) return { ...base, kind: "range", min: low.minimum ?? 0, max: high.maximum ?? 1 };
  if (inner.type === "array" && typeof inner.items === "object") {
    if (inner.items.enum) return { ...base, kind: "choices", options: inner.items.enum };
    if (inner.items.type === "integer" || inner.items.type === "number") return { ...base, kind: "numbers", ...limitsOf(inner.items) };
  }
  return { ...base, kind: "other" };
}

function limitsOf(schema: Schema) {
  const limit = (value: number | undefined) => (value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value);
  return { isInteger: schema.type === "integer", min: limit(schema.minimum ?? schema.exclusiveMinimum), max: limit(schema.maximum) };
}

/** `learningRate` as `learning rate`; the units of a name are said by its help. */
export function words(key: string): string {
  return key
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/ pixels$/, "")
    .replace(/ degrees$/, "")
    .replace(/^gpus$/, "GPUs");
}

/** A step that divides a range into about a hundred: 1, 2 or 5 times a power of ten. */
export function stepOf(min: number, max: number, isInteger = false): number {
  const rough = (max - min) / 100;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999) ?? power;
  return isInteger ? Math.max(1, Math.round(step)) : Number(step.toPrecision(3));
}

export type Settings = Readonly<Record<string, unknown>>;

/** Whether a value is an object of settings. */
export const isSettings = (value: unknown): value is Settings => typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path; undefined when it is not set. */
export function settingAt(settings: Settings, path: readonly string[]): unknown {
  let value: unknown = settings;
  for (const key of path) value = isSettings(value) ? value[key] : undefined;
  return value;
}

/** The settings with another value at a path; undefined takes it away. */
export function withSetting(settings: Settings, path: readonly string[], value: unknown): Settings {
  const [key, ...rest] = path;
  if (key === undefined) return settings;
  const inner = settings[key];
  const next = rest.length === 0 ? value : withSetting(isSettings(inner) ? inner : {}, rest, value);
  const { [key]: _, ...others } = settings;
  return next === undefined || (rest.length > 0 && isSettings(next) && Object.keys(next).length === 0)
    ? others
    : { ...others, [key]: next };
}

/** One settings object over another: objects are merged, everything else is replaced. */
export function mergeSettings(base: Settings, over: Settings): Settings {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isSettings(below) && isSettings(value) ? mergeSettings(below, value) : value;
  }
  return merged;
}
