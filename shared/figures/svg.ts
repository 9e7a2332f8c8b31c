// A figure as plain data: a tree of SVG nodes. React, the report and the command line draw the same tree.

export type SvgAttribute = string | number;

export interface SvgNode {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, SvgAttribute>>;
  readonly children: readonly SvgChild[];
}
export type SvgChild = SvgNode | string;

/** A whole figure: the root `svg` with `width`, `height`, `viewBox` and an `aria-label`. */
export type Figure = SvgNode;

type LooseAttributes = Readonly<Record<string, SvgAttribute | undefined>>;
type LooseChild = SvgChild | null | undefined | false | readonly LooseChild[];

/** Coordinates are kept to a hundredth of a pixel: finer is only bytes. */
const rounded = (value: number) => Math.round(value * 100) / 100;

/**
 * One node. Attributes that are undefined are left out; children may be nested lists, and those that are empty are left out.
 * @throws Error (a bug) on a number that is not finite: such an attribute draws in a wrong place, silently.
 */
export function h(tag: string, attributes: LooseAttributes = {}, ...children: readonly LooseChild[]): SvgNode {
  const kept: Record<string, SvgAttribute> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`<${tag}> has ${name}=${value}`);
    kept[name] = typeof value === "number" ? rounded(value) : value;
  }
  return { tag, attributes: kept, children: flatten(children) };
}

function flatten(children: readonly LooseChild[]): SvgChild[] {
  const out: SvgChild[] = [];
  for (const child of children) {
    if (Array.isArray(child)) out.push(...flatten(child));
    else if (child) out.push(child as SvgChild);
  }
  return out;
}

/** Path data through points. A gap (null) lifts the pen. @throws Error on a coordinate that is not finite. */
export function linePath(points: readonly (readonly [number, number] | null)[]): string {
  let data = "";
  let isDown = false;
  for (const point of points) {
    if (!point) {
      isDown = false;
      continue;
    }
    const [x, y] = point;
    if (!Number.isFinite(x) || !Number.isFinite(y)) throw new Error(`a path goes through ${x}, ${y}`);
    data += `${isDown ? "L" : "M"}${rounded(x)} ${rounded(y)}`;
    isDown = true;
  }
  return data;
}

/** The root of a figure. @param label what the figure shows, for those who can't see it. */
export function figureRoot(
  { width, height, label, attributes = {} }: { width: number; height: number; label: string; attributes?: LooseAttributes },
  ...children: readonly LooseChild[]
): Figure {
  return h(
    "svg",
    {
      width,
      height,
      viewBox: `0 0 ${rounded(width)} ${rounded(height)}`,
      role: "img",
      "aria-label": label,
      "font-family": FIGURE_FONT,
      "font-size": 12,
      ...attributes,
    },
    ...children,
  );
}

/** Fonts of one and the same metrics on the three systems; where none is at hand, text.ts leaves room for a wider one. */
export const FIGURE_FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

/** The figure as a file of its own, or (`standalone: false`) to stand inside HTML. */
export function toSvgString(node: SvgNode, { standalone = true }: { standalone?: boolean } = {}): string {
  const root = standalone ? { ...node, attributes: { xmlns: "http://www.w3.org/2000/svg", ...node.attributes } } : node;
  return serialise(root);
}

function serialise(node: SvgNode): string {
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join("");
  if (node.children.length === 0) return `<${node.tag}${attributes}/>`;
  const inner = node.children.map((child) => (typeof child === "string" ? escapeXml(child) : serialise(child))).join("");
  return `<${node.tag}${attributes}>${inner}</${node.tag}>`;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text made safe for XML and HTML, in content and in quoted attributes; characters that XML forbids become U+FFFD. */
export function escapeXml(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, (character) => ESCAPES[character]!)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
  );
}
