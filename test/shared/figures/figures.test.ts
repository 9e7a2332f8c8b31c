import { describe, expect, it } from "vitest";
import type { MeanCurve } from "../../../shared/domain/scored-cell.ts";
import { ALL_ARMS, CONTROL_ARM, COUPLET_ARMS } from "../../../shared/domain/study.ts";
import { drawComparison } from "../../../shared/figures/comparison.ts";
import { coupletMatrix } from "../../../shared/figures/couplet-matrix.ts";
import { f1Bars, percentText } from "../../../shared/figures/f1-bars.ts";
import { lossCurves, lossMultiples } from "../../../shared/figures/loss-curves.ts";
import { toSvgString } from "../../../shared/figures/svg.ts";
import { textWidth } from "../../../shared/figures/text.ts";
import { contrast, DARK_THEME, LIGHT_THEME } from "../../../shared/figures/theme.ts";
import { trainingCurves } from "../../../shared/figures/training-curves.ts";
import { exampleStudy } from "../domain/example-study.ts";
import { everyFigure, nodesOf, RESULTS, textOf } from "./every-figure.ts";

const armsIn = (figure: Parameters<typeof nodesOf>[0]) =>
  [...nodesOf(figure)].flatMap((node) => (node.attributes["data-arm"] === undefined ? [] : [String(node.attributes["data-arm"])]));

