// One tile as a NumPy array, for a look in Python.
import type { BandName } from "../../../shared/domain/bands.ts";
import type { BandGroup } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { RawTiles } from "../../../shared/learning/tiles.ts";
import { encodeNpy } from "../../../shared/raster/npy.ts";
import { isValidDn } from "../../../shared/raster/radiometry.ts";
import { resampleBand } from "../../../shared/raster/resample.ts";
import { standardise } from "../../../shared/raster/standardise.ts";
import { tileReflectance } from "../../../shared/raster/tile-reflectance.ts";
import { writeFileAtomic } from "../../files/atomic-file.ts";
import { tileById } from "../catalogue/catalogue.ts";
import { openTileStore, type StoredTileReader } from "./tile-store.ts";

/** What the values of an exported tile are. */
export const TILE_VALUES = ["dn", "reflectance", "standardised"] as const;
export type TileValues = (typeof TILE_VALUES)[number];

export interface TileExportOptions {
  readonly datasetFolder: string;
  /** Of the tile, as the catalogue has it. */
  readonly id: string;
  /** In the array's order. */
  readonly bands: readonly BandName[];
  readonly as: TileValues;
  /** At the bands' own size, all of one resolution, instead of the 10 m grid. */
  readonly native?: boolean;
  /** The .npy file. */
  readonly out: string;
}

export interface TileExport {
  readonly out: string;
  /** [bands, height, width] */
  readonly shape: readonly [number, number, number];
  readonly dtype: "uint16" | "float32";
}

/**
 * Writes a tile as .npy. DN stay uint16 where nothing is resampled, and become float32 elsewhere; bands of 20 and 60 m come to the 10 m grid by
 * masked bicubic interpolation. Pixels without data are 0: no reflectance, or the mean when standardised.
 * @throws AppError NOT_FOUND for a tile or data set that is not there, BAD_ARGUMENT for bands that it lacks
 */
export async function exportTile({ datasetFolder, id, bands, as, native = false, out }: TileExportOptions): Promise<TileExport> {
  if (bands.length === 0) throw new AppError("BAD_ARGUMENT", "Name at least one band to export.");
  const reader = await openTileStore(datasetFolder);
  try {
    const groups = groupsOf(reader, bands);
    if (native && new Set(groups).size > 1) {
      const sizes = [...new Set(groups)].map(
        (group) => `${group.bands.filter((band) => bands.includes(band)).join(", ")} at ${group.pixels} px`,
      );
      throw new AppError(
        "BAD_ARGUMENT",
        `Bands of one resolution are needed at native size, but these are ${sizes.join(" and ")}. Export them one after another.`,
      );
    }
    const { index } = await tileById(datasetFolder, id);
    const raw = await reader.readTile(index);
    const pixels = native ? groups[0]!.pixels : reader.layout.tilePixels;
    const data = as === "dn" ? dnOf(reader, raw, bands, pixels) : valuesOf(reader, raw, bands, pixels, as);
    const shape = [bands.length, pixels, pixels] as const;
    await writeFileAtomic(out, encodeNpy(data, shape));
    return { out, shape, dtype: data instanceof Uint16Array ? "uint16" : "float32" };
  } finally {
    await reader.close();
  }
}

/** The group of each band. @throws AppError BAD_ARGUMENT */
function groupsOf({ dataset }: StoredTileReader, bands: readonly BandName[]): BandGroup[] {
  return bands.map((band) => {
    const group = dataset.groups.find((candidate) => candidate.bands.includes(band));
    if (group) return group;
    const available = dataset.groups.flatMap((candidate) => candidate.bands);
    throw new AppError(
      "BAD_ARGUMENT",
      `The data set "${dataset.name}" has no ${band}: it holds ${available.join(", ")}. Choose bands among these.`,
    );
  });
}

function dnOf(reader: StoredTileReader, raw: RawTiles, bands: readonly BandName[], pixels: number): Uint16Array | Float32Array {
  const groups = groupsOf(reader, bands);
  const isExact = groups.every((group) => group.pixels === pixels);
  const area = pixels * pixels;
  const out = isExact ? new Uint16Array(bands.length * area) : new Float32Array(bands.length * area);
  bands.forEach((band, channel) => {
    const group = groups[channel]!;
    const size = group.pixels * group.pixels;
    const start = group.bands.indexOf(band) * size;
    const dn = raw.groups[reader.dataset.groups.indexOf(group)]!.subarray(start, start + size);
    if (group.pixels === pixels) out.set(dn, channel * area);
    else
      out.set(
        resampleBand(
          dn,
          Uint8Array.from(dn, (value) => Number(isValidDn(value))),
          { from: group.pixels, to: pixels },
        ).data,
        channel * area,
      );
  });
  return out;
}

function valuesOf(
  { layout }: StoredTileReader,
  raw: RawTiles,
  bands: readonly BandName[],
  pixels: number,
  as: "reflectance" | "standardised",
): Float32Array {
  const { data, mask } = tileReflectance(raw.groups, { groups: layout.groups, radiometry: layout.radiometry, bands, pixels });
  if (as === "reflectance") return data;
  const area = pixels * pixels;
  bands.forEach((band, channel) => {
    const part = [channel * area, (channel + 1) * area] as const;
    data.set(standardise(data.subarray(...part), mask.subarray(...part), layout.statistics[band]!), part[0]);
  });
  return data;
}
