// Settings as users give them: a part over a preset, and in words what is wrong with them.
import { z } from "zod";
import { AUGMENTATIONS, type AugmentationName } from "../../shared/domain/augmentations.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { coupletId } from "../../shared/domain/study.ts";

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Settings over others: objects are merged key by key, arrays and everything else are replaced. Another augmentation profile replaces the
 * parameters as a whole.
 */
export function mergeSettings(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isPlainObject(base) || !isPlainObject(over)) return over;
  if ("profile" in base && "profile" in over && base.profile !== over.profile) return over;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) merged.set(key, mergeSettings(merged.get(key), value));
  return Object.fromEntries(merged);
}

/** Ids of arms as the tables have them: `shift+gain` is `gain+shift`. What is no arm stays as it is, to be refused. */
export function orderedArms(arms: unknown): unknown {
  if (typeof arms === "string") {
    const pair = arms.split("+");
    const couplet = pair.length === 2 ? pair.filter((name) => AUGMENTATIONS.some((known) => known === name)) : [];
    return couplet.length === 2 && couplet[0] !== couplet[1] ? coupletId(couplet as [AugmentationName, AugmentationName]) : arms;
  }
  return Array.isArray(arms) ? arms.map(orderedArms) : arms;
}

/**
 * A schema's refusal as an error for the user.
 * @param schema the schema that refused; tells the keys there are
 * @param given what was refused
 */
export function settingProblem(error: z.ZodError, schema: z.ZodType, given: unknown): AppError {
  const issue = error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const keys = keysAt(schema, issue.path, given);
    const where = path.length > 0 ? ` of ${path.join(".")}` : "";
    const name = [...path, issue.keys[0]!].join(".");
    const allowed = keys.length > 0 ? ` Settings${where}: ${keys.join(", ")}.` : "";
    return new AppError("BAD_ARGUMENT", `${name}: there is no such setting.${allowed}`, { data: { path: name, allowed: keys } });
  }
  const name = path.join(".") || "settings";
  const value = at(given, issue.path);
  if (value === undefined) return new AppError("BAD_ARGUMENT", `${name}: it must be given.`, { data: { path: name } });
  const text = JSON.stringify(value) ?? String(value);
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return new AppError("BAD_ARGUMENT", `${name}: ${shown} is not allowed. ${allowedBy(issue)}`, { data: { path: name } });
}

function allowedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "too_small":
      return issue.origin === "array" || issue.origin === "string"
        ? `It needs at least ${issue.minimum}.`
        : `It must be ${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}.`;
    case "too_big":
      return issue.origin === "array" || issue.origin === "string"
        ? `It takes at most ${issue.maximum}.`
        : `It must be at most ${issue.maximum}.`;
    case "invalid_value":
      return `Allowed: ${issue.values.map(String).join(", ")}.`;
    case "invalid_type":
      return `It must be ${issue.expected === "int" ? "a whole number" : `of type ${issue.expected}`}.`;
    default:
      return `${issue.message}.`;
  }
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[key];
  }
  return here;
}

// Walks the schema along the path through defaults and unions; the keys of the object there.
function keysAt(schema: z.ZodType, path: readonly PropertyKey[], given: unknown): string[] {
  let here: unknown = schema;
  let value = given;
  for (const key of path) {
    here = objectOf(here, value)?.shape[String(key)];
    value = at(value, [key]);
  }
  return Object.keys(objectOf(here, value)?.shape ?? {});
}

function objectOf(schema: unknown, value: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional
  )
    return objectOf(schema.unwrap(), value);
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.map((option) => objectOf(option, value)).filter((option) => option !== undefined);
    const profile = at(value, ["profile"]);
    return options.find((option) => option.shape.profile?.safeParse(profile).success) ?? options[0];
  }
  return undefined;
}
