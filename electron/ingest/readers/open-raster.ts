// Opens an image by what its first bytes say, whatever its name.
import { openByteSource } from "../../files/byte-source.ts";
import { fromSource } from "./geotiff.ts";
import { openJpeg2000 } from "./jpeg2000.ts";
import type { Raster } from "./raster.ts";
import { openSplitRaster } from "./split-raster.ts";
import { sniff } from "./tiff.ts";

/** Bytes that `sniff` looks at. */
const HEAD_BYTES = 512;

export interface OpenOptions {
  /** Few windows will be read: see `Jpeg2000Options`. */
  readonly isSparse?: boolean;
  /** The files of a split image, of which `path` is one. */
  readonly parts?: readonly string[] | null;
}

/**
 * Opens a GeoTIFF or a JPEG 2000 image, in an archive, too; a split image as one.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE, UNSUPPORTED
 */
export function openRaster(path: string, { isSparse = false, parts = null }: OpenOptions = {}): Raster {
  if (parts) return openSplitRaster(path, parts, (part) => openRaster(part, { isSparse }));
  const source = openByteSource(path);
  try {
    const kind = sniff(source.read(0, Math.min(source.size, HEAD_BYTES)));
    return kind === "jpeg2000" ? openJpeg2000(source, { isSparse }) : fromSource(source);
  } catch (error) {
    source.close();
    throw error;
  }
}
