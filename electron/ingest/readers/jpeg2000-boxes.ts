// The boxes of a JP2 file: where its codestream lies, and the boxes that say where the image is on the ground.
import { AppError } from "../../../shared/domain/errors.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { sniff } from "./tiff.ts";

export interface Jpeg2000Boxes {
  /** Bytes of the file that hold the codestream, from its SOC marker on; the end may lie beyond a file that is cut short. */
  readonly codestream: { readonly start: number; readonly end: number };
  /** Texts of the XML boxes. */
  readonly xml: readonly string[];
  /** The TIFF inside of a GeoJP2 box. */
  readonly geoTiff: Buffer | undefined;
}

/** Boxes looked at in a file; real ones have about 10. */
const MAXIMUM_BOXES = 1000;
/** Boxes inside each other; GMLJP2 has its XML at depth 2. */
const MAXIMUM_DEPTH = 8;
/** Largest XML or GeoTIFF box that is read, bytes; real ones have 0.4 to 2 kB, with a product's metadata up to some 100 kB. */
const MAXIMUM_METADATA_BYTES = 4 * 1024 * 1024;

/** @see GeoJP2, "Annex M" of the GeoTIFF-in-JP2 proposal: UUID of the degenerate GeoTIFF */
const GEO_JP2_UUID = "b14bf8bd083d4b43a5ae8cd7d5a6ce03";

/**
 * Walks the boxes of a JP2 file; a bare codestream has none.
 * @throws AppError BAD_FILE when the file is no JPEG 2000 or has no codestream
 * @see ITU-T T.800, annex I; OGC 05-047r3 (GMLJP2: an association box that holds XML boxes)
 */
export function readBoxes(source: ByteSource): Jpeg2000Boxes {
  const { path, size } = source;
  const head = source.read(0, Math.min(size, 12));
  if (sniff(head) !== "jpeg2000") {
    const what = size === 0 ? "is empty (0 bytes)" : "is not a JPEG 2000 image";
    throw new AppError("BAD_FILE", `${path} ${what}. Replace it, or copy or download it again.`, { data: { path } });
  }
  if (head[0] === 0xff) return { codestream: { start: 0, end: size }, xml: [], geoTiff: undefined };

  let codestream: { start: number; end: number } | undefined;
  let geoTiff: Buffer | undefined;
  let metadataBytes = 0;
  let boxes = 0;
  const xml: string[] = [];
  const walk = (from: number, to: number, depth: number): void => {
    for (let at = from; at + 8 <= to && boxes < MAXIMUM_BOXES; boxes++) {
      const header = source.read(at, Math.min(16, to - at));
      const kind = header.toString("latin1", 4, 8);
      const short = header.readUInt32BE(0);
      const isLong = short === 1;
      if (isLong && header.length < 16) return;
      const length = short === 0 ? to - at : isLong ? Number(header.readBigUInt64BE(8)) : short;
      const start = at + (isLong ? 16 : 8);
      const end = at + length;
      if (end < start) return;
      if (kind === "jp2c") codestream ??= { start, end };
      // What follows a box that runs over the end is not known: a file that is cut short.
      if (end > to) return;
      if (kind === "asoc" && depth < MAXIMUM_DEPTH) walk(start, end, depth + 1);
      const isMetadata = kind === "xml " || kind === "uuid";
      if (isMetadata && metadataBytes + length <= MAXIMUM_METADATA_BYTES) {
        metadataBytes += length;
        const bytes = source.read(start, end - start);
        if (kind === "xml ") xml.push(bytes.toString("utf8"));
        else if (bytes.toString("hex", 0, 16) === GEO_JP2_UUID) geoTiff ??= Buffer.from(bytes.subarray(16));
      }
      at = end;
    }
  };
  walk(0, size, 0);
  if (!codestream) {
    throw new AppError("BAD_FILE", `${path} is cut short: it has no image. Copy or download it again.`, { data: { path } });
  }
  return { codestream, xml, geoTiff };
}
