import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BAND_ORDERS_FILE, findBandOrder, readBandOrders, rememberBandOrder } from "../../../../electron/ingest/readers/band-orders.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { temporaryFolder } from "../made-files.ts";

const root = temporaryFolder();
let count = 0;
const workspace = () => {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  return folder;
};
const told = { folder: "/data/stacks", bands: 3, dtype: "uint16", size: null, order: ["B04", null, "B02"] as ("B04" | "B02" | null)[] };
const file = { path: "/data/stacks/a/x.tif", bands: 3, dtype: "uint16" as const, width: 64, height: 32 };

describe("remembered orders of bands", () => {
  it("are none at first, and hold for the folder and those below it", async () => {
    const folder = workspace();
    expect(readBandOrders(folder)).toEqual([]);
    await rememberBandOrder(folder, told);
    const orders = readBandOrders(folder);
    expect(findBandOrder(orders, file)).toEqual(["B04", null, "B02"]);
    for (const other of [{ path: "/data/stacks2/x.tif" }, { path: "/data/x.tif" }, { bands: 4 }, { dtype: "float32" as const }])
      expect(findBandOrder(orders, { ...file, ...other })).toBeNull();
  });

  it("of the nearest folder and of the file's size go first", async () => {
    const folder = workspace();
    await rememberBandOrder(folder, told);
    await rememberBandOrder(folder, { ...told, size: "64x32", order: ["B02", "B03", "B04"] });
    expect(findBandOrder(readBandOrders(folder), file)).toEqual(["B02", "B03", "B04"]);
    await rememberBandOrder(folder, { ...told, folder: "/data/stacks/a", order: ["B12", "B11", null] });
    expect(findBandOrder(readBandOrders(folder), file)).toEqual(["B12", "B11", null]);
    expect(findBandOrder(readBandOrders(folder), { ...file, path: "/data/stacks/b/x.tif", width: 65 })).toEqual(["B04", null, "B02"]);
  });

  it("replace an earlier one for the same files, and leave nothing else behind", async () => {
    const folder = workspace();
    await rememberBandOrder(folder, told);
    await rememberBandOrder(folder, { ...told, order: ["B02", "B03", "B04"] });
    expect(readBandOrders(folder)).toEqual([{ ...told, order: ["B02", "B03", "B04"] }]);
    expect(readdirSync(folder)).toEqual([BAND_ORDERS_FILE]);
  });

  it.each([[["B04", "B03"]], [["B04", "B04", "B02"]], [[null, null, null]]])("that do not fit are refused: %j", async (order) => {
    await expect(rememberBandOrder(workspace(), { ...told, order: order as typeof told.order })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
    });
  });

  it("in a broken file are refused, never half read", async () => {
    const folder = workspace();
    await rememberBandOrder(folder, told);
    const bytes = readFileSync(join(folder, BAND_ORDERS_FILE));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, isCut) => {
        const hostile = Buffer.from(bytes);
        hostile[at] = value;
        writeFileSync(join(folder, BAND_ORDERS_FILE), isCut ? bytes.subarray(0, at) : hostile);
        try {
          expect(readBandOrders(folder)).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect(error).toMatchObject({ code: "BAD_FILE", message: expect.stringContaining("Delete it") });
        }
      }),
      { numRuns: 500, seed: 20210401 },
    );
  });
});
