// What passes between planning, reading and storing: a patch to read, the tiles that came of it, and the batch that holds their pixels.
import { crc32 } from "node:zlib";
import type { BandName } from "../../../shared/domain/bands.ts";
import type { BandGroup, Problem, Source, SourceKind, Tile } from "../../../shared/domain/dataset.ts";
import { tileHash } from "../../../shared/raster/tile-hash.ts";
import type { Scene } from "../readers/scene.ts";
import { footprintOf } from "./footprint.ts";
import { addPixels, type BandMoments, emptyMoments, mergeMoments } from "./statistics.ts";

/** What is known of all tiles of a patch before it is read. */
export type PatchFacts = Partial<
  Pick<Tile, "split" | "country" | "product" | "cloud" | "snow" | "offset" | "quantification" | "radiometrySource">
>;

/** How a file's values become the data set's DN: `(value x factor + offset of the band) x scale + shift`. */
export interface Conversion {
  /** DN of the value 1: 10000 where floating-point files hold reflectance. */
  readonly factor: number;
  readonly offsets: Readonly<Partial<Record<BandName, number>>>;
  readonly scale: number;
  readonly shift: number;
}

/** By what the files of a patch are known again. */
export interface FileStamp {
  /**
   * The file of the patch's first band, and `#n` where it holds several patches: no two patches have the same. Absolute while it is read,
   * relative to its folder in the catalogue.
   */
  readonly file: string | null;
  /** Size of the patch's files together, bytes. */
  readonly bytes: number | null;
  /** Time of the last change to any of them, ms since 1970. */
  readonly modified: number | null;
}

/** A patch, or a part of a scene, to be read by a worker. Plain data: it is posted. */
export interface PatchItem {
  readonly kind: SourceKind;
  /** Unique in the data set, of letters, digits, dot, dash and underscore. */
  readonly id: string;
  /** What names the patch to the user: its folder, or its file where it is one. */
  readonly path: string;
  /** File of each band, absolute. EuroSAT: one for all. */
  readonly files: Readonly<Partial<Record<BandName, string>>>;
  /** Files of the parts of a split image, absolute; null: each file is a whole image. */
  readonly parts: readonly string[] | null;
  /** Which of the patches in its file it is, from 0; null: it is the only one. */
  readonly member: number | null;
  /** BigEarthNet's labels json. */
  readonly labelsFile: string | null;
  readonly labels: readonly string[] | null;
  readonly date: string | null;
  readonly granule: string | null;
  /** Size on the 10 m grid that was planned for, px. */
  readonly width: number;
  readonly height: number;
  readonly isFloat: boolean;
  /** Place of each band in a file with several. */
  readonly samples: Readonly<Partial<Record<BandName, number>>> | null;
  /** null: the files' values are the data set's DN. */
  readonly conversion: Conversion | null;
  /** What is recorded of each tile. */
  readonly facts: PatchFacts;
  /** What tells clouds, and where the scene lies if its images do not say so. */
  readonly scene: Pick<Scene, "place" | "mask"> | null;
  /** Tiles that the whole patch gives. */
  readonly columns: number;
  readonly rows: number;
  /** Those to be read, by column and row, counted from the upper left corner, in the order in which they are read. */
  readonly places: readonly (readonly [column: number, row: number])[];
  /** They are few of the scene's. */
  readonly isSparse: boolean;
  /** The id of a tile gets `_<column>_<row>`. */
  readonly isCut: boolean;
}

/** What the tiles of a data set look like, and how DN are to be counted. */
export interface ReadSettings {
  readonly tilePixels: number;
  /** From a tile to the next, px of the 10 m grid. */
  readonly stridePixels: number;
  readonly groups: readonly BandGroup[];
  readonly radiometry: Source["radiometry"];
  /** Tiles beyond these are left out; absent: none are. */
  readonly limits?: TileLimits;
}

/** A batch to read. The settings are the same for all. */
export interface ReadJob {
  readonly settings: ReadSettings;
  readonly items: readonly PatchItem[];
}

/** Largest shares of a tile's pixels, 0..1; null: any. A tile of which the clouds are not known passes. */
export interface TileLimits {
  readonly maxCloud: number | null;
  readonly maxNodata: number | null;
}

/** Whether a tile with these shares is within the limits. @param cloud null: not known */
export function isWithin({ maxCloud, maxNodata }: TileLimits, cloud: number | null, nodata: number): boolean {
  return (maxCloud === null || cloud === null || cloud <= maxCloud) && (maxNodata === null || nodata <= maxNodata);
}

/** What a reader tells of a tile. What it leaves out is not known; the radiometry is then the data set's. */
export type TileFacts = Pick<Tile, "id" | "source" | "path" | "labels" | "date" | "granule" | "crs" | "transform"> &
  Partial<Pick<Tile, "cloud" | "shadow" | "snow" | "split" | "country" | "product" | "offset" | "quantification" | "radiometrySource">>;

