// What geotiff.js unpacks for this application, made safe for broken files. Its own Zstandard decoder asks no call for its error (zstddec 0.2.0,
// decodeStreaming), so that a single wrong byte makes it loop until memory is full; this one decodes into memory of the size that the block must have.
import type { BaseDecoder as BaseDecoderClass, GeoTIFFImage } from "geotiff";

const ZSTD = 50_000;
const LERC = 34_887;
/** LercParameters: the version, and what packs the blocks once more: 0 nothing. */
const LERC_PARAMETERS = 50_674;

/** Bytes of the largest block that is unpacked. */
const MAXIMUM_BYTES = 256 * 1024 * 1024;

/**
 * Loads geotiff.js with a Zstandard decoder that ends.
 * @returns what opens a file
 */
export async function loadGeotiff() {
  const [{ GeoTIFF, BaseDecoder, addDecoder }, { ZSTDDecoder }] = await Promise.all([import("geotiff"), import("zstddec")]);
  const decoder = new ZSTDDecoder();
  await decoder.init();
  class BoundedZstd extends (BaseDecoder as typeof BaseDecoderClass) {
    override decodeBlock(packed: ArrayBufferLike): ArrayBufferLike {
      const { tileWidth, tileHeight, bitsPerSample, planarConfiguration } = this.parameters;
      const bits = typeof bitsPerSample === "number" ? [bitsPerSample] : Array.from(bitsPerSample);
      const rowBytes = (tileWidth * (planarConfiguration === 1 ? bits.reduce((a, b) => a + b, 0) : bits[0]!)) / 8;
      // Of strips the height may say "all rows there are".
      const unpacked = decoder.decode(new Uint8Array(packed), Math.min(rowBytes * tileHeight, MAXIMUM_BYTES));
      // An error is a negative size, so that nothing comes back.
      if (unpacked.length === 0 || unpacked.length % rowBytes !== 0) throw new Error("a block is broken");
      return unpacked.buffer as ArrayBuffer;
    }
  }
  addDecoder(ZSTD, async () => BoundedZstd, undefined, false);
  return GeoTIFF;
}

/** @throws Error for compressions that are not unpacked safely */
export async function checkCompression(compression: number, image: GeoTIFFImage): Promise<void> {
  if (compression === ZSTD) return;
  if (compression !== LERC) throw new Error("it is not known");
  const parameters: unknown = await image.fileDirectory.loadValue(LERC_PARAMETERS);
  if ((parameters as ArrayLike<number> | undefined)?.[1]) throw new Error("its blocks are packed twice");
}
