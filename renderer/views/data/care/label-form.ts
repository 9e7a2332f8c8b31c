// The fields of the labelling dialog, and what they ask for.
import { DEFAULT_MINIMUM_SHARE, type LabelRequest } from "../../../../shared/domain/labelling.ts";

export interface LabelForm {
  readonly kind: "csv" | "vector" | "exclude";
  readonly path: string;
  readonly idColumn: string;
  readonly layer: string;
  readonly attribute: string;
  /** `VALUE=CLASS` a line. */
  readonly map: string;
  readonly sharePercent: number;
  /** null: not chosen. */
  readonly mode: "add" | "replace" | null;
  readonly isComplete: boolean;
}

export const EMPTY_FORM: LabelForm = {
  kind: "csv",
  path: "",
  idColumn: "",
  layer: "",
  attribute: "",
  map: "",
  sharePercent: 100 * DEFAULT_MINIMUM_SHARE,
  mode: null,
  isComplete: false,
};

const given = (text: string): string | null => (text.trim() === "" ? null : text.trim());

/** @param hasSome there is something to add to or to replace, so that it must be chosen. @returns null while something lacks */
export function requestOf(form: LabelForm, hasSome: boolean): LabelRequest | null {
  const path = given(form.path);
  if (path === null || (hasSome && form.mode === null)) return null;
  const rest = { mode: hasSome ? form.mode : null, complete: form.kind !== "exclude" && form.isComplete };
  switch (form.kind) {
    case "csv":
      return { source: { kind: "csv", path, idColumn: given(form.idColumn) }, ...rest };
    case "exclude":
      return { source: { kind: "exclude", paths: [path] }, ...rest };
    case "vector":
      return {
        source: {
          kind: "vector",
          path,
          layer: given(form.layer),
          attribute: given(form.attribute),
          map: mapOf(form.map),
          minimumShare: form.sharePercent / 100,
        },
        ...rest,
      };
  }
}

/** Lines without a value before an equals sign are left out. */
function mapOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at < 1 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]];
    }),
  );
}
