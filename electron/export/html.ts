// HTML by template: every value is escaped unless it is markup already.
import { escapeXml } from "../../shared/figures/svg.ts";

/** Text that is markup: made by `html`, or vouched for by whoever constructs it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | null | undefined | false | readonly Markup[];

/** Joins markup. Strings and numbers are escaped, lists of markup joined; null, undefined and false give nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((out, part, i) => out + shown(values[i - 1]) + part));
}

function shown(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeXml(String(value));
  return value.map(({ text }) => text).join("");
}
