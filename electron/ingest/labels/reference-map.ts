// Reference maps of BigEarthNet v2, `<patch>_reference_map.tif`: a CORINE Land Cover code for each 10 m pixel of a patch.
import { clcShares } from "../../../shared/domain/corine.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { openGeoTiff } from "../readers/geotiff.ts";

/** Side of the largest map that is read; a patch has 120. */
const MAXIMUM_PIXELS = 4096;

/**
 * Shares of a map's pixels by CLC code, most first; see `classShares` for names.
 * @throws AppError NOT_FOUND, BAD_FILE, UNSUPPORTED
 */
export async function readReferenceMap(path: string): Promise<Map<number, number>> {
  const map = openGeoTiff(path);
  try {
    const { width, height, bands, dtype } = map;
    if (bands !== 1 || width > MAXIMUM_PIXELS || height > MAXIMUM_PIXELS || dtype.startsWith("float"))
      throw new AppError(
        "BAD_FILE",
        `${path} is no reference map: ${bands} bands of ${width} x ${height} px, ${dtype}. It should be one band of CORINE codes.`,
        {
          data: { path },
        },
      );
    return clcShares(await map.readWindow({ band: 0, x: 0, y: 0, width, height }));
  } finally {
    map.close();
  }
}