/** A tile of the catalogue before it has a row, with the state of its files. */
export interface ReadTile extends Omit<Tile, "index">, FileStamp {
  readonly crc: number;
}

/** What came of a batch. */
export interface BatchResult {
  /** For each group the pixels of the tiles, one after another; longer than they need. */
  readonly pixels: readonly Uint16Array[];
  readonly tiles: readonly ReadTile[];
  readonly moments: Readonly<Partial<Record<BandName, BandMoments>>>;
  readonly skipped: readonly Problem[];
  /** Tiles without any data that were left out, by patch. */
  readonly empty: readonly { readonly path: string; readonly tiles: number }[];
  /** A patch says itself that no satellite took it. */
  readonly isSimulated: boolean;
  /** Tiles beyond the limits that were left out. */
  readonly beyond: number;
}

/** Values of one tile in a group: bands x pixels x pixels. */
export function tileLength(group: BandGroup): number {
  return group.bands.length * group.pixels * group.pixels;
}

/** Collects tiles: a reader fills the slot of the next tile band by band, then commits or leaves it. */
export class TileBatch {
  readonly settings: ReadSettings;
  private readonly pixels: readonly Uint16Array[];
  private readonly tiles: ReadTile[] = [];
  private readonly moments = new Map<BandName, BandMoments>();
  private readonly skipped: Problem[] = [];
  private readonly empty = new Map<string, number>();
  private beyond = 0;
  private stamp: FileStamp = { file: null, bytes: null, modified: null };
  private isSimulated = false;

  /** @param pixels one array a group, room for all tiles of the batch; their content does not matter */
  constructor(settings: ReadSettings, pixels: readonly Uint16Array[]) {
    this.settings = settings;
    this.pixels = pixels;
  }

  /** The array of a group, and where the next tile's band begins in it. */
  slot(groupIndex: number, bandIndex: number): { data: Uint16Array; at: number } {
    const group = this.settings.groups[groupIndex]!;
    return { data: this.pixels[groupIndex]!, at: this.tiles.length * tileLength(group) + bandIndex * group.pixels * group.pixels };
  }

  /** Says from which files the tiles that follow are cut. */
  begin(stamp: FileStamp): void {
    this.stamp = stamp;
  }

  markSimulated(): void {
    this.isSimulated = true;
  }

  /** Keeps the tile in the slot; a tile without any data, or beyond the limits, is left out and counted. */
  commit(tile: TileFacts): void {
    const { groups, radiometry, tilePixels } = this.settings;
    const moments: [BandName, BandMoments][] = [];
    let missing = 0;
    let saturated = 0;
    let total = 0;
    let crc = 0;
    groups.forEach((group, g) => {
      const data = this.pixels[g]!;
      const area = group.pixels * group.pixels;
      group.bands.forEach((band, b) => {
        const { at } = this.slot(g, b);
        const own = emptyMoments();
        const without = addPixels(own, data, at, at + area, radiometry.offset);
        missing += without;
        saturated += area - without - own.count;
        moments.push([band, own]);
      });
      const { at } = this.slot(g, 0);
      total += tileLength(group);
      crc = crc32(new Uint8Array(data.buffer, data.byteOffset + at * 2, tileLength(group) * 2), crc);
    });
    if (missing === total) {
      this.empty.set(tile.path, (this.empty.get(tile.path) ?? 0) + 1);
      return;
    }
    const { limits } = this.settings;
    if (limits && !isWithin(limits, tile.cloud ?? null, missing / total)) {
      this.beyond++;
      return;
    }
    for (const [band, own] of moments) {
      const sum = this.moments.get(band);
      if (sum) mergeMoments(sum, own);
      else this.moments.set(band, own);
    }
    this.tiles.push({
      cloud: null,
      shadow: null,
      snow: null,
      split: null,
      country: null,
      product: null,
      offset: radiometry.offset,
      quantification: radiometry.quantification,
      radiometrySource: radiometry.source,
      ...tile,
      ...this.stamp,
      nodata: missing / total,
      saturated: saturated / total,
      footprint: footprintOf(tile.crs, tile.transform, tilePixels),
      hash: tileHash(
        this.pixels.map((data, g) => data.subarray(this.slot(g, 0).at, this.slot(g, 0).at + tileLength(groups[g]!))),
        groups,
      ),
      crc,
      excluded: false,
    });
  }

  skip(problem: Problem): void {
    this.skipped.push(problem);
  }

  result(): BatchResult {
    return {
      pixels: this.pixels,
      tiles: this.tiles,
      moments: Object.fromEntries(this.moments),
      skipped: this.skipped,
      empty: [...this.empty].map(([path, tiles]) => ({ path, tiles })),
      isSimulated: this.isSimulated,
      beyond: this.beyond,
    };
  }
}
