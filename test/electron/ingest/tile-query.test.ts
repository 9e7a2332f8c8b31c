// Filters, orders and facets of a catalogue, on made-up rows.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeParquet } from "../../../electron/files/parquet.ts";
import {
  listRows,
  listTiles,
  nearTiles,
  readAllTiles,
  type StoredTile,
  type TileQuery,
  tileAt,
  tileFacets,
  writeCatalogue,
} from "../../../electron/ingest/catalogue/catalogue.ts";
import { datasetFile, journalFile, tilesFile } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { Tile } from "../../../shared/domain/dataset.ts";
import { SHARE_LIMITS, TileFilter } from "../../../shared/domain/tile-query.ts";
import { temporaryFolder } from "./made-files.ts";

const box = (west: number, south: number, east: number, north: number) => [west, north, east, north, east, south, west, south];

const ROWS: readonly Partial<StoredTile>[] = [
  {
    id: "Alps_1",
    labels: ["Pastures"],
    date: "2018-06-01",
    granule: "T32TNS",
    country: "Austria",
    split: "train",
    cloud: 0.3,
    footprint: box(10, 47, 10.1, 47.1),
  },
  {
    id: "Alps_2",
    labels: ["Pastures", "Rice"],
    date: "2018-06-30",
    granule: "T32TNS",
    country: "Austria",
    split: "test",
    cloud: 0.1,
    footprint: box(10.1, 47, 10.2, 47.1),
  },
  {
    id: "Fiji",
    source: "geotiff-bands",
    labels: null,
    date: "2019-01-05",
    granule: "T60KXF",
    cloud: 0,
    snow: 0,
    nodata: 0.5,
    footprint: box(179.95, -17, -179.95, -16.9),
  },
  { id: "lost", labels: [], date: null, saturated: 0.2, root: null, path: "/elsewhere/lost" },
];

function stored(index: number, row: Partial<StoredTile>): StoredTile {
  return {
    index,
    id: "",
    source: "bigearthnet-v1",
    root: 0,
    path: `part/${row.id}`,
    file: `part/${row.id}/B02.tif`,
    bytes: 10,
    modified: 20,
    labels: null,
    date: null,
    granule: null,
    crs: null,
    transform: null,
    nodata: 0,
    saturated: 0,
    excluded: null,
    cloud: null,
    shadow: null,
    snow: null,
    split: null,
    country: null,
    product: null,
    offset: 0,
    quantification: 10_000,
    radiometrySource: "made up",
    footprint: null,
    hash: "0123456789abcdef",
    crc: 4_294_967_295,
    ...row,
  };
}

function writeRecord(folder: string, tiles: number): void {
  const rest = {
    groups: [],
    statistics: {},
    classes: [],
    radiometry: { quantification: 1, offset: 0, source: "" },
    sources: [],
    skipped: [],
  };
  const record = {
    version: 1,
    name: "made",
    created: "",
    tiles,
    tilePixels: 120,
    ...rest,
    simulated: false,
    fingerprint: "",
    folders: ["/archive"],
  };
  writeFileSync(datasetFile(folder), JSON.stringify(record));
}

