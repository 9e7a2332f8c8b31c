import { expect, it } from "vitest";
import { nameFor } from "../../../../../renderer/views/data/add/name.ts";

it("a data set is named by its folder", () => {
  expect(["/a/Central Valley (2022)", "C:\\data\\_x_", "/", "/données"].map(nameFor)).toEqual([
    "central-valley-2022-",
    "x_",
    "tiles",
    "donn-es",
  ]);
});
