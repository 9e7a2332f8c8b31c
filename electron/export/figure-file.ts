// A figure as a file of its own: SVG, or PNG at twice its size.
import { type Figure, toSvgString } from "../../shared/figures/svg.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";

/** Pixels of a PNG for each pixel of the figure. */
const PNG_SCALE = 2;
/** Dots per inch at which the rasteriser draws one pixel for each of the figure's. */
const SVG_DPI = 72;

/** @throws AppError DISK_FULL, NO_ACCESS, NOT_FOUND */
export async function writeSvg(path: string, figure: Figure): Promise<void> {
  await writeFileAtomic(path, toSvgString(figure));
}

/** @throws AppError DISK_FULL, NO_ACCESS, NOT_FOUND */
export async function writePng(path: string, figure: Figure): Promise<void> {
  const { default: sharp } = await import("sharp"); // dear to load: only where a picture is made
  const image = sharp(Buffer.from(toSvgString(figure)), { density: SVG_DPI * PNG_SCALE });
  await writeFileAtomic(path, await image.png().toBuffer());
}
