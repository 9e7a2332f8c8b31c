// What of the reflectances of a picture is shown from black to white, as the interface offers it.

/** Between two percentiles: of the whole data set, so that tiles compare, or of each tile, so that dark ones show what they have. */
export interface TileStretch {
  readonly scope: "shared" | "tile";
  /** Percentile that is black, 0..100. */
  readonly low: number;
  /** Percentile that is white. */
  readonly high: number;
}

export const DEFAULT_STRETCH: TileStretch = { scope: "shared", low: 2, high: 98 };

/** `shared-2-98`, for addresses. */
export const formatStretch = ({ scope, low, high }: TileStretch): string => `${scope}-${low}-${high}`;

/** Reads `tile-0.5-99.5`; null for anything else. */
export function parseStretch(text: string): TileStretch | null {
  const match = /^(shared|tile)-(\d{1,3}(?:\.\d{1,2})?)-(\d{1,3}(?:\.\d{1,2})?)$/.exec(text);
  if (!match) return null;
  const [low, high] = [Number(match[2]), Number(match[3])];
  return low < high && high <= 100 ? { scope: match[1] as TileStretch["scope"], low, high } : null;
}
