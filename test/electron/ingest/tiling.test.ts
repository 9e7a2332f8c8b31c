// Laws of cutting and drawing tiles.

import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAllTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { type IngestOptions, ingestFolders } from "../../../electron/ingest/ingest.ts";
import { tilesOf } from "../../../electron/ingest/patches/bands.ts";
import { planIngest } from "../../../electron/ingest/plan.ts";
import { openTileStore } from "../../../electron/ingest/store/tile-store.ts";
import { chooseTiles } from "../../../electron/ingest/tile-sample.ts";
import type { TileSample } from "../../../shared/domain/ingest-settings.ts";
import { madeDn, makeScene, temporaryFolder } from "./made-files.ts";

const SEED = 20210401;
const patches = fc.array(fc.record({ columns: fc.integer({ min: 1, max: 40 }), rows: fc.integer({ min: 1, max: 40 }) }), {
  minLength: 1,
  maxLength: 12,
});
const by = fc.constantFrom<TileSample["by"]>("tile", "scene");
const seed = fc.integer({ min: 0, max: 1e6 });
const countsOf = (chosen: ReturnType<typeof chooseTiles>, length: number) => Array.from({ length }, (_, i) => chosen.get(i)?.length ?? 0);

describe("a draw of tiles", () => {
  it("holds as many different tiles as were asked for, or all, each in its scene", () => {
    fc.assert(
      fc.property(patches, fc.integer({ min: 1, max: 5000 }), by, seed, (scenes, tiles, by, seed) => {
        const chosen = chooseTiles(scenes, { tiles, by, seed });
        const total = scenes.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
        const names = [...chosen].flatMap(([scene, places]) => places.map(([column, row]) => `${scene} ${column} ${row}`));
        expect(names).toHaveLength(Math.min(tiles, total));
        expect(new Set(names).size).toBe(names.length);
        for (const [scene, places] of chosen) {
          const { columns, rows } = scenes[scene]!;
          for (const [column, row] of places) expect(column >= 0 && column < columns && row >= 0 && row < rows).toBe(true);
        }
      }),
      { seed: SEED },
    );
  });

  it("is the same for the same seed, and another for another", () => {
    fc.assert(
      fc.property(patches, by, seed, (scenes, by, seed) => {
        const draw = (seed: number) => [...chooseTiles(scenes, { tiles: 30, by, seed })];
        expect(draw(seed)).toEqual(draw(seed));
      }),
      { seed: SEED },
    );
    const scenes = [{ columns: 91, rows: 91 }];
    expect([...chooseTiles(scenes, { tiles: 30, by: "tile", seed: 1 })]).not.toEqual([
      ...chooseTiles(scenes, { tiles: 30, by: "tile", seed: 2 }),
    ]);
  });

  it("by scene takes as many of each, but of those that have too few", () => {
    fc.assert(
      fc.property(patches, fc.integer({ min: 1, max: 3000 }), seed, (scenes, tiles, seed) => {
        const counts = countsOf(chooseTiles(scenes, { tiles, by: "scene", seed }), scenes.length);
        const most = Math.max(...counts);
        counts.forEach((count, i) => {
          const { columns, rows } = scenes[i]!;
          expect(count === columns * rows || count >= most - 1).toBe(true);
        });
      }),
      { seed: SEED },
    );
  });

  it("by tile takes of a scene by its size: every tile is as likely", () => {
    const scenes = [
      { columns: 10, rows: 10 },
      { columns: 30, rows: 10 },
    ];
    const times = new Map<string, number>();
    let first = 0;
    for (let seed = 0; seed < 2000; seed++)
      for (const [scene, places] of chooseTiles(scenes, { tiles: 20, by: "tile", seed })) {
        if (scene === 0) first += places.length;
        for (const [column, row] of places) {
          const name = `${scene} ${column} ${row}`;
          times.set(name, (times.get(name) ?? 0) + 1);
        }
      }
    // 40,000 draws, a quarter of which fall into the first scene: 10,000, with a standard deviation of 85.
    expect(Math.abs(first - 10_000)).toBeLessThan(4 * 85);
    // Each of 400 tiles 100 times, standard deviation 9.7: none is left out or preferred.
    expect(times.size).toBe(400);
    const spread = Math.sqrt([...times.values()].reduce((sum, count) => sum + (count - 100) ** 2, 0) / 400);
    expect(spread).toBeGreaterThan(8);
    expect(spread).toBeLessThan(11.5);
  });
});

/** Columns and rows of the tiles of one scene, told by an oracle: every place at which a whole tile fits. */
function placesOf(width: number, height: number, tile: number, stride: number): string[] {
  const places: string[] = [];
  for (let row = 0; row * stride + tile <= height; row++)
    for (let column = 0; column * stride + tile <= width; column++) places.push(`${column}_${row}`);
  return places.sort();
}

