// The seam between learning and storage: how tiles come in. Node reads them from the store; tests make them up.
import type { BandName } from "../domain/bands.ts";
import type { BandGroup, BandStatistics } from "../domain/dataset.ts";

/** What `learning` must know of a data set: layout, radiometry and statistics. A `Dataset` (domain/dataset.ts) is one. */
export interface TileLayout {
  /** Side of a tile on the 10 m grid, px. */
  readonly tilePixels: number;
  readonly groups: readonly BandGroup[];
  readonly radiometry: { readonly quantification: number; readonly offset: number };
  readonly statistics: Readonly<Partial<Record<BandName, BandStatistics>>>;
}

/** Raw tiles: for each group of the layout a uint16 array [N, bands, pixels, pixels] of DN; 0 is no data. */
export interface RawTiles {
  readonly count: number;
  readonly groups: readonly Uint16Array[];
}

/** Reads tiles by their row in the store. */
export interface TileReader {
  readonly layout: TileLayout;
  /**
   * @param rows tile indices, in any order; the result keeps it
   * @param options.into arrays of an earlier result, to be filled again where they are long enough: the caller's own, since other reads may
   *   come between
   */
  read(rows: ArrayLike<number>, options?: { signal?: AbortSignal; into?: readonly Uint16Array[] | undefined }): Promise<RawTiles>;
}
