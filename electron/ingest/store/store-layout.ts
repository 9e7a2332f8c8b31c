// The store's layout on disk, shared by its writer and its reader: Zarr v3, one array a resolution group, sharded, uncompressed.
// An inner chunk is one tile, in row order from the start of its shard, so a tile lies at a computed offset and is one read.
import { join } from "node:path";
import type { BandGroup } from "../../../shared/domain/dataset.ts";
import { crc32c } from "../../files/crc32c.ts";
import { tileLength } from "../patches/patch.ts";

/** A tile's share of a shard's index: offset and length, uint64 each. */
const INDEX_ENTRY_BYTES = 16;
const CHECKSUM_BYTES = 4;
const MISSING = 0xffffffffffffffffn;

/** Tiles a shard: BigEarthNet's 12 bands make 82 MB of 512 tiles in three files. */
const SHARD_TILES = 512;
/** A shard of all groups should not be larger than this. */
const SHARD_BYTES = 128 * 1024 * 1024;
const FEWEST_SHARD_TILES = 16;

export function storeFolder(datasetFolder: string): string {
  return join(datasetFolder, "store");
}

export function tileBytes(group: BandGroup): number {
  return tileLength(group) * 2;
}

/** Tiles of a shard, the same in every group: 512, or fewer for large tiles. A power of two. */
export function shardTilesFor(groups: readonly BandGroup[]): number {
  const bytes = groups.reduce((sum, group) => sum + tileBytes(group), 0);
  let tiles = SHARD_TILES;
  while (tiles > FEWEST_SHARD_TILES && tiles * bytes > SHARD_BYTES) tiles /= 2;
  return tiles;
}

/** Path of a shard in the dataset folder. */
export function shardPath(datasetFolder: string, group: BandGroup, shard: number): string {
  return join(storeFolder(datasetFolder), group.name, "c", String(shard), "0", "0", "0");
}

/** The file in which a shard grows before it is renamed. */
export function growingShardPath(datasetFolder: string, group: BandGroup, shard: number): string {
  return join(storeFolder(datasetFolder), `${GROWING}${group.name}-${shard}`);
}

/** How the names of growing shards begin. */
export const GROWING = ".growing-";

/** Size of a shard of `count` tiles, bytes. */
export function shardBytes(group: BandGroup, count: number, shardTiles: number): number {
  return count * tileBytes(group) + shardTiles * INDEX_ENTRY_BYTES + CHECKSUM_BYTES;
}

/** The index at the end of a shard, with its CRC-32C: where each of its tiles lies. */
export function shardIndex(group: BandGroup, count: number, shardTiles: number): Buffer {
  const index = Buffer.alloc(shardTiles * INDEX_ENTRY_BYTES + CHECKSUM_BYTES);
  const bytes = tileBytes(group);
  for (let i = 0; i < shardTiles; i++) {
    index.writeBigUInt64LE(i < count ? BigInt(i * bytes) : MISSING, i * INDEX_ENTRY_BYTES);
    index.writeBigUInt64LE(i < count ? BigInt(bytes) : MISSING, i * INDEX_ENTRY_BYTES + 8);
  }
  index.writeUInt32LE(crc32c(index.subarray(0, -CHECKSUM_BYTES)), index.length - CHECKSUM_BYTES);
  return index;
}

/** `zarr.json` of an array. @see Zarr v3 core specification; ZEP 2, sharding codec */
export function arrayMetadata(group: BandGroup, tiles: number, shardTiles: number): object {
  const { pixels, bands } = group;
  return {
    zarr_format: 3,
    node_type: "array",
    shape: [tiles, bands.length, pixels, pixels],
    data_type: "uint16",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [shardTiles, bands.length, pixels, pixels] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [
      {
        name: "sharding_indexed",
        configuration: {
          chunk_shape: [1, bands.length, pixels, pixels],
          codecs: [{ name: "bytes", configuration: { endian: "little" } }],
          index_codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
          index_location: "end",
        },
      },
    ],
    dimension_names: ["tile", "band", "y", "x"],
    attributes: { bands, gsdMetres: Number.parseInt(group.name, 10), nodata: 0 },
  };
}

/** `zarr.json` of the group. */
export function groupMetadata(attributes: object): object {
  return { zarr_format: 3, node_type: "group", attributes };
}
