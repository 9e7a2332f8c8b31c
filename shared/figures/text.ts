// Text in figures: placed without a browser, so widths come from a table of the font's own advances.
import { h, type SvgNode } from "./svg.ts";

/** Advance widths of Arial and its metric twins, thousandths of an em, from U+0020 to U+007E. */
const ADVANCES = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278,
  278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
  667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556,
  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
] as const;
const OTHER_ADVANCE = 584;
/** Arial Bold is wider by this factor on average over lower-case words. */
const BOLD = 1.07;

/** Width of a text, px. @param size font size, px */
export function textWidth(text: string, size: number, isBold = false): number {
  let sum = 0;
  for (const character of text) sum += ADVANCES[character.codePointAt(0)! - 32] ?? OTHER_ADVANCE;
  return (sum / 1000) * size * (isBold ? BOLD : 1);
}

export interface TextStyle {
  readonly fill: string;
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly isBold?: boolean;
  readonly isItalic?: boolean;
  /** Degrees, clockwise, about the text's own point. */
  readonly rotate?: number;
  /** Colour of a halo that keeps the text readable over lines. */
  readonly halo?: string;
}

/** A text whose middle height lies on y (`dominant-baseline` is not known to every rasteriser). */
export function text(x: number, y: number, content: string, style: TextStyle): SvgNode {
  const { fill, size = 12, anchor = "start", isBold = false, isItalic = false, rotate, halo } = style;
  return h(
    "text",
    {
      x,
      y: y + size * 0.355,
      fill,
      "font-size": size,
      "text-anchor": anchor === "start" ? undefined : anchor,
      "font-weight": isBold ? 600 : undefined,
      "font-style": isItalic ? "italic" : undefined,
      transform: rotate === undefined ? undefined : `rotate(${rotate} ${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100})`,
      ...(halo ? { stroke: halo, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke" } : {}),
    },
    content,
  );
}

/** The text cut to a width, ending in an ellipsis when it was longer. */
export function fitText(content: string, width: number, size: number, isBold = false): string {
  if (textWidth(content, size, isBold) <= width) return content;
  let end = content.length;
  while (end > 1 && textWidth(`${content.slice(0, end)}…`, size, isBold) > width) end--;
  return `${content.slice(0, end).trimEnd()}…`;
}

/** Words broken into lines of at most a width. */
export function wrapText(content: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of content.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line ? [...lines, line] : lines;
}
