// Command-line flags out of zod schemas: names, help, defaults, ranges and choices are read from the schema, never written twice.
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { AppError } from "../shared/domain/errors.ts";

interface JsonSchema {
  type?: string;
  enum?: string[];
  const?: unknown;
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

/** One scalar or list setting of a schema, and where it lies in it. */
interface Setting {
  readonly path: readonly string[];
  readonly flag: string;
  readonly attribute: string;
  readonly schema: JsonSchema;
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Settings that can be given on a line: scalars and lists of scalars, at any depth. */
function settingsOf(schema: JsonSchema, prefixes: Readonly<Record<string, string>>, path: string[] = []): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const at = [...path, key];
    if (child.properties) return settingsOf(child, prefixes, at);
    const concrete = withoutNull(child);
    if (concrete.const !== undefined || (concrete.type === "array" && !concrete.items?.type)) return [];
    if (concrete.type === "array" && concrete.items?.type === "object") return [];
    if (!concrete.type) return [];
    const group = path.join(".");
    const prefix = group in prefixes ? prefixes[group]! : path.map((part) => `${kebab(part)}-`).join("");
    const flag = `${prefix}${kebab(key)}`;
    return [
      {
        path: at,
        flag,
        attribute: flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        schema: { ...child, ...concrete },
      },
    ];
  });
}

function withoutNull(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find((option) => option.type !== "null") ?? schema;
}

function parseScalar(text: string, schema: JsonSchema): unknown {
  if (schema.type === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw new InvalidArgumentError("Give true or false.");
  }
  if (schema.type !== "number" && schema.type !== "integer") {
    if (schema.enum && !schema.enum.includes(text)) throw new InvalidArgumentError(`Choose one of ${schema.enum.join(", ")}.`);
    return text;
  }
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Give a number.");
  if (schema.type === "integer" && !Number.isInteger(value)) throw new InvalidArgumentError("Give a whole number.");
  const tooLow =
    (schema.minimum !== undefined && value < schema.minimum) || (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum);
  if (tooLow || (schema.maximum !== undefined && value > schema.maximum))
    throw new InvalidArgumentError(`Give a value ${rangeText(schema)}.`);
  return value;
}

function rangeText({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  const low =
    exclusiveMinimum !== undefined
      ? `above ${exclusiveMinimum}`
      : minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER
        ? `from ${minimum}`
        : "";
  return [low, bounded ? `to ${maximum}` : ""].filter(Boolean).join(" ");
}

function helpText(schema: JsonSchema): string {
  const range = rangeText(schema.items ?? schema);
  const parts = [schema.description ?? "", range && `(${range})`];
  if (schema.default !== undefined && schema.default !== null && !(Array.isArray(schema.default) && schema.default.length > 12)) {
    parts.push(`(default: ${Array.isArray(schema.default) ? schema.default.join(",") : String(schema.default)})`);
  }
  return parts.filter(Boolean).join(" ");
}

/**
 * Adds a flag for every setting of an object schema to a command, and returns the reader of what was given: a nested object with the
 * given settings only, so that defaults and presets stay where they are.
 * @param options.prefixes flag prefix for a nested object (`{ pretrain: "" }` gives `--epochs` for `pretrain.epochs`); its path otherwise
 * @param options.omit paths (`finetune.labelSets`) or whole groups without a flag
 */
export function addFlags(
  command: Command,
  schema: z.ZodType,
  options: { prefixes?: Readonly<Record<string, string>>; omit?: readonly string[] } = {},
): (given: Record<string, unknown>) => Record<string, unknown> {
  const omit = options.omit ?? [];
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const settings = settingsOf(json, options.prefixes ?? {}).filter(
    ({ path }) => !omit.some((left) => path.join(".") === left || path.join(".").startsWith(`${left}.`)),
  );
  for (const { flag, schema: setting } of settings) {
    const item = setting.items;
    const placeholder = item
      ? "LIST"
      : setting.type === "number" || setting.type === "integer"
        ? "NUMBER"
        : setting.type === "boolean"
          ? "BOOL"
          : "TEXT";
    const option = new Option(`--${flag} <${placeholder}>`, helpText(setting));
    if (item) option.argParser((text: string) => text.split(",").map((part) => parseScalar(part.trim(), item)));
    else option.argParser((text: string) => parseScalar(text, setting));
    if (setting.enum) option.description = `${option.description} (one of ${setting.enum.join(", ")})`;
    command.addOption(option);
  }
  return (given) => {
    const out: Record<string, unknown> = {};
    for (const { path, attribute } of settings) {
      if (given[attribute] === undefined) continue;
      let node = out;
      for (const part of path.slice(0, -1)) {
        node[part] ??= {};
        node = node[part] as Record<string, unknown>;
      }
      node[path.at(-1)!] = given[attribute];
    }
    return out;
  };
}

/** Checks what a reader of `addFlags` gives, and fills the defaults. @throws AppError BAD_ARGUMENT naming the flag */
export function parseFlags<Schema extends z.ZodType>(schema: Schema, given: Record<string, unknown>): z.output<Schema> {
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  const flag = issue!.path.filter((part) => typeof part === "string").map(kebab);
  throw new AppError("BAD_ARGUMENT", `--${flag.join("-")}: ${issue!.message}.`);
}

/**
 * The flag for label sets, which are too rich for a plain one: `--label-set cotton="Annual crops;Cotton"`, once for each set.
 * Its value among a command's options is `labelSet`: `LabelSet[]`, absent when not given.
 */
export function labelSetOption(): Option {
  return new Option(
    "--label-set <NAME=CLASSES>",
    "own label set, classes separated by semicolons; repeat for more (default: regular and extended)",
  ).argParser((text: string, previous: { name: string; classes: string[] }[] | undefined) => {
    const [, name, classes] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (!name || !classes) throw new InvalidArgumentError('Give a name and classes, such as cotton="Cotton;Annual crops".');
    return [...(previous ?? []), { name: name.trim(), classes: classes.split(";").map((part) => part.trim()) }];
  });
}
