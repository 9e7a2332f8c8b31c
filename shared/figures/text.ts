// Text in figures: placed without a browser, so widths come from a table of a font's advances, a wide one: a narrower font only leaves more room.
import { h, type SvgNode } from "./svg.ts";

/** Advance widths of DejaVu Sans, what Linux without Arial or its twins draws in: thousandths of an em, from U+0020 to U+007E. */
const ADVANCES = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337,
  337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732,
  684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635,
  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
] as const;
const OTHER_ADVANCE = 838;
/** DejaVu Sans Bold is wider by this factor on average over lower-case words. */
const BOLD = 1.15;

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
