// Sentinel-2 products that the tests make: the folders, names and metadata of real ones, and images that are uncompressed TIFFs under the names of JPEG 2000
// files, since images are opened by their content.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BAND_NAMES, BANDS, type BandName } from "../../../shared/domain/bands.ts";
import { encodeMadeTiff, type MadeTiff } from "./made-files.ts";

export interface MadeSafe {
  /** Folder in which the product's folder is made. */
  readonly root: string;
  readonly level?: "L1C" | "L2A";
  /** `04.00` */
  readonly baseline?: string;
  /** What the metadata tell; null: no offsets. */
  readonly offset?: number | null | ((band: BandName) => number);
  readonly quantification?: number;
  readonly granules?: readonly string[];
  /** Day of the overpass, `20221005`. */
  readonly day?: string;
  /** Side on the 10 m grid, px. */
  readonly pixels?: number;
  /** What a pixel of the file holds. */
  readonly dn: (band: BandName, column: number, row: number, granule: string) => number;
  /** Bands without a file. */
  readonly missing?: readonly BandName[];
  readonly image?: Partial<MadeTiff>;
  /** Further files of each granule, by their path in it. */
  readonly more?: Readonly<Record<string, Buffer | string>>;
  /** Whether the granules tell where they lie. */
  readonly isPlaced?: boolean;
  /** The layout of before December 2016. */
  readonly isOld?: boolean;
}

/** Where the upper left corner of the made images is, metres. */
export const MADE_CORNER = [500_000, 4_000_000] as const;

/** Writes a product. @returns its folder */
export function makeSafe(made: MadeSafe): string {
  const { root, level = "L2A", baseline = "04.00", granules = ["T33SVB"], day = "20221005", pixels = 120 } = made;
  const name = made.isOld
    ? `S2A_OPER_PRD_MSI${level}_PDMC_${day}T051123_R051_V${day}T104027_${day}T104027`
    : `S2A_MSI${level}_${day}T095411_N${baseline.replace(".", "")}_R079_${granules[0]}_${day}T112231`;
  const folder = join(root, `${name}.SAFE`);
  const write = (path: string, content: Buffer | string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const bands = BAND_NAMES.filter((band) => (level === "L1C" || band !== "B10") && !made.missing?.includes(band));
  write(
    made.isOld ? `S2A_OPER_MTD_SAF${level}_PDMC_${day}T051123.xml` : `MTD_MSI${level}.xml`,
    productText(made, { name, level, baseline }),
  );
  for (const granule of granules) {
    const inner = made.isOld
      ? `GRANULE/S2A_OPER_MSI_${level}_TL_SGS__${day}T161234_A004981_${granule}_N${baseline}`
      : `GRANULE/${level}_${granule}_A018380_${day}T095413`;
    for (const band of bands) {
      const { gsdMetres } = BANDS[band];
      const side = Math.floor((pixels * 10) / gsdMetres);
      const values = Uint16Array.from({ length: side * side }, (_, i) => made.dn(band, i % side, Math.floor(i / side), granule));
      const image = { width: side, height: side, pixels: values, gsd: gsdMetres, left: MADE_CORNER[0], top: MADE_CORNER[1], ...made.image };
      const file = made.isOld
        ? `IMG_DATA/S2A_OPER_MSI_${level}_TL_SGS__${day}T161234_A004981_${granule}_${band}.jp2`
        : `IMG_DATA/${level === "L2A" ? `R${gsdMetres}m/` : ""}${granule}_${day}T095411_${band}${level === "L2A" ? `_${gsdMetres}m` : ""}.jp2`;
      write(`${inner}/${file}`, encodeMadeTiff(image));
    }
    write(
      `${inner}/${made.isOld ? `S2A_OPER_MTD_${level}_TL_SGS__${granule}.xml` : "MTD_TL.xml"}`,
      granuleText(made, { level, baseline, granule, day, pixels }),
    );
    for (const [file, content] of Object.entries(made.more ?? {})) write(`${inner}/${file}`, content);
  }
  return folder;
}

function productText(
  { offset = null, quantification = 10_000 }: MadeSafe,
  { name, level, baseline }: Record<"name" | "level" | "baseline", string>,
): string {
  const [list, tag, scale] =
    level === "L1C"
      ? ["Radiometric_Offset_List", "RADIO_ADD_OFFSET", "QUANTIFICATION_VALUE"]
      : ["BOA_ADD_OFFSET_VALUES_LIST", "BOA_ADD_OFFSET", "BOA_QUANTIFICATION_VALUE"];
  const told = offset === null ? null : typeof offset === "number" ? () => offset : offset;
  const offsets = told ? `<${list}>${BAND_NAMES.map((band, i) => `<${tag} band_id="${i}">${told(band)}</${tag}>`).join("")}</${list}>` : "";
  return `<?xml version="1.0" encoding="UTF-8"?><n1:Level-${level.slice(1)}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int"><n1:General_Info>
<Product_Info><PRODUCT_URI>${name}.SAFE</PRODUCT_URI><PROCESSING_BASELINE>${baseline}</PROCESSING_BASELINE></Product_Info>
<Product_Image_Characteristics><${scale} unit="none">${quantification}</${scale}>${offsets}</Product_Image_Characteristics>
</n1:General_Info></n1:Level-${level.slice(1)}_User_Product>`;
}

interface GranuleTold {
  readonly level: string;
  readonly baseline: string;
  readonly granule: string;
  readonly day: string;
  readonly pixels: number;
}

function granuleText({ isPlaced = false }: MadeSafe, { level, baseline, granule, day, pixels }: GranuleTold): string {
  const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  const grids = [10, 20, 60].map(
    (metres) =>
      `<Size resolution="${metres}"><NROWS>${Math.floor((pixels * 10) / metres)}</NROWS><NCOLS>${Math.floor((pixels * 10) / metres)}</NCOLS></Size>
<Geoposition resolution="${metres}"><ULX>${MADE_CORNER[0]}</ULX><ULY>${MADE_CORNER[1]}</ULY><XDIM>${metres}</XDIM><YDIM>-${metres}</YDIM></Geoposition>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?><n1:Level-${level.slice(1)}_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int"><n1:General_Info>
<TILE_ID>S2A_OPER_MSI_${level}_TL_SGS__${day}T112231_A018380_${granule}_N${baseline}</TILE_ID><SENSING_TIME>${iso}T09:54:13Z</SENSING_TIME></n1:General_Info>
${isPlaced ? `<n1:Geometric_Info><Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32633</HORIZONTAL_CS_CODE>${grids.join("")}</Tile_Geocoding></n1:Geometric_Info>` : ""}
</n1:Level-${level.slice(1)}_Tile_ID>`;
}

/** A mask image: values by column and row, of 20 m for the scene classification, of 60 m and three bands for MSK_CLASSI. */
export function encodeMadeMask(side: number, bands: number, value: (column: number, row: number, band: number) => number): Buffer {
  const pixels = Uint8Array.from({ length: side * side * bands }, (_, i) =>
    value(i % side, Math.floor(i / side) % side, Math.floor(i / (side * side))),
  );
  return encodeMadeTiff({ width: side, height: side, bands, pixels, isPlaced: false });
}
