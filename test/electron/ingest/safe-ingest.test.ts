// Whole products into tiles: one reflectance whatever the processing baseline, what is recorded of it, masks, granules, archives.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { type IngestOptions, ingestFolders } from "../../../electron/ingest/ingest.ts";
import { scanFolder } from "../../../electron/ingest/scan.ts";
import { openTileStore } from "../../../electron/ingest/store/tile-store.ts";
import type { BandName } from "../../../shared/domain/bands.ts";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { toReflectance } from "../../../shared/raster/radiometry.ts";
import { tileReflectance } from "../../../shared/raster/tile-reflectance.ts";
import { filesUnder, madeDn, temporaryFolder } from "./made-files.ts";
import { encodeMadeMask, MADE_CORNER, type MadeSafe, makeSafe } from "./made-safe.ts";
import { zipFolder } from "./made-zips.ts";

/** A land surface without an offset: DN 1 to 4500, one in a hundred below 50. */
const surface = (band: BandName, column: number, row: number) => 1 + Math.floor(madeDn(band, 0, column * 97, row * 61) / 2);
const raised = (...[band, column, row]: Parameters<typeof surface>) => surface(band, column, row) + 1000;

/** A product of baseline 02.11, and one of 04.00 of the same surface. */
const before: Omit<MadeSafe, "root"> = { baseline: "02.11", day: "20181229", dn: surface };
const after: Omit<MadeSafe, "root"> = { baseline: "04.00", day: "20221005", offset: -1000, dn: raised };

const ingest = (folders: string | string[], options: Partial<IngestOptions> = {}) =>
  ingestFolders({ workspace: temporaryFolder(), dataset: "d", folders: [folders].flat(), ...options });

interface MadeTile {
  readonly tile: Tile;
  readonly raw: readonly Uint16Array[];
}

/** DN and rows of all tiles. */
async function tilesOf({ folder }: { folder: string }): Promise<MadeTile[]> {
  const { tiles } = await listTiles(folder);
  const store = await openTileStore(folder);
  const out = [];
  for (const tile of tiles) out.push({ tile, raw: (await store.readTile(tile.index)).groups });
  await store.close();
  return out;
}

const medianOf = (values: ArrayLike<number>) => Array.from(values).sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const warningsOf = async (folder: string) => (await scanFolder(folder)).sources.flatMap(({ warnings }) => warnings);

describe("products of processing baselines with and without an offset, in one folder", () => {
  const made = async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...before });
    makeSafe({ root, ...after });
    return ingest(root);
  };

  it("give the same reflectance: every DN of the one is that of the other", async () => {
    const result = await made();
    expect(result.tiles).toBe(2);
    expect(result.skipped).toEqual([]);
    expect(result.dataset.radiometry).toEqual({
      quantification: 10_000,
      offset: 0,
      source: expect.stringContaining("brought to DN / 10000"),
    });
    const [a, b] = (await tilesOf(result)) as [MadeTile, MadeTile];
    expect(a.raw).toEqual(b.raw);
    result.dataset.groups.forEach(({ pixels, bands }, g) => {
      bands.forEach((band, i) => {
        const area = pixels * pixels;
        const { data } = toReflectance(b.raw[g]!.subarray(i * area, (i + 1) * area), result.dataset.radiometry);
        const truth = Array.from({ length: area }, (_, at) => surface(band, at % pixels, Math.floor(at / pixels)) / 10_000);
        expect(medianOf(data)).toBeCloseTo(medianOf(truth), 6);
        for (let at = 0; at < area; at++) expect(Math.abs(data[at]! - truth[at]!)).toBeLessThan(1e-6);
      });
    });
  });

  it("are recorded tile by tile: offset, quantification, what told them, product, date and granule", async () => {
    const rows = (await tilesOf(await made())).map(({ tile }) => tile);
    expect(rows).toEqual([
      expect.objectContaining({
        product: "S2A_MSIL2A_20181229T095411_N0211_R079_T33SVB_20181229T112231",
        date: "2018-12-29",
        granule: "T33SVB",
        offset: 0,
        quantification: 10_000,
        radiometrySource: "MTD_MSIL2A.xml: no BOA_ADD_OFFSET, BOA_QUANTIFICATION_VALUE 10000",
      }),
      expect.objectContaining({
        product: "S2A_MSIL2A_20221005T095411_N0400_R079_T33SVB_20221005T112231",
        date: "2022-10-05",
        offset: -1000,
        quantification: 10_000,
        radiometrySource: "MTD_MSIL2A.xml: BOA_ADD_OFFSET -1000, BOA_QUANTIFICATION_VALUE 10000",
      }),
    ]);
  });

  it("of one baseline keep their DN, and the data set has the offset", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...after });
    const result = await ingest(root);
    expect(result.dataset.radiometry).toMatchObject({ offset: -1000, quantification: 10_000 });
    const [{ raw }] = (await tilesOf(result)) as [MadeTile];
    expect(raw[0]![121]).toBe(raised("B02", 1, 1));
    expect(result.dataset.statistics.B02!.minimum).toBeCloseTo(Math.min(...raw[0]!.subarray(0, 14_400)) / 10_000 - 0.1, 9);
  });

  it("may have offsets that differ by band, and other quantifications", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...before });
    makeSafe({
      root,
      day: "20230101",
      offset: (band) => (band === "B8A" ? -1200 : -1000),
      quantification: 5000,
      dn: (band, column, row) => Math.round(surface(band, column, row) / 2) + (band === "B8A" ? 1200 : 1000),
    });
    const [a, b] = (await tilesOf(await ingest(root))) as [MadeTile, MadeTile];
    expect(b.tile.quantification).toBe(5000);
    a.raw.forEach((values, g) => {
      for (let i = 0; i < values.length; i++) expect(Math.abs(values[i]! - b.raw[g]![i]!)).toBeLessThanOrEqual(1);
    });
  });
});

