// Appends tiles to the store. A shard grows in a file of its own and gets its name when it is whole, so a reader never sees half of one.
import { copyFile, type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { BandGroup } from "../../../shared/domain/dataset.ts";
import { writeFileAtomic } from "../../files/atomic-file.ts";
import { fileError } from "../../files/byte-source.ts";
import { tileLength } from "../patches/patch.ts";
import {
  arrayMetadata,
  GROWING,
  groupMetadata,
  growingShardPath,
  shardBytes,
  shardIndex,
  shardPath,
  shardTilesFor,
  storeFolder,
  tileBytes,
} from "./store-layout.ts";

/** Opens a file for writing: the seam by which tests fill the disk. */
export type OpenFile = (path: string, flags: string) => Promise<Pick<FileHandle, "write" | "read" | "sync" | "truncate" | "close">>;
type OpenHandle = Awaited<ReturnType<OpenFile>>;

/** A shard being written: a file for each group. */
interface GrowingShard {
  readonly shard: number;
  readonly files: readonly OpenHandle[];
}

/** Writes the tiles of one data set, in row order. One call at a time. */
export class StoreWriter {
  readonly shardTiles: number;
  private readonly folder: string;
  private readonly groups: readonly BandGroup[];
  private readonly openFile: OpenFile;
  private growing: GrowingShard | undefined;
  /** The shard before, on its way to the disk while the next one grows. */
  private settling: Promise<void> | undefined;
  private written = 0;

  constructor(datasetFolder: string, groups: readonly BandGroup[], openFile: OpenFile = open) {
    this.folder = datasetFolder;
    this.groups = groups;
    this.openFile = openFile;
    this.shardTiles = shardTilesFor(groups);
  }

  /** Rows written so far. */
  get rows(): number {
    return this.written;
  }

  /** Starts an empty store; what is there is removed. */
  async start(): Promise<void> {
    await this.close();
    await rm(storeFolder(this.folder), { recursive: true, force: true });
    await mkdir(storeFolder(this.folder), { recursive: true });
    this.written = 0;
  }

  /**
   * Goes on behind the first `crcs.length` rows; whatever lies behind them is cut off.
   * @param crcs checksum of every row, as `ReadTile.crc`; those of shards that were still growing are compared
   * @returns false when the files do not hold these rows: start anew then
   */
  async resume(crcs: readonly number[]): Promise<boolean> {
    await this.close();
    const whole = Math.floor(crcs.length / this.shardTiles);
    const rest = crcs.length - whole * this.shardTiles;
    const crcsOf = (shard: number, count: number) => crcs.slice(shard * this.shardTiles, shard * this.shardTiles + count);
    try {
      for (let shard = 0; shard < whole; shard++) {
        if (await this.hasShard(shard)) continue;
        // The journal may be ahead of the last shard's name.
        if (!(await this.reopen(shard, crcsOf(shard, this.shardTiles)))) return false;
        await this.settle(this.growing!, this.shardTiles);
        this.growing = undefined;
      }
      await this.removeBehind(whole, rest > 0);
      if (rest > 0 && !(await this.reopen(whole, crcsOf(whole, rest)))) return false;
    } catch {
      await this.close();
      return false;
    }
    this.written = crcs.length;
    return true;
  }

  /**
   * Appends tiles.
   * @param pixels for each group tiles one after another
   * @throws AppError DISK_FULL; the rows that were there stay whole
   */
  async append(pixels: readonly Uint16Array[], count: number): Promise<void> {
    try {
      for (let done = 0; done < count; ) {
        const shard = Math.floor(this.written / this.shardTiles);
        const at = this.written - shard * this.shardTiles;
        const n = Math.min(count - done, this.shardTiles - at);
        this.growing ??= await this.openGrowing(shard, "w");
        const { files } = this.growing;
        // All have to end, well or not: a write under way would fill what `trim` has cut off.
        const writes = await Promise.allSettled(
          this.groups.map((group, g) => {
            const array = pixels[g]!;
            const bytes = new Uint8Array(array.buffer, array.byteOffset + done * tileBytes(group), n * tileBytes(group));
            return writeAll(files[g]!, bytes, at * tileBytes(group));
          }),
        );
        const failed = writes.find((write) => write.status === "rejected");
        if (failed) throw failed.reason;
        this.written += n;
        done += n;
        if (this.written % this.shardTiles === 0) await this.finishShard(this.shardTiles);
      }
    } catch (error) {
      throw fileError(storeFolder(this.folder), error);
    }
  }

  /** Finishes the last shard and describes the arrays. @param attributes of the Zarr group */
  async finish(attributes: object): Promise<void> {
    try {
      const rest = this.written % this.shardTiles;
      if (rest > 0) await this.finishShard(rest);
      await this.settling;
      for (const group of this.groups) {
        const array = arrayMetadata(group, this.written, this.shardTiles);
        await mkdir(join(storeFolder(this.folder), group.name), { recursive: true });
        await writeFileAtomic(join(storeFolder(this.folder), group.name, "zarr.json"), `${JSON.stringify(array, null, 2)}\n`);
      }
      await writeFileAtomic(join(storeFolder(this.folder), "zarr.json"), `${JSON.stringify(groupMetadata(attributes), null, 2)}\n`);
    } catch (error) {
      throw fileError(storeFolder(this.folder), error);
    }
  }

  /** Cuts the growing shard back to the first rows, after a failed write, so that no half-written tile is left. */
  async trim(rows: number): Promise<void> {
    const { growing } = this;
    if (!growing) return;
    const rest = Math.max(0, rows - growing.shard * this.shardTiles);
    await Promise.allSettled(this.groups.map((group, g) => growing.files[g]!.truncate(rest * tileBytes(group))));
  }

  async close(): Promise<void> {
    const { growing, settling } = this;
    this.growing = undefined;
    this.settling = undefined;
    await Promise.allSettled([settling, ...(growing?.files ?? []).map((file) => file.close())]);
  }

  private async openGrowing(shard: number, flags: string): Promise<GrowingShard> {
    const opened = await Promise.allSettled(this.groups.map((group) => this.openFile(growingShardPath(this.folder, group, shard), flags)));
    const files = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failed = opened.find((result) => result.status === "rejected");
    if (!failed) return { shard, files };
    await Promise.allSettled(files.map((file) => file.close()));
    throw failed.reason;
  }

  /** Sends the growing shard to the disk; at most one is on its way. */
  private async finishShard(count: number): Promise<void> {
    await this.settling;
    const growing = this.growing!;
    this.growing = undefined;
    this.settling = this.settle(growing, count);
    // Awaited before the next one and at the end.
    this.settling.catch(() => {});
  }

  /** Completes a shard by its index, flushes it to disk and gives it its name. */
  private async settle({ shard, files }: GrowingShard, count: number): Promise<void> {
    try {
      await Promise.all(
        this.groups.map(async (group, g) => {
          await writeAll(files[g]!, shardIndex(group, count, this.shardTiles), count * tileBytes(group));
          await files[g]!.sync();
        }),
      );
    } finally {
      await Promise.allSettled(files.map((file) => file.close()));
    }
    for (const group of this.groups) {
      const path = shardPath(this.folder, group, shard);
      await mkdir(dirname(path), { recursive: true });
      await rename(growingShardPath(this.folder, group, shard), path);
    }
  }

  private async hasShard(shard: number): Promise<boolean> {
    for (const group of this.groups) {
      if ((await sizeOf(shardPath(this.folder, group, shard))) !== shardBytes(group, this.shardTiles, this.shardTiles)) return false;
    }
    return true;
  }

  /**
   * Makes a shard grow again behind the tiles of these checksums. What has its name already is copied, so that readers of it go on.
   * @returns false when neither holds the tiles
   */
  private async reopen(shard: number, crcs: readonly number[]): Promise<boolean> {
    for (const mayGrowOn of [true, false]) {
      let isThere = true;
      for (const group of this.groups) {
        const final = shardPath(this.folder, group, shard);
        const growing = growingShardPath(this.folder, group, shard);
        const needed = crcs.length * tileBytes(group);
        if (mayGrowOn && (await sizeOf(growing)) >= needed) continue;
        if ((await sizeOf(final)) >= needed) await copyFile(final, growing);
        else isThere = false;
      }
      if (!isThere) continue;
      const growing = await this.openGrowing(shard, "r+");
      this.growing = growing;
      await Promise.all(this.groups.map((group, g) => growing.files[g]!.truncate(crcs.length * tileBytes(group))));
      if (await this.matches(growing, crcs)) return true;
      await this.close();
    }
    return false;
  }

  /** Removes what lies behind the first `whole` shards, but for the one that grows on. */
  private async removeBehind(whole: number, isGrowing: boolean): Promise<void> {
    const first = isGrowing ? whole + 1 : whole;
    for (const group of this.groups) {
      const chunks = join(storeFolder(this.folder), group.name, "c");
      for (const name of await readdir(chunks).catch(() => []))
        if (Number(name) >= first) await rm(join(chunks, name), { recursive: true });
    }
    for (const name of await readdir(storeFolder(this.folder))) {
      if (name.startsWith(GROWING) && !(isGrowing && name.endsWith(`-${whole}`))) await rm(join(storeFolder(this.folder), name));
    }
  }

  private async matches({ files }: GrowingShard, crcs: readonly number[]): Promise<boolean> {
    const tile = this.groups.map((group) => Buffer.alloc(tileBytes(group)));
    for (let i = 0; i < crcs.length; i++) {
      let crc = 0;
      for (let g = 0; g < this.groups.length; g++) {
        const bytes = tile[g]!;
        const { bytesRead } = await files[g]!.read(bytes, 0, bytes.length, i * bytes.length);
        if (bytesRead < bytes.length) return false;
        crc = crc32(bytes, crc);
      }
      if (crc !== crcs[i]) return false;
    }
    return true;
  }
}

/** Bytes that a tile takes in all groups. */
export function bytesPerTile(groups: readonly BandGroup[]): number {
  return groups.reduce((sum, group) => sum + tileLength(group) * 2, 0);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? -1;
}

async function writeAll(file: OpenHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
