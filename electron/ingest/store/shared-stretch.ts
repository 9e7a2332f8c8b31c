// One stretch for all tiles of a data set: percentiles of each band's DN, counted over tiles that lie evenly in its store.
import type { BandCombination } from "../../../shared/domain/band-combinations.ts";
import type { BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { StretchRange } from "../../../shared/raster/composite.ts";
import { isValidDn, reflectanceOf } from "../../../shared/raster/radiometry.ts";
import type { StoredTileReader } from "./tile-store.ts";

/** Tiles that are counted: 1.8 million pixels of a 10 m band, so that the second percentile rests on 37,000 of them. */
const SAMPLED_TILES = 128;
const DN_VALUES = 65536;

/** Pixels of each DN, by band. */
export type BandCounts = ReadonlyMap<BandName, Uint32Array>;

/** Counts the DN of a sample of the tiles. Takes a fraction of a second, once a data set. */
export async function countBands({
  tiles,
  layout,
  readTile,
}: Pick<StoredTileReader, "tiles" | "layout" | "readTile">): Promise<BandCounts> {
  const counts = new Map(layout.groups.flatMap(({ bands }) => bands.map((band) => [band, new Uint32Array(DN_VALUES)] as const)));
  const sampled = Math.min(SAMPLED_TILES, tiles);
  for (let i = 0; i < sampled; i++) {
    const raw = await readTile(Math.floor(((i + 0.5) * tiles) / sampled));
    layout.groups.forEach(({ bands, pixels }, group) => {
      const area = pixels * pixels;
      bands.forEach((band, channel) => {
        const own = counts.get(band)!;
        const dn = raw.groups[group]!.subarray(channel * area, (channel + 1) * area);
        for (let at = 0; at < area; at++) own[dn[at]!]!++;
      });
    });
  }
  return counts;
}

/**
 * The ranges between two percentiles, for each channel of a combination of reflectances.
 * @throws AppError BAD_ARGUMENT when the data set lacks a band
 */
export function sharedRanges(
  counts: BandCounts,
  combination: Exclude<BandCombination, { kind: "index" }>,
  { low, high, radiometry }: { low: number; high: number; radiometry: StoredTileReader["layout"]["radiometry"] },
): StretchRange[] {
  const channels = combination.bands.map((band) => {
    const own = counts.get(band);
    if (own) return own;
    throw new AppError("BAD_ARGUMENT", `${combination.name} needs ${band}, which the data set lacks. Choose another band combination.`);
  });
  const rangeOf = (of: readonly Uint32Array[]): StretchRange => [
    reflectanceOf(percentileDn(of, low), radiometry),
    reflectanceOf(percentileDn(of, high), radiometry),
  ];
  const isBalanced = combination.kind === "colour" && combination.isBalanced;
  return isBalanced ? channels.map(() => rangeOf(channels)) : channels.map((own) => rangeOf([own]));
}

/** The least DN that at least `percent` of the measurements do not exceed; 0 without any. */
function percentileDn(channels: readonly Uint32Array[], percent: number): number {
  const at = (dn: number) => channels.reduce((sum, own) => sum + own[dn]!, 0);
  let total = 0;
  for (let dn = 0; dn < DN_VALUES; dn++) if (isValidDn(dn)) total += at(dn);
  const wanted = Math.max(1, Math.ceil((percent / 100) * total));
  let seen = 0;
  for (let dn = 0; dn < DN_VALUES; dn++) {
    if (!isValidDn(dn)) continue;
    seen += at(dn);
    if (seen >= wanted && total > 0) return dn;
  }
  return 0;
}