describe("a warning", () => {
  it("tells when pixels have lost an offset that the metadata still name: subtracting would be once too often", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...after, dn: surface });
    expect(await warningsOf(root)).toEqual([
      expect.stringMatching(/as if the offset of -1000 were applied already.*set the offset to 0\./),
    ]);
  });

  it("tells when pixels have an offset that the metadata do not name", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...before, dn: raised });
    expect(await warningsOf(root)).toEqual([
      expect.stringMatching(/as if an offset of -1000 were still in them.*set the offset to -1000\./),
    ]);
  });

  it("is not given where pixels and metadata agree", async () => {
    for (const product of [before, after]) {
      const root = temporaryFolder();
      makeSafe({ root, ...product });
      expect(await warningsOf(root)).toEqual([]);
    }
  });
});

describe("what the user says of the radiometry", () => {
  it("goes before the metadata and is recorded with what they said", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...after, dn: surface });
    const result = await ingest(root, { radiometry: { offset: 0, quantification: 10_000 } });
    const source = "set by the user (else: MTD_MSIL2A.xml: BOA_ADD_OFFSET -1000, BOA_QUANTIFICATION_VALUE 10000)";
    expect(result.dataset.radiometry).toEqual({ offset: 0, quantification: 10_000, source });
    const [{ tile, raw }] = (await tilesOf(result)) as [MadeTile];
    expect(tile).toMatchObject({ offset: 0, radiometrySource: source });
    expect(raw[0]![121]).toBe(surface("B02", 1, 1));
  });

  it.each([
    { offset: -0.5, quantification: 10_000 },
    { offset: Number.NaN, quantification: 10_000 },
    { offset: -1000, quantification: 0 },
    { offset: -1000, quantification: -10_000 },
    { offset: -1e9, quantification: 10_000 },
  ])("is refused where it makes no reflectance ($offset, $quantification)", async (radiometry) => {
    const root = temporaryFolder();
    makeSafe({ root, ...after });
    await expect(ingest(root, { radiometry })).rejects.toMatchObject({ code: "BAD_ARGUMENT", message: expect.stringMatching(/Choose/) });
  });
});

