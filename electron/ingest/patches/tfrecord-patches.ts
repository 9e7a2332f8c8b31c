// Examples of TFRecord files as patches. The file read last stays open: its examples come one after another.
import type { BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { openByteSource } from "../../files/byte-source.ts";
import type { Raster, Samples, Window } from "../readers/raster.ts";
import { openTfRecords, type TfBand, type TfRecords } from "../readers/tfrecord.ts";
import { type BandRaster, checkBand, readTileBands, tilesOf } from "./bands.ts";
import type { PatchItem, TileBatch } from "./patch.ts";

export class TfRecordReader {
  private open: TfRecords | undefined;

  /**
   * The bands of an example as images.
   * @param member which one of the file, from 0
   * @throws AppError when the file or the example cannot be read
   */
  async rasters(path: string, member: number): Promise<Partial<Record<BandName, Raster>>> {
    if (this.open?.path !== path) {
      this.close();
      this.open = await openTfRecords(openByteSource(path));
    }
    if (member >= this.open.examples.length)
      throw new AppError("BAD_FILE", `${path} has ${this.open.examples.length} examples, fewer than before. It was changed meanwhile.`);
    const bands = Object.entries(this.open.readExample(member)) as [BandName, TfBand][];
    return Object.fromEntries(bands.map(([band, pixels]) => [band, rasterOf(path, pixels)]));
  }

  /** Reads the item's tiles into the batch. @throws AppError when anything of the example is missing or broken */
  async read(item: PatchItem, batch: TileBatch): Promise<void> {
    const { settings } = batch;
    const images = await this.rasters(item.path, item.member!);
    const rasters = settings.groups.flatMap(({ bands }) =>
      bands.map((band): BandRaster => {
        const raster = images[band];
        if (!raster) throw new AppError("BAD_FILE", `${item.path}: ${item.id} has no ${band}. Ingest it with other bands.`);
        checkBand(item, settings, band, raster);
        return { band, raster, sample: 0 };
      }),
    );
    const { kind: source, path, labels, date, granule } = item;
    for (const place of tilesOf(item)) {
      await readTileBands(rasters, item, place, batch);
      const told = { source, path, labels: labels && [...labels], date, granule };
      batch.commit({ id: place.id, ...told, crs: null, transform: null, ...item.facts });
    }
  }

  close(): void {
    this.open?.close();
    this.open = undefined;
  }
}

function rasterOf(path: string, { side, pixels }: TfBand): Raster {
  const copy = ({ x, y, width, height }: Window, out: Samples, at: number) => {
    for (let row = 0; row < height; row++) out.set(pixels.subarray((y + row) * side + x, (y + row) * side + x + width), at + row * width);
  };
  return {
    path,
    width: side,
    height: side,
    bands: 1,
    dtype: "uint16",
    transform: null,
    crs: null,
    nodata: null,
    descriptions: [null],
    isDirect: true,
    async readWindow(window) {
      const out = new Uint16Array(window.width * window.height);
      copy(window, out, 0);
      return out;
    },
    readWindowSync: copy,
    close() {},
  };
}
