// A small line without axes: how a number went of late. The number itself stands beside it.

import { extent, linearScale } from "./scale.ts";
import { type Figure, figureRoot, h, linePath } from "./svg.ts";
import type { FigureTheme } from "./theme.ts";

export interface SparklineOptions {
  readonly width: number;
  readonly height?: number;
  readonly theme: FigureTheme;
  readonly label: string;
  /** Values at the bottom and the top; the largest value when left out. */
  readonly domain?: readonly [number, number];
  /** Places across the width: fewer values leave room at the left. */
  readonly room: number;
}

/** The newest value lies at the right. A missing value is a gap. */
export function sparkline(
  values: readonly (number | null)[],
  { width, height = 22, theme, label, domain, room }: SparklineOptions,
): Figure {
  const [low, high] = domain ?? [0, (extent(values)?.[1] ?? 0) || 1];
  const y = linearScale([low, high], [height - 1.5, 1.5]);
  const x = linearScale([0, Math.max(1, room - 1)], [0, width - 1]);
  const shown = values.slice(-room);
  const points = shown.map((value, i) =>
    value === null ? null : ([x.at(room - shown.length + i), y.at(Math.min(high, Math.max(low, value)))] as const),
  );
  const drawn = points.filter((point) => point !== null);
  const [first, last] = [drawn[0], drawn.at(-1)];
  return figureRoot(
    { width, height, label },
    h("line", { x1: 0, x2: width, y1: height - 1, y2: height - 1, stroke: theme.gridline }),
    first && last && drawn.length === points.length
      ? h("path", {
          d: `${linePath([[first[0], height - 1], ...drawn, [last[0], height - 1]])}Z`,
          fill: theme.families.geometric,
          "fill-opacity": 0.16,
        })
      : null,
    h("path", { d: linePath(points), fill: "none", stroke: theme.families.geometric, "stroke-width": 1.2 }),
  );
}