describe("a product", () => {
  it.each([false, true])("in a zip archive gives the same store as its folder (deflated: %s)", async (compress) => {
    const root = temporaryFolder();
    const product = makeSafe({ root: join(root, "plain"), ...after, pixels: 275 });
    const zipped = join(root, "zipped", "S2A_MSIL2A.SAFE.zip");
    await zipFolder(product, zipped, { compress, prefix: `${product.slice(product.lastIndexOf("/") + 1)}/` });
    const stores = [];
    for (const folder of [join(root, "plain"), join(root, "zipped")]) {
      const result = await ingest(folder);
      expect(result.tiles).toBe(4);
      const files = [...filesUnder(join(result.folder, "store"))];
      stores.push(files.map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]));
    }
    expect(stores[1]).toEqual(stores[0]);
  });

  it("of several granules gives the tiles of each, by names of their own", async () => {
    const root = temporaryFolder();
    const dn: MadeSafe["dn"] = (band, column, row, granule) => surface(band, column, row) + (granule === "T33SVC" ? 5 : 0);
    makeSafe({ root, ...before, granules: ["T33SVB", "T33SVC"], pixels: 240, dn });
    const result = await ingest(root);
    const tiles = await tilesOf(result);
    expect(tiles.map(({ tile }) => tile.granule)).toEqual([...Array(4).fill("T33SVB"), ...Array(4).fill("T33SVC")]);
    expect(new Set(tiles.map(({ tile }) => tile.id)).size).toBe(8);
    expect(tiles.map(({ raw }) => raw[0]![0])).toEqual(
      [0, 5].flatMap((more) =>
        [
          [0, 0],
          [120, 0],
          [0, 120],
          [120, 120],
        ].map(([x, y]) => surface("B02", x!, y!) + more),
      ),
    );
  });

  it("without some band is left out by name where others have it, and alone is a data set without it", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...before });
    makeSafe({ root, ...before, day: "20181230" });
    const cut = makeSafe({ root: join(root, "cut"), ...before, day: "20181231", missing: ["B05", "B12"] });
    const result = await ingest(root);
    expect(result.tiles).toBe(2);
    expect(result.skipped).toEqual([
      { path: expect.stringContaining(cut), reason: expect.stringMatching(/B05, B12 are missing\. .*add the files/) },
    ]);
    const alone = await ingest(cut);
    expect(alone.dataset.groups.flatMap(({ bands }) => bands)).not.toContain("B05");
    expect(alone.dataset.sources[0]!.warnings).toEqual([expect.stringContaining("B05, B12 are missing. Download the product again.")]);
  });

  it("of before December 2016, Level-1C, is read with all thirteen bands", async () => {
    const root = temporaryFolder();
    makeSafe({ root, level: "L1C", baseline: "02.02", day: "20160605", isOld: true, granules: ["T31UFS", "T31UGS"], dn: surface });
    const result = await ingest(root);
    expect(result.dataset.groups.map(({ name, bands }) => [name, bands.length])).toEqual([
      ["10m", 4],
      ["20m", 6],
      ["60m", 3],
    ]);
    expect((await tilesOf(result)).map(({ tile }) => [tile.source, tile.granule, tile.date, tile.offset])).toEqual([
      ["safe-l1c", "T31UFS", "2016-06-05", 0],
      ["safe-l1c", "T31UGS", "2016-06-05", 0],
    ]);
  });

  it("whose images do not say where they are lies where its granule's metadata say", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...before, pixels: 240, image: { isPlaced: false }, isPlaced: true });
    const tiles = await tilesOf(await ingest(root));
    expect(tiles.map(({ tile }) => [tile.crs, tile.transform])).toEqual(
      [
        [0, 0],
        [1200, 0],
        [0, 1200],
        [1200, 1200],
      ].map(([x, y]) => ["EPSG:32633", [10, 0, MADE_CORNER[0] + x!, 0, -10, MADE_CORNER[1] - y!]]),
    );
  });
});

