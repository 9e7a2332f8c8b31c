// How points look: colour and form by their group, faint when others are picked, the rarer groups on top.
import { mixColours } from "../../../shared/figures/theme.ts";
import { POINT_SHAPES, type PointLooks } from "./point-layer.ts";

const ALPHA = 230;
const FAINT_ALPHA = 28;
/** matplotlib's viridis at equal steps. */
const VIRIDIS = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];
/** The part of the scale that stands out from a light and from a dark ground. */
const VISIBLE = { light: [0, 0.86], dark: [0.22, 1] } as const;

/** Groups that say that something is not known. */
export const isUnknown = (name: string): boolean => name === "not known" || name === "no labels" || name === "others";

/**
 * A colour for each group, `#rrggbb`: from low to high by viridis, else the figures' series, then grey for the rest.
 * @param series colours of the figures, the last of them grey
 */
export function groupColours(
  names: readonly string[],
  isOrdered: boolean,
  { name: scheme, series, axis }: { readonly name: "light" | "dark"; readonly series: readonly string[]; readonly axis: string },
): string[] {
  const known = names.filter((name) => !isUnknown(name));
  return names.map((name) => {
    const at = known.indexOf(name);
    if (at < 0) return axis;
    if (!isOrdered) return series[at] ?? axis;
    const [low, high] = VISIBLE[scheme];
    const place = (low + ((high - low) * at) / Math.max(1, known.length - 1)) * (VIRIDIS.length - 1);
    const below = Math.min(VIRIDIS.length - 2, Math.floor(place));
    return mixColours(VIRIDIS[below]!, VIRIDIS[below + 1]!, place - below);
  });
}

export const shapeOf = (group: number, isOrdered: boolean): number => (isOrdered ? 0 : group % POINT_SHAPES);

export function countGroups(codes: Uint16Array, groups: number): Int32Array {
  const counts = new Int32Array(groups);
  for (const code of codes) counts[code]!++;
  return counts;
}

export interface LooksInput {
  readonly codes: Uint16Array;
  readonly colours: readonly string[];
  readonly isOrdered: boolean;
  readonly hidden: ReadonlySet<number>;
  /** Whether each point is picked; null: nothing is. */
  readonly picked: Uint8Array | null;
}

export function looksOf({ codes, colours, isOrdered, hidden, picked }: LooksInput): PointLooks {
  const n = codes.length;
  const rgb = colours.map((hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]);
  const out = new Uint8Array(4 * n);
  const shapes = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const group = codes[i]!;
    const [r, g, b] = rgb[group]!;
    out[4 * i] = r;
    out[4 * i + 1] = g;
    out[4 * i + 2] = b;
    out[4 * i + 3] = hidden.has(group) ? 0 : picked && picked[i] === 0 ? FAINT_ALPHA : ALPHA;
    shapes[i] = shapeOf(group, isOrdered);
  }
  return { colours: out, shapes, order: orderOf(codes, isOrdered ? 0 : colours.length, picked) };
}

/**
 * Frequent groups first, picked points last, by counting.
 * @param groups 0: as the points come, so that of groups as frequent as each other none hides the others
 */
function orderOf(codes: Uint16Array, groups: number, picked: Uint8Array | null): Uint32Array {
  const counts = countGroups(codes, groups);
  const ranks = [...counts.keys()].sort((a, b) => counts[b]! - counts[a]!);
  const rankOf = new Int32Array(groups);
  for (const [rank, group] of ranks.entries()) rankOf[group] = rank;
  const keyOf = (i: number) => (rankOf[codes[i]!] ?? 0) + (picked?.[i] === 1 ? Math.max(1, groups) : 0);
  const starts = new Int32Array(2 * Math.max(1, groups) + 1);
  for (let i = 0; i < codes.length; i++) starts[keyOf(i) + 1]!++;
  for (let k = 0; k + 1 < starts.length; k++) starts[k + 1] = starts[k + 1]! + starts[k]!;
  const order = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) order[starts[keyOf(i)]!++] = i;
  return order;
}
