import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { queryParquet, quotePath, readParquet, writeParquet } from "../../../../electron/files/parquet.ts";
import { countClasses, listTiles, readAllTiles, tileAt, tileById } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { type IngestResult, ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { Tile } from "../../../../shared/domain/dataset.ts";
import { copyPatch, makeScene, realPatches, temporaryFolder } from "../made-files.ts";

describe("the catalogue", () => {
  let made: IngestResult;
  beforeAll(async () => {
    const root = temporaryFolder();
    const labels: Readonly<Record<string, string[]>> = {
      a: ["Pastures"],
      b: ["Pastures", "Coniferous forest"],
      c: [],
      d: ['Bare "rock"', "L'eau"],
    };
    for (const [name, classes] of Object.entries(labels)) {
      const folder = copyPatch(root, name);
      const day = name === "c" ? undefined : `2018-0${name.charCodeAt(0) % 9}-01 10:00:00`;
      writeFileSync(join(folder, `${name}_labels_metadata.json`), JSON.stringify({ labels: classes, acquisition_date: day }));
    }
    const scenes = temporaryFolder();
    makeScene({
      folder: join(scenes, "scene"),
      bands: ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"],
      pixels: 120,
    });
    made = await ingestFolders({ workspace: temporaryFolder(), dataset: "made", folders: [root, scenes] });
  });

  it("lists tiles in store order, a page at a time", async () => {
    const { total, tiles } = await listTiles(made.folder);
    expect(total).toBe(5);
    expect(tiles.map(({ index, id }) => [index, id])).toEqual(["a", "b", "c", "d", "scene"].map((id, i) => [i, id]));
    for (const tile of tiles) expect(Tile.parse(tile)).toEqual(tile);
    const page = await listTiles(made.folder, { offset: 1, limit: 2 });
    expect([page.total, page.tiles.map(({ id }) => id)]).toEqual([5, ["b", "c"]]);
    expect((await listTiles(made.folder, { limit: Number.MAX_SAFE_INTEGER })).tiles).toHaveLength(5);
    expect((await listTiles(made.folder, { offset: 9 })).tiles).toEqual([]);
  });

  it("tells no labels from an empty list of them", async () => {
    expect((await readAllTiles(made.folder)).labels).toEqual([
      ["Pastures"],
      ["Pastures", "Coniferous forest"],
      [],
      ['Bare "rock"', "L'eau"],
      null,
    ]);
  });

  it("filters by classes and ids, and orders", async () => {
    const ids = async (query: Parameters<typeof listTiles>[1]) => (await listTiles(made.folder, query)).tiles.map(({ id }) => id);
    expect(await ids({ label: "Pastures" })).toEqual(["a", "b"]);
    expect(await ids({ label: "L'eau" })).toEqual(["d"]);
    expect(await ids({ label: null })).toHaveLength(5);
    expect(await ids({ labels: ["Coniferous forest", 'Bare "rock"'] })).toEqual(["b", "d"]);
    expect(await ids({ ids: ["scene", "a"] })).toEqual(["a", "scene"]);
    expect(await ids({ label: "Pastures", ids: ["b", "d"] })).toEqual(["b"]);
    expect((await listTiles(made.folder, { label: "Pastures", limit: 1 })).total).toBe(2);
    expect(await ids({ order: "date" })).toEqual(["d", "a", "b", "c", "scene"]);
  });

  it("finds single tiles", async () => {
    expect((await tileAt(made.folder, 3)).id).toBe("d");
    expect((await tileById(made.folder, "scene")).index).toBe(4);
    await expect(tileAt(made.folder, 5)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(tileById(made.folder, "it's not there")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(listTiles(join(made.folder, "gone"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("counts classes, most frequent first", async () => {
    const classes = [
      { name: "Pastures", tiles: 2 },
      { name: 'Bare "rock"', tiles: 1 },
      { name: "Coniferous forest", tiles: 1 },
      { name: "L'eau", tiles: 1 },
    ];
    expect(await countClasses(made.folder)).toEqual(classes);
    expect(made.dataset.classes).toEqual(classes);
  });

  it("works in folders whose names mean something to a shell or to SQL", async () => {
    const workspace = join(temporaryFolder(), "it's [a] *folder?");
    const { folder } = await ingestFolders({ workspace, dataset: "ben", folders: [realPatches] });
    expect((await listTiles(folder)).total).toBe(2);
  });
});

describe("Parquet files", () => {
  it("give back what was written, missing values too", async () => {
    const path = join(temporaryFolder(), "all.parquet");
    const values = {
      int32: [1, null, -3],
      int64: [2 ** 40, null, 5],
      double: [0.1, null, 1e-300],
      boolean: [true, null, false],
      string: ["a'b", null, ""],
      "string[]": [["x", "y"], null, []],
      "double[]": [[0.5], null, []],
    };
    await writeParquet(
      path,
      Object.entries(values).map(
        ([type, column]) => ({ name: `a ${type}`, type, values: column }) as Parameters<typeof writeParquet>[1][number],
      ),
    );
    expect(await readParquet(path)).toEqual(Object.fromEntries(Object.entries(values).map(([type, column]) => [`a ${type}`, column])));
  });

  it("take typed arrays and more rows than a chunk", async () => {
    const path = join(temporaryFolder(), "long.parquet");
    const index = Int32Array.from({ length: 5000 }, (_, i) => i);
    const score = Float64Array.from(index, (i) => i / 7);
    await writeParquet(path, [
      { name: "index", type: "int32", values: index },
      { name: "score", type: "double", values: score },
    ]);
    const part = await readParquet(path, { columns: ["score"], where: '"index" >= $1', parameters: [4998], orderBy: '"index" DESC' });
    expect(part).toEqual({ score: [4999 / 7, 4998 / 7] });
    expect(await queryParquet(`SELECT count(*) AS n, max("index") AS last FROM read_parquet(${quotePath(path)})`)).toEqual([
      { n: 5000, last: 4999 },
    ]);
  });

  it("may be empty", async () => {
    const path = join(temporaryFolder(), "empty.parquet");
    await writeParquet(path, [{ name: "score", type: "double", values: [] }]);
    expect(await readParquet(path)).toEqual({ score: [] });
  });

  it("are written by several at once", async () => {
    const folder = temporaryFolder();
    await Promise.all(
      Array.from({ length: 5 }, (_, i) => writeParquet(join(folder, `${i}.parquet`), [{ name: "i", type: "int32", values: [i] }])),
    );
    expect(await Promise.all(Array.from({ length: 5 }, async (_, i) => (await readParquet(join(folder, `${i}.parquet`))).i))).toEqual([
      [0],
      [1],
      [2],
      [3],
      [4],
    ]);
    expect(readdirSync(folder)).toHaveLength(5);
  });

  it("appear whole or not at all", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "taken.parquet"));
    await expect(writeParquet(join(folder, "taken.parquet"), [{ name: "i", type: "int32", values: [1] }])).rejects.toThrow();
    await expect(writeParquet(join(folder, "gone", "x.parquet"), [{ name: "i", type: "int32", values: [1] }])).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(["taken.parquet"]);
    rmSync(join(folder, "taken.parquet"), { recursive: true });
  });

  it("that are broken or missing are named", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "text.parquet"), "hello, this is no parquet file at all");
    await expect(readParquet(join(folder, "text.parquet"))).rejects.toMatchObject({ code: "BAD_FILE" });
    await expect(readParquet(join(folder, "gone.parquet"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(existsSync(join(folder, "gone.parquet"))).toBe(false);
  });
});