describe("masks of clouds", () => {
  const shares = async (made: Omit<MadeSafe, "root" | "dn">) => {
    const root = temporaryFolder();
    makeSafe({ root, dn: surface, pixels: 240, ...made });
    const result = await ingest(root);
    expect(result.skipped).toEqual([]);
    return (await tilesOf(result)).map(({ tile }) => [tile.cloud, tile.shadow, tile.snow]);
  };

  it("give the shares of each tile: Level-2A's scene classification", async () => {
    // Upper left: a quarter cloud (8, 9, 10), an eighth shadow. Upper right: snow. Lower left: nothing but land. Lower right: no data.
    const scl = encodeMadeMask(120, 1, (column, row) => {
      if (row < 60 && column < 60) return row < 15 ? 8 + (column % 3) : row < 22 || (row === 22 && column < 30) ? 3 : 4;
      return row < 60 ? 11 : column < 60 ? 5 : 0;
    });
    expect(await shares({ more: { "IMG_DATA/R20m/T33SVB_20221005T095411_SCL_20m.jp2": scl } })).toEqual([
      [0.25, 0.125, 0],
      [0, 0, 1],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("give the shares of each tile: Level-1C's MSK_CLASSI", async () => {
    // Opaque clouds, cirrus and snow of the upper row: half of a tile, some of it in two of them.
    const mask = encodeMadeMask(40, 3, (column, row, band) =>
      Number([column < 10, column >= 5 && column < 20 && row < 10, column >= 20][band]! && row < 20),
    );
    expect(await shares({ level: "L1C", baseline: "05.09", offset: -1000, more: { "QI_DATA/MSK_CLASSI_B00.jp2": mask } })).toEqual([
      [0.75, null, 0],
      [0, null, 1],
      [0, null, 0],
      [0, null, 0],
    ]);
  });

  it("give the shares of each tile: outlines of MSK_CLOUDS", async () => {
    const [left, top] = MADE_CORNER;
    const ring = [
      [left + 600, top],
      [left + 1800, top],
      [left + 1800, top - 1200],
      [left + 600, top - 1200],
      [left + 600, top],
    ];
    const gml = `<eop:Mask xmlns:eop="e" xmlns:gml="g"><gml:Envelope srsName="urn:ogc:def:crs:EPSG:8.7:32633"/><eop:maskMembers><eop:MaskFeature>
      <eop:maskType>OPAQUE</eop:maskType><eop:extentOf><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList srsDimension="2">${ring.flat().join(" ")}</gml:posList>
      </gml:LinearRing></gml:exterior></gml:Polygon></eop:extentOf></eop:MaskFeature></eop:maskMembers></eop:Mask>`;
    expect(await shares({ level: "L1C", baseline: "02.06", more: { "QI_DATA/MSK_CLOUDS_B00.gml": gml } })).toEqual([
      [0.5, null, null],
      [0.5, null, null],
      [0, null, null],
      [0, null, null],
    ]);
  });

  it("that cannot be read cost their shares, not the tiles", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...before, more: { "QI_DATA/MSK_CLOUDS_B00.gml": "<eop:Mask" } });
    const result = await ingest(root);
    expect(result.tiles).toBe(1);
    expect(result.skipped).toEqual([
      { path: expect.stringContaining("MSK_CLOUDS"), reason: expect.stringContaining("without shares of clouds") },
    ]);
  });
});

describe("pixels without a measurement", () => {
  /** A constant surface with a hole of no data and a saturated spot, in every band at its own resolution. */
  const holed =
    (offset: number): MadeSafe["dn"] =>
    (band, column, row) => {
      const gsd = { B01: 60, B09: 60, B05: 20, B06: 20, B07: 20, B8A: 20, B11: 20, B12: 20 }[band as string] ?? 10;
      const [x, y] = [column * gsd, row * gsd];
      if (x < 480 && y < 480) return 0;
      if (x >= 960 && y >= 960) return 65_535;
      return 700 - offset;
    };
  const reflectance = (dataset: Dataset, raw: readonly Uint16Array[]) => tileReflectance(raw, { ...dataset, pixels: 120 });

  it.each([
    ["of one baseline", [after]],
    ["of two baselines", [before, after]],
  ] as const)("stay without through offsets and resampling, and never bleed, %s", async (_, products) => {
    const root = temporaryFolder();
    for (const product of products) makeSafe({ root, ...product, dn: holed(product.offset === -1000 ? -1000 : 0) });
    const result = await ingest(root);
    for (const { tile, raw } of await tilesOf(result)) {
      expect(tile.nodata).toBeCloseTo(0.16, 12);
      expect(tile.saturated).toBeCloseTo(0.04, 12);
      const { data, mask, bands } = reflectance(result.dataset, raw);
      // The corner of a coarse hole is rounded: an output pixel counts by the weight of its valid neighbours.
      const distance = (x: number, y: number) => Math.min(Math.max(x, y) - 47.5, 95.5 - Math.min(x, y));
      const wrong: string[] = [];
      for (let i = 0; i < data.length; i++) {
        const [x, y] = [i % 120, Math.floor(i / 120) % 120];
        const isData = distance(x, y) > 0;
        const isNear = Math.abs(distance(x, y)) < 2;
        const isRight = isNear || mask[i] === (isData ? 1 : 0);
        if (!isRight || Math.abs(data[i]! - (mask[i] ? 0.07 : 0)) > 1e-6)
          wrong.push(`${bands[Math.floor(i / 14_400)]} ${x} ${y}: ${data[i]}`);
      }
      expect(wrong).toEqual([]);
    }
    for (const { mean, std, validPixels } of Object.values(result.dataset.statistics)) {
      expect(mean).toBeCloseTo(0.07, 12);
      expect(std).toBeCloseTo(0, 12);
      expect(validPixels % (20 * 20 * 0.8)).toBe(0);
    }
  });

  it("are told from dark ones: what the offset brings to 0 or below is DN 1", async () => {
    const root = temporaryFolder();
    makeSafe({ root, ...before });
    makeSafe({ root, ...after, dn: (_, column) => [0, 400, 1000, 1001][column % 4]! });
    const tiles = await tilesOf(await ingest(root));
    expect([...tiles[1]!.raw[0]!.subarray(0, 4)]).toEqual([0, 1, 1, 1]);
    expect(tiles[1]!.tile.nodata).toBe(0.25);
  });
});