describe("a plan", () => {
  const tile = 32;
  const sizes = fc.record({ width: fc.integer({ min: 16, max: 90 }), height: fc.integer({ min: 16, max: 90 }) });

  it("has every whole tile of scenes of any size once, in batches that hold them in order, and says what it leaves at the edge", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sizes, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 30 }), async (halves, stridePairs) => {
        const root = temporaryFolder();
        const stridePixels = 2 * stridePairs;
        halves.forEach(({ width, height }, i) => {
          makeScene({
            folder: join(root, `s${i}`),
            bands: ["B04", "B05"],
            pixels: {},
            change: {
              B04: { width: 2 * width, height: 2 * height, pixels: new Uint16Array(4 * width * height).fill(500) },
              B05: { width, height, pixels: new Uint16Array(width * height).fill(500) },
            },
          });
        });
        const plan = await planIngest({ folders: [root], tilePixels: tile, stridePixels }).catch((error) => error as Error);
        const wanted = halves.flatMap(({ width, height }, i) =>
          placesOf(2 * width, 2 * height, tile, stridePixels).map((place) => `s${i}_${place}`),
        );
        if (plan instanceof Error) {
          expect(wanted).toEqual([]);
          return;
        }
        const items = plan.batches.map((batch) => plan.itemsOf(batch));
        const found = items.map((batch) => batch.flatMap((item) => [...tilesOf(item)].map(({ id }) => (item.isCut ? id : `${id}_0_0`))));
        expect(found.flat().sort()).toEqual(wanted.sort());
        expect(plan.batches.map(({ tiles }) => tiles)).toEqual(found.map((names) => names.length));
        expect(plan.tiles).toBe(wanted.length);
        const ragged = halves
          .filter(({ width, height }) => [2 * width, 2 * height].some((size) => size >= tile && (size - tile) % stridePixels !== 0))
          .filter(({ width, height }) => Math.min(width, height) * 2 >= tile).length;
        const note = plan.sources[0]!.notes.find((text) => text.includes("edge"));
        expect(note === undefined ? 0 : Number(/^\d+/.exec(note)![0])).toBe(ragged);
      }),
      { seed: SEED, numRuns: 25 },
    );
  });

  it("refuses strides at which tiles of a coarse band would not begin on a pixel", async () => {
    const root = temporaryFolder();
    makeScene({ folder: join(root, "s"), bands: ["B04", "B05", "B09"], pixels: 240 });
    for (const stridePixels of [0, -120, 1, 61, 120.5, Number.NaN])
      await expect(planIngest({ folders: [root], stridePixels })).rejects.toMatchObject({
        code: "BAD_ARGUMENT",
        message: expect.stringContaining("a multiple of 6"),
      });
    expect((await planIngest({ folders: [root], stridePixels: 60 })).tiles).toBe(9);
  });
});

describe("tiles that overlap, or are drawn", () => {
  const scenes = () => {
    const root = temporaryFolder();
    for (let i = 0; i < 3; i++) makeScene({ folder: join(root, `s${i}`), bands: ["B04", "B05"], pixels: 300, scene: i });
    return root;
  };
  const ingest = (folder: string, workspace: string, options: Partial<IngestOptions>) =>
    ingestFolders({ workspace, dataset: "d", folders: [folder], tilePixels: 32, ...options });

  it.each([
    { stridePixels: 16 },
    { stridePixels: 50 },
    { sample: { tiles: 40, by: "tile", seed: 3 } },
    { stridePixels: 16, sample: { tiles: 150, by: "scene", seed: 4 } },
  ] as const)("hold the pixels of their places (%j)", async (options) => {
    const { folder, dataset } = await ingest(scenes(), temporaryFolder(), options);
    const stride = "stridePixels" in options ? options.stridePixels : 32;
    const { id, transform } = await readAllTiles(folder);
    if ("sample" in options) expect(id).toHaveLength(options.sample.tiles);
    const store = await openTileStore(folder);
    for (const [index, name] of id.entries()) {
      const [scene, column, row] = /^s(\d)_(\d+)_(\d+)$/.exec(name)!.slice(1).map(Number) as [number, number, number];
      expect(transform[index]).toEqual([10, 0, 500_000 + column * stride * 10, 0, -10, 4_000_000 - row * stride * 10]);
      const raw = (await store.readTile(index)).groups;
      dataset.groups.forEach(({ bands, pixels }, g) => {
        const step = (stride * pixels) / 32;
        for (const [x, y] of [
          [0, 0],
          [pixels - 1, 1],
          [2, pixels - 1],
        ] as const)
          expect(raw[g]![y * pixels + x], name).toBe(madeDn(bands[0]!, scene, column * step + x, row * step + y));
      });
    }
    await store.close();
  });

  it("are the same after a stop, whatever was stored by then", async () => {
    const folder = scenes();
    const options = { sample: { tiles: 200, by: "tile", seed: 11 } } as const;
    const whole = await ingest(folder, temporaryFolder(), options);
    const workspace = temporaryFolder();
    for (let stop = 0; stop < 2; stop++) {
      const abort = new AbortController();
      await expect(ingest(folder, workspace, { ...options, signal: abort.signal, onProgress: () => abort.abort() })).rejects.toMatchObject({
        name: "AbortError",
      });
    }
    const resumed = await ingest(folder, workspace, options);
    expect(resumed.tiles).toBe(200);
    expect(resumed.dataset.fingerprint).toBe(whole.dataset.fingerprint);
    expect(await readAllTiles(resumed.folder)).toEqual(await readAllTiles(whole.folder));
    await expect(ingest(folder, workspace, { sample: { ...options.sample, seed: 12 } })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  });
});
