// What is read by address: strips, pixels and orders of a made-up data set.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Images } from "../../../electron/app/images.ts";
import { datasetFolderOf } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { openTileStore } from "../../../electron/ingest/store/tile-store.ts";
import { imagePaths, LARGEST_STRIP } from "../../../shared/contract/app.ts";
import { temporaryFolder } from "../ingest/made-files.ts";
import { makeDataset } from "../training/made-dataset.ts";

let images: Images;
let folder: string;
beforeAll(async () => {
  const workspace = temporaryFolder();
  await makeDataset({ workspace, tiles: 12 });
  folder = datasetFolderOf(workspace, "fields");
  images = new Images(async () => folder);
});
afterAll(() => images.close());

const picture = { combination: "true-colour" };

describe("what lies at an address", () => {
  it("is a strip as JPEG, of the stretch asked for", async () => {
    const [shared, own] = await Promise.all(
      ["shared-2-98", "tile-10-90"].map((stretch) => images.read(imagePaths.strip("fields", [4, 2, 3], { ...picture, stretch }, 16))),
    );
    expect([...shared!.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    expect(own).not.toEqual(shared);
  });

  it("is a tile's pixels, as they are stored", async () => {
    const reader = await openTileStore(folder);
    const { groups } = await reader.readTile(5);
    await reader.close();
    const bytes = await images.read(imagePaths.bands("fields", 5));
    expect(new Uint16Array(bytes!.buffer)).toEqual(Uint16Array.from(groups.flatMap((group) => [...group])));
  });

  it("is the order of the tiles that a filter leaves", async () => {
    const query = { filter: { text: "tile-1" }, order: "id", descending: true } as const;
    const bytes = await images.read(imagePaths.order("fields", query));
    expect([...new Int32Array(bytes!.buffer)]).toEqual([11, 10, 1]);
  });

  it("is nothing for other addresses, and an error for what cannot be", async () => {
    expect(await images.read("/image/else/fields.png")).toBeUndefined();
    const wrong = [
      imagePaths.strip("fields", [], picture, 16),
      imagePaths.strip("fields", Array(LARGEST_STRIP + 1).fill(1), picture, 16),
      imagePaths.strip("fields", [12], picture, 16),
      imagePaths.strip("fields", [1], { ...picture, stretch: "shared-98-2" }, 16),
      imagePaths.strip("fields", [1], { combination: "x-ray", stretch: "shared-2-98" }, 16),
      "/image/order/fields.bin?query={",
      "/image/order/fields.bin?query=%7B%22order%22%3A%22colour%22%7D",
    ];
    for (const path of wrong) await expect(images.read(path), path).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });
});
