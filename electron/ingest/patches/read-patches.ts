// Patches into a batch of tiles: what a worker does, and the main thread where there is no worker. A patch that cannot be read is skipped.
import { messageOf } from "../../../shared/domain/errors.ts";
import { byteScratch } from "../../files/byte-source.ts";
import { GeoTiffHeads } from "../readers/geotiff.ts";
import { readBigEarthNet } from "./bigearthnet.ts";
import { stampOf } from "./file-stamp.ts";
import { type BatchResult, type ReadJob, type ReadSettings, TileBatch, tileLength } from "./patch.ts";
import { SceneReader } from "./scenes.ts";
import { TfRecordReader } from "./tfrecord-patches.ts";

/** Reads batches one after another. Keeps a buffer, heads of files and the last scene between them. */
export class PatchReader {
  private readonly memory = { scratch: byteScratch(), heads: new GeoTiffHeads() };
  private readonly scenes = new SceneReader();
  private readonly records = new TfRecordReader();
  private spare: Uint16Array[] | undefined;

  /** Reads the items into one batch, in order. */
  async read({ settings, items }: ReadJob): Promise<BatchResult> {
    const tiles = items.reduce((sum, item) => sum + item.places.length, 0);
    const batch = new TileBatch(settings, this.pixelsFor(settings, tiles));
    for (const item of items) {
      try {
        if (item.kind === "bigearthnet-v1" || item.kind === "bigearthnet-v2") {
          await readBigEarthNet(item, batch, this.memory);
          continue;
        }
        batch.begin(stampOf(item, settings));
        if (item.kind === "tfrecords") await this.records.read(item, batch);
        else await this.scenes.read(item, batch);
      } catch (error) {
        // Files are hostile: whatever goes wrong with one patch, the rest goes on.
        batch.skip({ path: item.path, reason: messageOf(error).replaceAll(`${item.path}/`, "") });
      }
    }
    return batch.result();
  }

  /** Takes the arrays of a written batch back, to be filled again. */
  recycle(pixels: readonly Uint16Array[]): void {
    this.spare = [...pixels];
  }

  close(): void {
    this.scenes.close();
    this.records.close();
  }

  private pixelsFor({ groups }: ReadSettings, tiles: number): Uint16Array[] {
    const spare = this.spare;
    this.spare = undefined;
    return groups.map((group, g) => {
      const length = tiles * tileLength(group);
      const old = spare?.[g];
      return old && old.length >= length ? old : new Uint16Array(length);
    });
  }
}
