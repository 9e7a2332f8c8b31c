// Tiles that are left out for their clouds or for lack of data, and the trial that foretells how many.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { type IngestOptions, ingestFolders } from "../../../electron/ingest/ingest.ts";
import { scanFolder } from "../../../electron/ingest/scan.ts";
import { outlook, WHOLE } from "../../../shared/domain/ingest-outlook.ts";
import { copyPatch, temporaryFolder } from "./made-files.ts";
import { encodeMadeMask, makeSafe } from "./made-safe.ts";

/** Four tiles of 120 px: one without data in its upper half, one clouded to three quarters, one to a tenth, one clear. */
function makeProduct(): string {
  const root = temporaryFolder();
  const at = (column: number, row: number) => [Math.floor(column / 60), Math.floor(row / 60)] as const;
  makeSafe({
    root,
    pixels: 240,
    offset: -1000,
    dn: (band, column, row) => {
      const half = { B01: 10, B09: 10 }[band as string] ?? (["B02", "B03", "B04", "B08"].includes(band) ? 60 : 30);
      return column < half * 2 && row < half ? 0 : 1500 + column;
    },
    more: {
      "IMG_DATA/R20m/T33SVB_20221005T095411_SCL_20m.jp2": encodeMadeMask(120, 1, (column, row) => {
        const [x, y] = at(column, row);
        const clouded = x === 1 && y === 0 ? 45 : x === 0 && y === 1 ? 6 : 0;
        return row % 60 < clouded ? 9 : 4;
      }),
    },
  });
  return root;
}

const ingest = (root: string, options: Partial<IngestOptions> = {}) =>
  ingestFolders({ folders: [root], workspace: temporaryFolder(), dataset: "d", ...options });

describe("tiles beyond the limits", () => {
  it("are left out, counted and not skipped; the rest has the statistics of the rest", async () => {
    const root = makeProduct();
    const all = await ingest(root);
    expect((await listTiles(all.folder)).tiles.map(({ cloud, nodata }) => [cloud, nodata])).toEqual([
      [0, 0.5],
      [0.75, 0],
      [0.1, 0],
      [0, 0],
    ]);
    expect(all.dataset.limits).toBeUndefined();
    const some = await ingest(root, { maxCloud: 0.2, maxNodata: 0.05 });
    expect((await listTiles(some.folder)).tiles.map(({ id }) => id.slice(-3))).toEqual(["0_1", "1_1"]);
    expect(some).toMatchObject({ tiles: 2, skipped: [], dataset: { limits: { maxCloud: 0.2, maxNodata: 0.05, leftOut: 2 } } });
    expect(some.dataset.statistics.B02!.validPixels).toBe(2 * 120 ** 2);
  });

  it("keep tiles of which the clouds are not known", async () => {
    const root = temporaryFolder();
    copyPatch(root, "patch_1");
    expect(await ingest(root, { maxCloud: 0 })).toMatchObject({ tiles: 1, dataset: { limits: { leftOut: 0 } } });
  });

  it("are a reason of their own when none is left, and part of what a data set was asked for", async () => {
    const root = makeProduct();
    const workspace = temporaryFolder();
    const none = makeProduct();
    await expect(ingest(none, { workspace, maxCloud: 0, maxNodata: 0, sample: { tiles: 1, by: "tile", seed: 3 } })).rejects.toMatchObject({
      code: "NO_DATA",
      message: expect.stringMatching(/more clouds, or more pixels without data.*Allow more/),
    });
    expect(existsSync(join(workspace, "datasets", "d"))).toBe(false);
    await ingest(root, { workspace, maxCloud: 0.2 });
    expect(await ingest(root, { workspace, maxCloud: 0.2 })).toMatchObject({ alreadyComplete: true, tiles: 3 });
    await expect(ingest(root, { workspace })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringContaining("0.2 of clouds"),
    });
  });
});

describe("a trial", () => {
  it("reads tiles as an ingest does, and foretells what the limits keep", async () => {
    const root = makeProduct();
    const { sources, threads } = await scanFolder(root, { isTried: true });
    const { trial } = sources[0]!;
    expect(trial!.bytesPerSecond).toBeGreaterThan(0);
    const seen = new Set(trial!.shares.map((pair) => pair.join()));
    expect(seen).toEqual(new Set(["0,0.5", "0.75,0", "0.1,0", "0,0"]));
    expect(outlook(sources, { ...WHOLE, maxCloud: 0.2, maxNodata: 0.05 }, threads)).toMatchObject({ tiles: 2, readTiles: 4 });
    expect(outlook(sources, WHOLE, threads).seconds).toBeGreaterThan(0);
  });

  it("is made of patches, too, and only when it is asked for", async () => {
    const root = temporaryFolder();
    for (const name of ["patch_1", "patch_2", "patch_3"]) copyPatch(root, name);
    const { sources } = await scanFolder(root, { isTried: true });
    expect(sources[0]!.trial!.shares.every(([cloud, nodata]) => cloud === null && nodata === 0)).toBe(true);
    expect((await scanFolder(root)).sources[0]!.trial).toBeNull();
  });

  it("ends when the signal says so", async () => {
    const root = makeProduct();
    const abort = new AbortController();
    const scanning = scanFolder(root, { isTried: true, signal: abort.signal, onProgress: () => abort.abort() });
    await expect(scanning).rejects.toMatchObject({ name: "AbortError" });
  });
});
