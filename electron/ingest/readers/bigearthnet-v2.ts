// BigEarthNet v2 (reBEN): `BigEarthNet-S2/<product>/<patch>/<patch>_B02.tif`, and one metadata.parquet for all patches with their labels.
// Clasen et al., "reBEN: Refined BigEarthNet Dataset for Remote Sensing Image Analysis" (arXiv 2407.03653).
import { AppError } from "../../../shared/domain/errors.ts";
import { readWhole } from "../../files/byte-source.ts";
import { type ParquetValue, queryColumns, quotePath } from "../../files/parquet.ts";
import { granuleIn, isoDateIn } from "./names.ts";

/** The authors' metadata, and those of patches with snow, cloud or shadow, which they leave out. */
export const METADATA_FILE = /^metadata(_for_patches_with_snow_cloud_or_shadow)?\.parquet$/;
/** Lists of patches that the authors leave out. */
export const EXCLUSION_FILE = /^patches_with_(seasonal_snow|cloud_and_shadow)\.csv$/;
/** `<patch>_reference_map.tif` */
export const REFERENCE_MAP = /_reference_map\.tiff?$/i;
/** What a patch's name tells. */
export interface PatchName {
  /** The folder above the patch's. */
  readonly product: string;
  /** ISO day. */
  readonly date: string;
  readonly granule: string;
  /** Place of the patch in the granule, in patches. */
  readonly column: number;
  readonly row: number;
}

/** Reads `S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_26_57`. @returns null for other names, those of v1 among them */
export function parsePatchName(name: string): PatchName | null {
  const match = /^(S2[A-D]_MSIL2A_\d{8}T\d{5,6}_N\d{4}_R\d{3}_T\w{5})_(\d{1,3})_(\d{1,3})$/.exec(name);
  if (!match) return null;
  const [, product, column, row] = match as unknown as [string, string, string, string];
  const date = isoDateIn(product);
  const granule = granuleIn(product);
  return date && granule ? { product, date, granule, column: Number(column), row: Number(row) } : null;
}

/** A patch's row of the metadata; null is what the file doesn't tell. */
export interface PatchMetadata {
  readonly patchId: string;
  /** Of v2's 19 classes. */
  readonly labels: readonly string[];
  /** train, validation or test, as the authors split. */
  readonly split: string | null;
  readonly country: string | null;
  readonly snow: boolean | null;
  /** Cloud or shadow. */
  readonly cloud: boolean | null;
  /** The patch of v1 on the same ground. */
  readonly v1Name: string | null;
}

export interface BigEarthNetMetadata {
  readonly path: string;
  readonly rows: number;
  /** All classes, sorted. */
  readonly classes: readonly string[];
  find(patchId: string): PatchMetadata | null;
  /** Names of the patches with rows that are wanted. */
  names(isWanted: (row: PatchMetadata) => boolean): string[];
  /** By the name of v1's patch: v1's own 43 classes are then at hand, too. */
  findV1(v1Name: string): PatchMetadata | null;
}

/** BigEarthNet v2 has 480,038. */
const MAXIMUM_ROWS = 5_000_000;
/** Longer names are none. */
const MAXIMUM_NAME_CHARACTERS = 200;
const MAXIMUM_CLASSES = 1000;

/**
 * Reads a metadata.parquet. Columns `patch_id` and `labels` must be there, in any order and among others; the rest is optional.
 * Names lie in one buffer, values in typed arrays: 480,038 patches take about 60 MB.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE, UNSUPPORTED
 */
