import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Figure, keyedView } from "../../../renderer/components/Figure.tsx";
import { ALL_ARMS } from "../../../shared/domain/study.ts";
import { publishedResult } from "../../../shared/domain/study-result.ts";
import { coupletMatrix } from "../../../shared/figures/couplet-matrix.ts";
import { f1Bars } from "../../../shared/figures/f1-bars.ts";
import { type SvgNode, toSvgString } from "../../../shared/figures/svg.ts";
import { LIGHT_THEME } from "../../../shared/figures/theme.ts";

const result = publishedResult();
const figures: Record<string, (width: number) => SvgNode> = {
  bars: (width) => f1Bars(result, { width, theme: LIGHT_THEME }),
  matrix: (width) => coupletMatrix({ result, arms: ALL_ARMS }, { width, theme: LIGHT_THEME }),
};

/** Markup without what writers may choose: the order of attributes, `<a/>` or `<a></a>`. */
const normalised = (markup: string) =>
  markup
    .replace(/<(\w+)((?:\s[^<>]*?)?)\/>/g, "<$1$2></$1>")
    .replaceAll("&#x27;", "&#39;")
    .replace(
      /<(\w+)((?: [\w:-]+="[^"]*")+)>/g,
      (_, tag: string, attributes: string) => `<${tag} ${(attributes.match(/[\w:-]+="[^"]*"/g) ?? []).sort().join(" ")}>`,
    );

describe("Figure", () => {
  it.each(Object.entries(figures))("draws the same picture as the files: %s", (_, draw) => {
    const markup = renderToStaticMarkup(<Figure draw={draw} width={640} />);
    const svg = /<svg.*<\/svg>/s.exec(markup)![0];
    expect(normalised(svg)).toBe(normalised(toSvgString(draw(640), { standalone: false })));
  });

  it("takes the focus only where there is something to do", () => {
    expect(renderToStaticMarkup(<Figure draw={figures.matrix!} width={640} />)).not.toContain("tabindex");
    expect(renderToStaticMarkup(<Figure draw={figures.matrix!} width={640} onPick={() => {}} />)).toContain('tabindex="0"');
  });

  it("says what it shows", () => {
    expect(renderToStaticMarkup(<Figure draw={figures.matrix!} width={640} label="Forty-one arms" />)).toMatch(
      /<svg[^>]*aria-label="Forty-one arms"/,
    );
  });
});

describe("keys in a plot", () => {
  it("move the cursor, zoom about it, move the part that is shown, and show all", () => {
    expect(keyedView("ArrowRight", false, [0, 50], 10)).toEqual({ cursor: 11 });
    expect(keyedView("ArrowLeft", false, [0, 50], 0)).toEqual({ cursor: 0 });
    expect(keyedView("+", false, [0, 50], 10)).toEqual({ cursor: 10, zoom: [5, 30] });
    expect(keyedView("-", false, [5, 30], 10)).toEqual({ cursor: 10, zoom: [0, 50] });
    expect(keyedView("ArrowRight", true, [5, 25], null)).toEqual({ zoom: [10, 30] });
    expect(keyedView("0", false, [5, 25], null)).toEqual({ zoom: null });
    expect(keyedView("x", false, [5, 25], null)).toBeNull();
  });
});
