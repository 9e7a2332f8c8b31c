// Real scenes into tiles, compared with what GDAL reads in their files: pixel by pixel, reflectance, and place.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { ingestFolders } from "../../../electron/ingest/ingest.ts";
import { planIngest } from "../../../electron/ingest/plan.ts";
import { parseBandFileName } from "../../../electron/ingest/readers/names.ts";
import { openTileStore } from "../../../electron/ingest/store/tile-store.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { findPython } from "../../python.ts";
import { fixtures, temporaryFolder } from "./made-files.ts";
import { compareWithFiles, expectedTiles } from "./reference.ts";

/** What rasterio reads, see make_real_fixtures.py. */
interface Expected {
  readonly tilePixels: number;
  readonly files: Readonly<
    Record<string, { crs: string | null; transform: number[] | null; pixels: number; sha256: Readonly<Record<string, string>> }>
  >;
}
const expected = JSON.parse(readFileSync(join(fixtures, "real-tiles.json"), "utf8")) as Record<string, Expected>;

const sha256 = (values: Uint16Array) =>
  createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");

describe("tiles of real files", () => {
  it.each(Object.keys(expected))("equal what GDAL reads: %s", async (source) => {
    const { tilePixels, files } = expected[source]!;
    const { folder, dataset } = await ingestFolders({
      workspace: temporaryFolder(),
      dataset: "real",
      folders: [join(fixtures, "data", source)],
      tilePixels,
    });
    const { tiles } = await listTiles(folder);
    const store = await openTileStore(folder);
    const byPlace = new Map(tiles.map((tile) => [tile.id.split("_").slice(-2).join("_"), tile]));
    let compared = 0;
    for (const [file, { crs, transform, pixels, sha256: sums }] of Object.entries(files)) {
      const { band } = parseBandFileName(file.slice(file.lastIndexOf("/") + 1))!;
      const g = dataset.groups.findIndex(({ bands }) => bands.includes(band));
      expect(dataset.groups[g]!.pixels, file).toBe(pixels);
      const at = dataset.groups[g]!.bands.indexOf(band) * pixels * pixels;
      for (const [place, sum] of Object.entries(sums)) {
        const tile = byPlace.get(place);
        // Tiles without any data are left out.
        const values = tile
          ? (await store.readTile(tile.index)).groups[g]!.slice(at, at + pixels * pixels)
          : new Uint16Array(pixels * pixels);
        expect(sha256(values), `${file} ${place}`).toBe(sum);
        compared++;
        // A tile lies where its finest images say; those of crops may begin a pixel of their own apart.
        if (!tile || !transform || g > 0) continue;
        const [column, row] = place.split("_").map(Number) as [number, number];
        const scale = pixels / tilePixels;
        const [a, , c, , e, f] = transform as [number, number, number, number, number, number];
        expect(tile.crs).toBe(crs);
        const places = [a * scale, 0, c + a * pixels * column, 0, e * scale, f + e * pixels * row];
        for (const [i, value] of places.entries())
          expect(Math.abs(tile.transform![i]! - value) / (a * scale), `${file} ${place}`).toBeLessThan(1e-6);
      }
    }
    expect(compared).toBeGreaterThan(0);
    await store.close();
  });

  const python = findPython(["numpy", "rasterio", "zarr"]);
  /** A folder of folders of imagery: the fixtures, or that named by SIMCLR_S2_DATA. */
  const data = process.env.SIMCLR_S2_DATA ?? join(fixtures, "data");
  const folders = readdirSync(data, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

  it.skipIf(!python).each(folders)(
    "equal what rasterio reads of all bands, in DN, reflectance and place: %s",
    { timeout: 600_000 },
    async (name) => {
      const folder = join(data, name);
      const made = await ingestFolders({ workspace: temporaryFolder(), dataset: "real", folders: [folder] }).catch((error) => {
        // Folders of metadata only.
        if (error instanceof AppError && error.code === "NO_DATA") return null;
        throw error;
      });
      if (!made) return;
      const { tiles } = await listTiles(made.folder);
      const wanted = await expectedTiles(await planIngest({ folders: [folder] }), tiles);
      const { differing, reflectance, place, compared, placed } = compareWithFiles(
        python!,
        join(made.folder, "store"),
        made.dataset,
        wanted,
      );
      console.log(
        `${name}: ${tiles.length} tiles, ${compared} bands of tiles, reflectance within ${reflectance}, ${placed} places within ${place} px`,
      );
      expect(differing).toEqual([]);
      expect(compared).toBe(tiles.length * made.dataset.groups.flatMap(({ bands }) => bands).length);
      expect(reflectance).toBeLessThan(1e-6);
      expect(place).toBeLessThan(1e-6);
    },
  );
});
