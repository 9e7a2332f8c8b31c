// A folder as users have them: simulated patches, a Level-2A product with clouds, and a scene of which nothing tells that its offset is still in.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BAND_NAMES, BANDS, type BandName } from "../../shared/domain/bands.ts";
import { encodeMadeTiff, fixtures } from "../electron/ingest/made-files.ts";
import { command } from "./studio.ts";

const PRODUCT = "S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE";
const GRANULE = "GRANULE/L2A_T29UNU_A038058_20221005T115407";
const metadata = join(fixtures, "data", "safe-metadata", "n0400");

/** Side of the scenes on the 10 m grid, px: two tiles. */
const PIXELS = 240;
export const PATCHES = 48;
/** Where the scenes lie, EPSG:32633. */
export const SCENE_CORNER = { left: 500_000, top: 4_000_000, metres: PIXELS * 10 } as const;

/** Writes it. `scene classes`: the left half of the product is clouded, and a corner of its right half. */
export async function makeMixedFolder(root: string): Promise<void> {
  await command("sample", join(root, "patches"), "--patches", String(PATCHES), "--seed", "7");
  makeCopy(join(root, "patches"));
  const product = join(root, "products", PRODUCT);
  for (const band of BAND_NAMES) {
    if (band === "B10") continue;
    const metres = BANDS[band].gsdMetres;
    write(join(product, GRANULE, `IMG_DATA/R${metres}m/T29UNU_20221005T115411_${band}_${metres}m.jp2`), imageOf(band, 1000));
    if (!["B01", "B09"].includes(band)) write(join(root, "scenes", "farm_20220706", `${band}.tif`), imageOf(band, 1000));
  }
  const side = PIXELS / 2;
  const classes = Uint8Array.from({ length: side ** 2 }, (_, i) => (i % side < side / 2 || (i % side > 90 && i >= side * 90) ? 9 : 4));
  write(
    join(product, GRANULE, "IMG_DATA/R20m/T29UNU_20221005T115411_SCL_20m.jp2"),
    encodeMadeTiff({ width: side, height: side, pixels: classes, gsd: 20 }),
  );
  cpSync(join(metadata, "MTD_MSIL2A.xml"), join(product, "MTD_MSIL2A.xml"));
  cpSync(join(metadata, "MTD_TL.xml"), join(product, GRANULE, "MTD_TL.xml"));
}

/** One patch once more under another name. */
function makeCopy(patches: string): void {
  const [first] = readdirSync(patches, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const copy = `${first!}_copy`;
  mkdirSync(join(patches, copy));
  for (const file of readdirSync(join(patches, first!)))
    cpSync(join(patches, first!, file), join(patches, copy, file.replace(first!, copy)));
}

function write(path: string, bytes: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** Fields, brighter in the near infrared. @param offset DN that have to be taken off */
function imageOf(band: BandName, offset: number): Buffer {
  const { gsdMetres, wavelengthNm } = BANDS[band];
  const side = (PIXELS * 10) / gsdMetres;
  const green = wavelengthNm > 720 && wavelengthNm < 1000 ? 2200 : 500;
  const pixels = Uint16Array.from({ length: side ** 2 }, (_, i) => {
    const [x, y] = [((i % side) * gsdMetres) / 10, (Math.floor(i / side) * gsdMetres) / 10];
    const field = (Math.floor(x / 37) * 5 + Math.floor(y / 29) * 3) % 7;
    return offset + 300 + field * (green / 6) + ((x * 31 + y * 17) % 40);
  });
  return encodeMadeTiff({ width: side, height: side, pixels, gsd: gsdMetres });
}