async function makeCatalogue(rows: readonly Partial<StoredTile>[]): Promise<string> {
  const folder = temporaryFolder();
  const lines = [{ kind: "request" }, { kind: "batch", batch: 0, tiles: rows.map((row, i) => stored(i, row)) }];
  writeFileSync(journalFile(folder), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  writeRecord(folder, rows.length);
  await writeCatalogue(folder);
  return folder;
}

describe("the tiles of a catalogue", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await makeCatalogue(ROWS);
  });
  const ids = async (query: TileQuery) => (await listTiles(folder, query)).tiles.map(({ id }) => id);

  it("come back as they were written, with paths on this machine", async () => {
    const { tiles } = await listTiles(folder);
    for (const tile of tiles) expect(Tile.parse(tile)).toEqual(tile);
    const { root, file, bytes, modified, ...first } = stored(0, ROWS[0]!);
    expect(tiles[0]).toEqual({ ...first, path: join("/archive", "part", "Alps_1") });
    expect(tiles[3]!.path).toBe("/elsewhere/lost");
    expect((await readAllTiles(folder)).path).toEqual(tiles.map(({ path }) => path));
    expect(Object.keys(await readAllTiles(folder, ["crc", "labels"]))).toEqual(["crc", "labels"]);
  });

  it("are listed by their rows alone, in any order, those of which a value is not known last", async () => {
    const rows = async (query: TileQuery) => [...(await listRows(folder, query))];
    expect(await rows({ order: "cloud" })).toEqual([2, 1, 0, 3]);
    expect(await rows({ order: "cloud", descending: true })).toEqual([0, 1, 2, 3]);
    expect(await rows({ order: "index", descending: true, countries: ["Austria"] })).toEqual([1, 0]);
    const { tiles } = await listTiles(folder, { order: "date", descending: true });
    expect(await rows({ order: "date", descending: true })).toEqual(tiles.map(({ index }) => index));
  });

  it("tell which are near, by metres, also across the antimeridian, and none where the place is not known", async () => {
    const beyond = await makeCatalogue([
      { id: "here", footprint: box(179.97, -17, 179.99, -16.98) },
      { id: "east", date: "2020-01-01", footprint: box(-179.99, -17, -179.97, -16.98) },
      { id: "north", footprint: box(179.97, -16, 179.99, -15.98) },
      { id: "lost" },
    ]);
    const near = await nearTiles(beyond, 0, 10);
    expect(near.map(({ id, date }) => [id, date])).toEqual([
      ["east", "2020-01-01"],
      ["north", null],
    ]);
    // 0.04 degrees of longitude at 16.99 degrees south, and one degree of latitude, on a sphere of 6,371 km.
    expect(near[0]!.metres).toBeCloseTo(4253.6, 0);
    expect(near[1]!.metres).toBeCloseTo(111_195, -1);
    expect(await nearTiles(beyond, 0, 1)).toHaveLength(1);
    expect(await nearTiles(beyond, 3, 10)).toEqual([]);
  });

  const cases: [string, TileQuery, string[]][] = [
    ["a class", { labels: ["Rice"] }, ["Alps_2"]],
    ["a source", { sources: ["geotiff-bands"] }, ["Fiji"]],
    ["granules", { granules: ["T60KXF", "T32TNS"] }, ["Alps_1", "Alps_2", "Fiji"]],
    ["a country", { countries: ["Austria"] }, ["Alps_1", "Alps_2"]],
    ["splits", { splits: ["test", "validation"] }, ["Alps_2"]],
    ["dates from a day", { from: "2018-06-02" }, ["Alps_2", "Fiji"]],
    ["dates to the end of a month", { to: "2018-06" }, ["Alps_1", "Alps_2"]],
    ["dates of a year", { from: "2018", to: "2018" }, ["Alps_1", "Alps_2"]],
    ["cloud at most, of which unknown is none", { maxCloud: 0.1 }, ["Alps_2", "Fiji"]],
    ["snow at most", { maxSnow: 0.5 }, ["Fiji"]],
    ["no data at most", { maxNodata: 0.4 }, ["Alps_1", "Alps_2", "lost"]],
    ["saturated at most", { maxSaturated: 0.1 }, ["Alps_1", "Alps_2", "Fiji"]],
    ["a text in the id, in any case", { text: "ALPS_" }, ["Alps_1", "Alps_2"]],
    ["a text that means something to LIKE and SQL", { text: "%' OR 1=1" }, []],
    ["a box", { bounds: [10.15, 40, 11, 50] }, ["Alps_2"]],
    ["a box east of the antimeridian", { bounds: [-180, -20, -179.96, -10] }, ["Fiji"]],
    ["a box west of it", { bounds: [179, -20, 180, -10] }, ["Fiji"]],
    ["a box across it", { bounds: [179.99, -20, -179.99, -10] }, ["Fiji"]],
    ["the whole Earth", { bounds: [-180, -90, 180, 90] }, ["Alps_1", "Alps_2", "Fiji"]],
    ["a shape that their middle lies in", { area: [9.9, 46.9, 10.3, 46.9, 9.9, 47.2] }, ["Alps_1"]],
    ["a shape that is hollow where they lie", { area: [9, 46, 12, 46, 12, 48, 11, 48, 11, 47, 9.5, 47, 9.5, 48, 9, 48] }, []],
    ["a shape across the antimeridian", { area: [179, -20, 181, -20, 181, -10, 179, -10] }, ["Fiji"]],
    ["all of these together", { countries: ["Austria"], maxCloud: 0.2, from: "2018-06", text: "alps" }, ["Alps_2"]],
    ["nothing of an empty list", { granules: [] }, []],
  ];
  it.each(cases)("are filtered by %s", async (_, query, expected) => {
    expect(await ids(query)).toEqual(expected);
    expect((await listTiles(folder, { ...query, limit: 1 })).total).toBe(expected.length);
    expect((await tileFacets(folder, query)).total).toBe(expected.length);
  });

  it("are ordered, unknown ones last", async () => {
    expect(await ids({ order: "cloud" })).toEqual(["Fiji", "Alps_2", "Alps_1", "lost"]);
    expect(await ids({ order: "date", offset: 1, limit: 2 })).toEqual(["Alps_2", "Fiji"]);
  });

  it("are counted by kind under a filter", async () => {
    expect(await tileFacets(folder)).toEqual({
      total: 4,
      sources: [
        { value: "bigearthnet-v1", tiles: 3 },
        { value: "geotiff-bands", tiles: 1 },
      ],
      granules: [
        { value: "T32TNS", tiles: 2 },
        { value: "T60KXF", tiles: 1 },
        { value: null, tiles: 1 },
      ],
      months: [
        { value: "2018-06", tiles: 2 },
        { value: "2019-01", tiles: 1 },
        { value: null, tiles: 1 },
      ],
      countries: [
        { value: "Austria", tiles: 2 },
        { value: null, tiles: 2 },
      ],
      splits: [
        { value: null, tiles: 2 },
        { value: "test", tiles: 1 },
        { value: "train", tiles: 1 },
      ],
      classes: [
        { value: "Pastures", tiles: 2 },
        { value: "Rice", tiles: 1 },
        { value: null, tiles: 1 },
      ],
      cloud: SHARE_LIMITS.map((limit) => (limit >= 0.3 ? 3 : limit >= 0.1 ? 2 : 1)),
      snow: SHARE_LIMITS.map(() => 1),
      nodata: SHARE_LIMITS.map((limit) => (limit >= 0.5 ? 4 : 3)),
      saturated: SHARE_LIMITS.map((limit) => (limit >= 0.2 ? 4 : 3)),
    });
    expect((await tileFacets(folder, { labels: ["Rice"] })).classes).toEqual([
      { value: "Pastures", tiles: 1 },
      { value: "Rice", tiles: 1 },
    ]);
  });

  it("refuse filters that make no sense", () => {
    for (const filter of [
      { from: "June" },
      { maxCloud: 2 },
      { bounds: [0, 50, 10, 40] },
      { bounds: [0, 0, 0] },
      { area: [0, 0, 1, 1] },
      { area: [0, 0, 1, 1, 2, 2, 3] },
      { sources: ["x"] },
      { what: 1 },
    ])
      expect(TileFilter.safeParse(filter).success, JSON.stringify(filter)).toBe(false);
  });

  it("are read anew when the catalogue changed", async () => {
    const own = await makeCatalogue(ROWS.slice(0, 2));
    expect((await listTiles(own)).total).toBe(2);
    const lines = [{ kind: "request" }, { kind: "batch", batch: 0, tiles: ROWS.slice(2).map((row, i) => stored(2 + i, row)) }];
    writeFileSync(journalFile(own), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await writeCatalogue(own, 2);
    // The rows that the record does not count are not there yet.
    expect((await listTiles(own)).total).toBe(2);
    await expect(tileAt(own, 2)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await readAllTiles(own, ["id"])).id).toEqual(["Alps_1", "Alps_2"]);
    writeRecord(own, 4);
    expect((await listTiles(own)).tiles.map(({ id }) => id)).toEqual(["Alps_1", "Alps_2", "Fiji", "lost"]);
    // Done twice, as after a kill, it gives the same.
    await writeCatalogue(own, 2);
    expect((await listTiles(own)).tiles).toEqual((await listTiles(folder)).tiles);
    rmSync(own, { recursive: true });
    await expect(listTiles(own)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("of a data set of an earlier version have no more than it kept", async () => {
    const old = temporaryFolder();
    writeRecord(old, 1);
    await writeParquet(tilesFile(old), [
      { name: "index", type: "int32", values: [0] },
      { name: "id", type: "string", values: ["old"] },
      { name: "source", type: "string", values: ["eurosat-ms"] },
      { name: "path", type: "string", values: ["/archive/old.tif"] },
      { name: "labels", type: "string[]", values: [["Rice"]] },
      ...(["date", "granule", "crs"] as const).map((name) => ({ name, type: "string", values: [null] }) as const),
      { name: "transform", type: "double[]", values: [null] },
      { name: "nodata", type: "double", values: [0] },
    ]);
    const [tile] = (await listTiles(old)).tiles;
    expect(Tile.parse(tile)).toEqual(tile);
    expect(tile).toMatchObject({ id: "old", path: "/archive/old.tif", cloud: null, footprint: null, crc: null });
    expect((await tileFacets(old)).classes).toEqual([{ value: "Rice", tiles: 1 }]);
  });
});
