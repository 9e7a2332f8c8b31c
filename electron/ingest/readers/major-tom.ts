// Major TOM's Core-S2L2A and Core-S2L1C: `<grid cell>/<product>/B02.tif`, a GeoTIFF a band and `cloud_mask.tif` (see CLOUD_MASK_CLASSES).
// Francis & Czerkawski, "Major TOM: Expandable Datasets for Earth Observation" (arXiv 2402.12095).
import { sep } from "node:path";
import { offsetOfBaseline } from "./baseline.ts";
import { granuleIn, isoDateIn } from "./names.ts";

export const CLOUD_MASK_FILE = "cloud_mask.tif";

/** What the path of a scene tells. */
export interface MajorTomScene {
  /** Grid cell, `199U_1099R`: rows up or down from the equator, columns left or right of the meridian. */
  readonly cell: string;
  readonly product: string;
  /** ISO day. */
  readonly date: string;
  readonly granule: string;
  /** Processing baseline as `99.99`, which stands for processings of others than ESA. */
  readonly baseline: string;
  /** Reflectance is (DN + offset) / quantification. */
  readonly radiometry: { readonly offset: number; readonly quantification: number; readonly source: string };
}

const CELL = /^\d{1,4}[UD]_\d{1,4}[LR]$/;
const PRODUCT = /^S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N(\d\d)(\d\d)_R\d{3}_T\w{5}(?:_\d{8}T\d{6})?$/;

/** Reads the path of a scene's folder by its last two names. @returns null for other folders */
export function parseMajorTomPath(folder: string): MajorTomScene | null {
  const [cell, product] = folder.split(sep).filter(Boolean).slice(-2);
  const match = PRODUCT.exec(product ?? "");
  if (!cell || !product || !match || !CELL.test(cell)) return null;
  const date = isoDateIn(product);
  const granule = granuleIn(product);
  if (!date || !granule) return null;
  const baseline = `${match[1]}.${match[2]}`;
  // Crops of the products' own pixels. Those of N9999 were processed anew from Level-1C without an offset: the darkest are near DN 0.
  const offset = offsetOfBaseline(baseline) ?? 0;
  const source = `Major TOM: processing baseline ${baseline}, ${offset === 0 ? "without an offset" : "with its offset"}`;
  const radiometry = { offset, quantification: 10_000, source };
  return { cell, product, date, granule, baseline, radiometry };
}