describe.each([360, 600, 900])("every figure at %i px", (width) => {
  it.each([LIGHT_THEME, DARK_THEME])("has finite numbers, known colours and a name ($name)", (theme) => {
    for (const { name, figure } of everyFigure({ width, theme, highlight: "blur+gain" })) {
      expect(figure.tag, name).toBe("svg");
      expect(figure.attributes.width, name).toBe(width);
      expect(figure.attributes.height, name).toBeGreaterThan(20);
      expect(figure.attributes["aria-label"], name).toBeTruthy();
      const text = toSvgString(figure);
      expect(text, name).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
    }
  });

  it("keeps its words inside the picture", () => {
    const outside: string[] = [];
    for (const { name, figure } of everyFigure({ width, theme: LIGHT_THEME })) {
      for (const node of nodesOf(figure)) {
        if (node.tag !== "text" || node.attributes.transform !== undefined) continue;
        const content = textOf(node);
        const length = textWidth(content, Number(node.attributes["font-size"]), node.attributes["font-weight"] !== undefined);
        const anchor = node.attributes["text-anchor"] ?? "start";
        const left = Number(node.attributes.x) - (anchor === "end" ? length : anchor === "middle" ? length / 2 : 0);
        const isInside = left >= -1 && left + length <= width + 1 && Number(node.attributes.y) <= Number(figure.attributes.height) + 1;
        if (!isInside) outside.push(`${name}: "${content}" from ${left.toFixed()} to ${(left + length).toFixed()}`);
      }
    }
    expect(outside).toEqual([]);
  });

  it("uses a definition only where it has it", () => {
    for (const { name, figure } of everyFigure({ width, theme: LIGHT_THEME })) {
      const ids = new Set([...nodesOf(figure)].map((node) => node.attributes.id));
      for (const [, id] of toSvgString(figure).matchAll(/url\(#([^)]+)\)/g)) expect(ids, name).toContain(id);
    }
  });
});

describe("f1Bars", () => {
  it("has a row for every scored arm, best first, with a tooltip", () => {
    const figure = f1Bars(RESULTS.complete!, { width: 900, theme: LIGHT_THEME });
    const arms = armsIn(figure);
    expect(arms).toHaveLength(42);
    const f1 = (arm: string) => [...RESULTS.complete!.arms, RESULTS.complete!.full!].find((entry) => entry.arm === arm)!.f1!;
    expect(arms).toEqual([...arms].sort((a, b) => f1(b) - f1(a)));
    for (const node of nodesOf(figure))
      if (node.attributes["data-arm"]) expect(node.children.some((child) => typeof child !== "string" && child.tag === "title")).toBe(true);
  });

  it("parts kept from dropped by a line only where one line can", () => {
    const { study, runs, result } = exampleStudy();
    const hasLine = (drawn: typeof result) =>
      [...nodesOf(f1Bars(drawn, { width: 900, theme: LIGHT_THEME }))].some((node) => node.attributes["data-divider"]);
    expect(hasLine(result)).toBe(true);
    const best = result.arms.find(({ rank, arm }) => rank! <= 5 && COUPLET_ARMS.includes(arm))!;
    const byHand = { ...result, arms: result.arms.map((arm) => ({ ...arm, isDropped: arm.arm === best.arm })) };
    expect(hasLine(byHand)).toBe(false);
    expect(study.config.arms).toHaveLength(41);
    expect(runs).toHaveLength(123);
  });

  it("tells what is still to come", () => {
    expect(textOf(f1Bars(RESULTS.partial!, { width: 600, theme: LIGHT_THEME }))).toMatch(
      /Without a score: 1 running .*, 23 queued, 1 failed \(blur\+contrast\)/,
    );
  });

  it("never calls a resampled share certain", () => {
    expect([0, 0.004, 0.37, 0.996, 1].map(percentText)).toEqual(["<1 %", "<1 %", "37 %", ">99 %", ">99 %"]);
  });
});

describe("coupletMatrix", () => {
  it("has a cell for each of the 36 couplets, the specials and the control, and nine main effects", () => {
    const figure = coupletMatrix({ result: RESULTS.published!, arms: ALL_ARMS }, { width: 900, theme: LIGHT_THEME });
    expect(armsIn(figure).sort()).toEqual([...ALL_ARMS].sort());
    expect([...nodesOf(figure)].filter((node) => node.attributes["data-operation"])).toHaveLength(9);
  });

  it("tells states apart", () => {
    const statuses = new Map([
      ["blur+gain", "failed"],
      ["blur+flip", "running"],
    ] as const);
    const figure = coupletMatrix(
      { result: null, arms: ["blur+gain", "blur+flip", "none"], statuses, errors: new Map([["blur+gain", "out of memory"]]) },
      { width: 600, theme: LIGHT_THEME },
    );
    const stateOf = (arm: string) => [...nodesOf(figure)].find((node) => node.attributes["data-arm"] === arm)!;
    expect(stateOf("blur+gain").attributes["data-state"]).toBe("failed");
    expect(textOf(stateOf("blur+gain"))).toContain("out of memory");
    expect(stateOf("blur+flip").attributes["data-state"]).toBe("running");
    expect(stateOf("flip+zoom").attributes["data-state"]).toBe("absent");
    expect(stateOf(CONTROL_ARM).attributes["data-state"]).toBe("queued");
  });

  it("writes how to read it over no cell, at any width", () => {
    const help = /Pale|Framed|operation\.|Bar in|control\.|Small|Cut corner|dropped\./;
    for (let width = 360; width <= 1000; width += 10) {
      const nodes = [...nodesOf(coupletMatrix({ result: RESULTS.published!, arms: ALL_ARMS }, { width, theme: LIGHT_THEME }))];
      const cells = nodes
        .filter(({ attributes }) => attributes["data-operation"])
        .map((node) => [...nodesOf(node)].find(({ tag }) => tag === "rect")!.attributes as Record<"x" | "y" | "width" | "height", number>);
      expect(cells).toHaveLength(9);
      const lines = nodes.filter((node) => node.tag === "text" && node.attributes["font-size"] === 10 && help.test(textOf(node)));
      expect(lines.length, `${width} px`).toBeGreaterThan(0);
      for (const line of lines) {
        const [right, y] = [Number(line.attributes.x), Number(line.attributes.y)];
        const left = right - textWidth(textOf(line), 10);
        const under = cells.filter(
          (cell) => left < cell.x + cell.width && right > cell.x && y > cell.y - 4 && y < cell.y + cell.height + 4,
        );
        expect(under, `${width} px: ${textOf(line)}`).toEqual([]);
      }
    }
  });

  it("writes scores that read on their cell", () => {
    for (const theme of [LIGHT_THEME, DARK_THEME]) {
      const figure = coupletMatrix({ result: RESULTS.published!, arms: ALL_ARMS }, { width: 900, theme });
      for (const cell of nodesOf(figure)) {
        if (!cell.attributes["data-arm"]) continue;
        const rect = [...nodesOf(cell)].find(({ tag }) => tag === "rect")!;
        for (const node of nodesOf(cell))
          if (node.tag === "text") expect(contrast(String(node.attributes.fill), String(rect.attributes.fill))).toBeGreaterThan(4.5);
      }
    }
  });
});

describe("curves of scores", () => {
  it("that are still to come are told apart from none", () => {
    const told = (curves?: readonly MeanCurve[]) =>
      textOf(drawComparison("pr", { result: RESULTS.published!, showPublished: false, curves }, { width: 640, theme: LIGHT_THEME }));
    expect(told()).toContain("Reading the scores");
    expect(told([])).toContain("Pick arms");
  });
});

describe("curves of training", () => {
  const point = { step: 4, epoch: 0.5, loss: 3, learningRate: 1e-3, viewsPerSecond: 90, feedWaitMs: 0, at: 0 };
  const check = {
    embeddingStd: 0.9,
    effectiveRank: 20,
    alignment: 0.2,
    uniformity: -2,
    knnF1: 0.6,
    verdict: "learning",
    reason: "",
  } as const;
  const figureOf = (status: "running" | "finished", checks: number) =>
    trainingCurves(
      [
        {
          ...{ arm: "blur+flip", seed: 1, chance: 4.1, status, points: [point, { ...point, step: 8, epoch: 1, at: 900 }] },
          health: Array.from({ length: checks }, () => ({ ...check, step: 8 })),
        },
      ],
      { width: 700, theme: LIGHT_THEME },
    );

  it("keep the place of health before its first check, so that nothing moves when it comes", () => {
    const [before, after] = [figureOf("running", 0), figureOf("running", 1)];
    expect(before.attributes.height).toBe(after.attributes.height);
    expect(textOf(before)).toContain("after the first health check");
    expect(Number(figureOf("finished", 0).attributes.height)).toBeLessThan(Number(after.attributes.height));
  });
});

describe("themes", () => {
  it.each([LIGHT_THEME, DARK_THEME])("$name: text and marks stand out from the ground", (theme) => {
    expect(contrast(theme.text, theme.ground)).toBeGreaterThan(7);
    expect(contrast(theme.mutedText, theme.ground)).toBeGreaterThan(4.5);
    for (const [family, colour] of Object.entries(theme.families))
      expect(contrast(colour, theme.ground), family).toBeGreaterThan(family === "special" ? 2.2 : 3);
  });
});

describe("loss curves", () => {
  const points = Array.from({ length: 20_000 }, (_, i) => ({
    step: i,
    epoch: i / 100,
    loss: 3 + Math.sin(i),
    learningRate: 1,
    viewsPerSecond: 1,
    feedWaitMs: 0,
    at: i,
  }));
  const curve = { arm: "all", seed: 1, points, chance: 4.14, status: "running" as const };

  it("draw a long run with a few thousand points, and name the line of chance", () => {
    const figure = lossCurves([curve], { width: 900, theme: LIGHT_THEME });
    expect(toSvgString(figure).length).toBeLessThan(250_000);
    expect(textOf(figure)).toContain("chance, ln(2N − 1) = 4.14");
  });

  it("say why a cell is empty", () => {
    const figure = lossMultiples(
      [
        { arm: CONTROL_ARM, status: "finished", curves: [], f1: 0.8 },
        { arm: "all", status: "failed", curves: [], f1: null, error: "disk full" },
      ],
      { width: 600, theme: LIGHT_THEME },
    );
    expect(textOf(figure)).toContain("not pretrained");
    expect(textOf(figure)).toContain("disk full");
  });
});