export async function readMetadata(path: string): Promise<BigEarthNetMetadata> {
  const file = `read_parquet(${quotePath(path)})`;
  const broken = (what: string, cause?: unknown) =>
    new AppError("BAD_FILE", `${path} ${what}. Download BigEarthNet v2's metadata.parquet again.`, { data: { path }, cause });
  const query = async (sql: string) => {
    try {
      return await queryColumns(sql);
    } catch (error) {
      if (error instanceof AppError && error.code !== "BAD_FILE") throw error;
      // DuckDB tells broken data in many ways.
      throw broken("cannot be read", error);
    }
  };
  const described = await query(`DESCRIBE SELECT * FROM ${file}`);
  const types = new Map(described.column_name!.map((name, i) => [String(name).toLowerCase(), String(described.column_type![i])]));
  if (types.get("patch_id") !== "VARCHAR") throw broken('has no column "patch_id" with names');
  if (types.get("labels") !== "VARCHAR[]") throw broken('has no column "labels" with lists of class names');
  const [rows] = (await query(`SELECT count(*) AS n FROM ${file}`)).n as number[];
  if (rows! > MAXIMUM_ROWS)
    throw new AppError("UNSUPPORTED", `${path} has ${rows} rows; ${MAXIMUM_ROWS} are read at most.`, { data: { path } });

  const column = (name: string, type: string) => (types.has(name) ? `TRY_CAST(${name} AS ${type})` : "NULL");
  // Names are compared by their bytes here and in `Names`.
  const patches = `(SELECT patch_id AS patch_id, coalesce(labels, []) AS labels, ${column("s2v1_name", "VARCHAR")} AS v1,
    ${column("split", "VARCHAR")} AS split, ${column("country", "VARCHAR")} AS country,
    ${column("contains_seasonal_snow", "BOOLEAN")} AS snow, ${column("contains_cloud_or_shadow", "BOOLEAN")} AS cloud
    FROM ${file} WHERE length(patch_id) BETWEEN 1 AND ${MAXIMUM_NAME_CHARACTERS})`;
  const ranked = `(SELECT *, dense_rank() OVER (ORDER BY labels) - 1 AS labels_rank FROM ${patches})`;
  const sets = await query(`SELECT DISTINCT labels, labels_rank FROM ${ranked} ORDER BY labels_rank`);
  const table = await query(`SELECT patch_id, v1, split, country, snow, cloud, labels_rank FROM ${ranked} ORDER BY patch_id, labels_rank`);

  const labelSets = sets.labels!.map((list) => (list as ParquetValue[]).filter((label) => typeof label === "string"));
  const classes = [...new Set(labelSets.flat())].sort();
  if (classes.length > MAXIMUM_CLASSES) throw broken(`has ${classes.length} classes`);
  const ids = table.patch_id as string[];
  const names = new Names(ids);
  const v1Rows = Int32Array.from(ids.keys())
    .filter((row) => isName(table.v1![row]))
    .sort((a, b) => compareBytes(table.v1![a] as string, table.v1![b] as string));
  const v1Names = new Names(Array.from(v1Rows, (row) => table.v1![row] as string));
  const v1At = new Int32Array(ids.length).fill(-1);
  v1Rows.forEach((row, at) => {
    v1At[row] = at;
  });
  const labels = Int32Array.from(table.labels_rank as number[]);
  const split = new Texts(table.split!);
  const country = new Texts(table.country!);
  const snow = Int8Array.from(table.snow!, flag);
  const cloud = Int8Array.from(table.cloud!, flag);
  const count = ids.length;
  const at = (row: number): PatchMetadata | null =>
    row < 0
      ? null
      : {
          patchId: names.at(row),
          labels: labelSets[labels[row]!]!,
          split: split.at(row),
          country: country.at(row),
          snow: flagged(snow[row]!),
          cloud: flagged(cloud[row]!),
          v1Name: v1At[row]! < 0 ? null : v1Names.at(v1At[row]!),
        };
  return {
    path,
    rows: count,
    classes,
    names(isWanted) {
      const out: string[] = [];
      for (let row = 0; row < count; row++) if (isWanted(at(row)!)) out.push(names.at(row));
      return out;
    },
    find: (patchId) => at(names.find(patchId)),
    findV1: (v1Name) => at(v1Rows[v1Names.find(v1Name)] ?? -1),
  };
}

const isName = (value: ParquetValue | undefined) =>
  typeof value === "string" && value.length > 0 && value.length <= MAXIMUM_NAME_CHARACTERS;
const flag = (value: ParquetValue) => (value === null ? -1 : Number(value));
const flagged = (value: number) => (value < 0 ? null : value === 1);

/** Order of texts by their UTF-8 bytes, as DuckDB sorts. */
function compareBytes(a: string, b: string): number {
  // Names are ASCII in practice: code units then order as bytes do.
  return a === b ? 0 : /^[ -~]*$/.test(a + b) ? (a < b ? -1 : 1) : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Sorted names in one buffer, found by halving. */
class Names {
  private readonly bytes: Buffer;
  /** Where each begins; the last one is the end. */
  private readonly starts: Uint32Array;

  constructor(sorted: readonly string[]) {
    this.starts = new Uint32Array(sorted.length + 1);
    sorted.forEach((name, i) => {
      this.starts[i + 1] = this.starts[i]! + Buffer.byteLength(name);
    });
    this.bytes = Buffer.allocUnsafe(this.starts[sorted.length]!);
    sorted.forEach((name, i) => {
      this.bytes.write(name, this.starts[i]!);
    });
  }

  at(index: number): string {
    return this.bytes.toString("utf8", this.starts[index]!, this.starts[index + 1]!);
  }

  /** The first place of a name; -1 when it isn't there. */
  find(name: string): number {
    const wanted = Buffer.from(name);
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.bytes.compare(wanted, 0, wanted.length, this.starts[middle]!, this.starts[middle + 1]!);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low < this.starts.length - 1 && this.at(low) === name ? low : -1;
  }
}

/** A column of few different texts. */
class Texts {
  private readonly known: string[] = [];
  /** -1: none. */
  private readonly indices: Int32Array;

  constructor(values: readonly ParquetValue[]) {
    const byText = new Map<string, number>();
    this.indices = Int32Array.from(values, (value) => {
      if (typeof value !== "string") return -1;
      const index = byText.get(value) ?? this.known.push(value) - 1;
      byText.set(value, index);
      return index;
    });
  }

  at(row: number): string | null {
    return this.known[this.indices[row]!] ?? null;
  }
}

/**
 * Names of the patches that a metadata.parquet flags for snow, clouds or shadows.
 * @throws AppError as `readMetadata`
 */
export async function readFlaggedPatches(path: string): Promise<readonly string[]> {
  const { names } = await readMetadata(path);
  return names(({ snow, cloud }) => snow === true || cloud === true);
}

const MAXIMUM_LIST_BYTES = 256 * 1024 * 1024;

/**
 * Reads a list of patch names, one a line without a header: v1's patches_with_seasonal_snow.csv and patches_with_cloud_and_shadow.csv.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE
 */
export function readPatchList(path: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of readWhole(path, MAXIMUM_LIST_BYTES)
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .split(/\r?\n|\r/)) {
    const name = line.trim().replace(/^"(.*)"$/, "$1");
    if (name === "") continue;
    if (name.length > MAXIMUM_NAME_CHARACTERS || /[\0,;\t]/.test(name))
      throw new AppError(
        "BAD_FILE",
        `${path} is no list of patch names, one a line: "${name.slice(0, 60)}" is none. Use the list that comes with the data set.`,
        { data: { path } },
      );
    names.add(name);
  }
  return names;
}
