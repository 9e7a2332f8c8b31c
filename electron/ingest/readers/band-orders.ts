// Orders of bands that the user told for files without descriptions, remembered in the workspace: `band-orders.json`.
import { dirname, join, resolve, sep } from "node:path";
import { z } from "zod";
import { BandNameSchema } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { writeFileAtomic } from "../../files/atomic-file.ts";
import { readWhole } from "../../files/byte-source.ts";
import type { Raster } from "./raster.ts";

export const BAND_ORDERS_FILE = "band-orders.json";

const RememberedOrder = z.strictObject({
  folder: z.string().describe("folder of the files, absolute; those in folders below it count, too"),
  bands: z.int().min(1).max(65_535).describe("bands of the files"),
  dtype: z.string(),
  size: z.string().nullable().describe('"<width>x<height>" where all files have one size, px; null: any size'),
  order: z.array(BandNameSchema.nullable()).describe("band of each sample; null: none of Sentinel-2"),
});
/** An order, and the files for which it was told. */
export type RememberedOrder = z.infer<typeof RememberedOrder>;

const StoredOrders = z.strictObject({ version: z.literal(1), orders: z.array(RememberedOrder).max(10_000) });

const MAXIMUM_BYTES = 16 * 1024 * 1024;

/**
 * The remembered orders of a workspace; none when there is no file.
 * @throws AppError NO_ACCESS; BAD_FILE when the file is broken
 */
export function readBandOrders(workspace: string): readonly RememberedOrder[] {
  const path = join(workspace, BAND_ORDERS_FILE);
  let text: string;
  try {
    text = readWhole(path, MAXIMUM_BYTES).toString("utf8");
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_FOUND") return [];
    throw error;
  }
  try {
    return StoredOrders.parse(JSON.parse(text)).orders;
  } catch (error) {
    throw new AppError("BAD_FILE", `${path} is broken. Delete it: the orders of bands are then asked for again.`, {
      data: { path },
      cause: error,
    });
  }
}

/** @throws AppError BAD_ARGUMENT when bands are named twice, or none is */
function checkOrder(order: RememberedOrder["order"], samples: number): void {
  const bands = order.filter((band) => band !== null);
  if (order.length !== samples || bands.length === 0 || new Set(bands).size !== bands.length)
    throw new AppError("BAD_ARGUMENT", `An order for files of ${samples} bands names each band once, and as many as the file has.`);
}

/**
 * Remembers an order, in place of another one for the same files.
 * @throws AppError BAD_ARGUMENT when the order does not fit the files; as `readBandOrders` and `writeFileAtomic`
 */
export async function rememberBandOrder(workspace: string, order: RememberedOrder): Promise<void> {
  checkOrder(order.order, order.bands);
  const entry = { ...order, folder: resolve(order.folder) };
  const same = (other: RememberedOrder) => keyOf(other) === keyOf(entry);
  const orders = [...readBandOrders(workspace).filter((other) => !same(other)), entry];
  await writeFileAtomic(join(workspace, BAND_ORDERS_FILE), `${JSON.stringify({ version: 1, orders }, null, 2)}\n`);
}

const keyOf = ({ folder, bands, dtype, size }: RememberedOrder) => JSON.stringify([folder, bands, dtype, size]);

/** The order that was told for a file: of its own folder or the nearest one above, one for its size before one for any. */
export function findBandOrder(
  orders: readonly RememberedOrder[],
  { path, bands, dtype, width, height }: Pick<Raster, "path" | "bands" | "dtype" | "width" | "height">,
): RememberedOrder["order"] | null {
  const file = dirname(resolve(path));
  const fitting = orders.filter(
    ({ folder, size, ...other }) =>
      other.bands === bands &&
      other.dtype === dtype &&
      (size === null || size === `${width}x${height}`) &&
      (file === folder || file.startsWith(folder.endsWith(sep) ? folder : folder + sep)),
  );
  const [best] = fitting.sort((a, b) => b.folder.length - a.folder.length || Number(a.size === null) - Number(b.size === null));
  return best?.order ?? null;
}

/** The orders that hold during a survey: the one told now, and those remembered. */
export class BandOrders {
  /** The one told now, for all files of as many bands. */
  readonly told: RememberedOrder["order"] | null;
  private readonly remembered: readonly RememberedOrder[];
  private readonly taken = new Map<string, RememberedOrder>();

  /** @throws AppError BAD_ARGUMENT when the order told is none */
  constructor(remembered: readonly RememberedOrder[] = [], told: RememberedOrder["order"] | null = null) {
    if (told) checkOrder(told, told.length);
    this.remembered = remembered;
    this.told = told;
  }

  /** The order for a file. @param folder that is surveyed; for files in it an order told now is to be remembered */
  find(folder: string, raster: Pick<Raster, "path" | "bands" | "dtype" | "width" | "height">): RememberedOrder["order"] | null {
    if (this.told?.length !== raster.bands) return findBandOrder(this.remembered, raster);
    const order = { folder: resolve(folder), bands: raster.bands, dtype: raster.dtype, size: null, order: this.told };
    this.taken.set(keyOf(order), order);
    return this.told;
  }

  /** Orders that were told now and taken. */
  get toRemember(): RememberedOrder[] {
    return [...this.taken.values()];
  }
}
