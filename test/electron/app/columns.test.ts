// Columns of all tiles as the map asks for them.
import { beforeAll, describe, expect, it } from "vitest";
import { footprintColumns, readColumns } from "../../../electron/app/columns.ts";
import { openWorkspace } from "../../../electron/app/workspace-folder.ts";
import { readAllTiles, readTileUse } from "../../../electron/ingest/catalogue/catalogue.ts";
import { datasetFolderOf } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { createStudy } from "../../../electron/runs/study-store.ts";
import { columnPaths, decodeColumns } from "../../../shared/contract/columns.ts";
import { latitudeAt, longitudeAt } from "../../../shared/domain/mercator.ts";
import { FinetuneSettings } from "../../../shared/domain/run-config.ts";
import { PARTS, splitTiles } from "../../../shared/domain/splits.ts";
import { temporaryFolder } from "../ingest/made-files.ts";
import { makeDataset, TINY_SETTINGS } from "../training/made-dataset.ts";

describe("footprints as columns", () => {
  const places = [
    [10, 47, 10.016, 47.001, 10.017, 46.99, 10.001, 46.989],
    null,
    [-8.2, 38.1, -8.18, 38.1, -8.18, 38.09, -8.2, 38.09],
    [179.99, -17, -179.99, -17, -179.99, -17.01, 179.99, -17.01],
  ];

  it("tell corners to a metre, and not a place that is not known", () => {
    const { facts, arrays } = footprintColumns(places.slice(0, 3));
    const [x, y] = facts.origin as [number, number];
    places.slice(0, 3).forEach((place, row) => {
      for (let i = 0; i < 8; i += 2) {
        const [cornerX, cornerY] = arrays.corners!.subarray(8 * row + i) as Float32Array;
        if (place === null) expect(cornerX).toBeNaN();
        // 1e-5 degrees are a metre.
        else expect(Math.hypot(longitudeAt(x + cornerX!) - place[i]!, latitudeAt(y + cornerY!) - place[i + 1]!)).toBeLessThan(1e-5);
      }
    });
  });

  it("keep a tile across the antimeridian whole", () => {
    const { corners } = footprintColumns([places[3]!]).arrays;
    expect(corners![2]! - corners![0]!).toBeCloseTo(0.02 / 360, 8);
  });
});

describe("columns of a data set", () => {
  let workspace: string;
  let folder: string;
  beforeAll(async () => {
    workspace = await openWorkspace(temporaryFolder());
    await makeDataset({ workspace });
    folder = datasetFolderOf(workspace, "fields");
  });
  const read = async (path: string) => decodeColumns((await readColumns(workspace, path))!.buffer);

  it("tell of no place where an earlier version kept none", async () => {
    const { corners } = (await read(columnPaths.column("fields", "footprints"))).arrays;
    expect(corners).toEqual(new Float32Array(8 * 48).fill(Number.NaN));
  });

  it("tell the classes of each tile", async () => {
    const { labels } = await readAllTiles(folder, ["labels"]);
    const { facts, arrays } = await read(columnPaths.column("fields", "labels"));
    const values = facts.values as string[];
    labels.forEach((classes, row) => {
      const codes = [...arrays.codes!.slice(arrays.starts![row], arrays.starts![row + 1])];
      expect(codes.map((code) => values[code])).toEqual(classes ?? []);
    });
  });

  it("tell dates and shares", async () => {
    const { date, nodata } = await readAllTiles(folder, ["date", "nodata"]);
    const dates = await read(columnPaths.column("fields", "date"));
    expect([...dates.arrays.codes!].map((code) => (dates.facts.values as string[])[code] ?? null)).toEqual(date);
    expect((await read(columnPaths.column("fields", "nodata"))).arrays.shares).toEqual(Float32Array.from(nodata));
  });

  it("tell the parts of a study as its runs split the tiles", async () => {
    const finetune = { split: "random", trainShare: 0.4 } as const;
    await createStudy(workspace, {
      name: "crops",
      preset: null,
      settings: { ...TINY_SETTINGS, arms: ["none"], seeds: [1], finetune: { ...TINY_SETTINGS.finetune, ...finetune } },
    });
    const { crs, transform, granule, labels } = await readTileUse(folder);
    const tiles = crs.map((_, index) => ({
      index,
      crs: crs[index]!,
      transform: transform[index]!,
      granule: granule[index]!,
      labels: labels[index]!,
    }));
    const { facts, arrays } = await read(columnPaths.parts("fields", "crops"));
    const split = splitTiles(tiles, FinetuneSettings.parse({ ...TINY_SETTINGS.finetune, ...finetune }));
    PARTS.forEach((part, code) => {
      expect([...arrays.codes!].flatMap((of, row) => (of === code ? [row] : []))).toEqual([...split[part]]);
    });
    expect(facts.rule).toBe("random");
    expect((await read(columnPaths.parts("fields", null))).facts.rule).toBe("spatial");
  });

  it("are none at other paths, and refused for what is not there", async () => {
    expect(await readColumns(workspace, "/columns/fields/pixels")).toBeUndefined();
    expect(await readColumns(workspace, "/columns/fields/labels/more")).toBeUndefined();
    await expect(readColumns(workspace, "/columns/gone/footprints")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(readColumns(workspace, "/columns/..%2F..%2Fetc/footprints")).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(readColumns(workspace, columnPaths.parts("fields", "gone"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
