import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readReferenceMap } from "../../../../electron/ingest/labels/reference-map.ts";
import { encodeMadeTiff, temporaryFolder } from "../made-files.ts";

describe("a reference map", () => {
  const folder = temporaryFolder();
  const write = (name: string, pixels: Uint16Array | Float32Array) => {
    writeFileSync(join(folder, name), encodeMadeTiff({ width: 120, height: 120, pixels }));
    return join(folder, name);
  };

  it("has the shares of its codes", async () => {
    const pixels = new Uint16Array(14_400).fill(312, 0, 3600).fill(523, 3600, 14_399).fill(999, 14_399);
    expect([...(await readReferenceMap(write("map.tif", pixels)))]).toEqual([
      [523, 10_799 / 14_400],
      [312, 0.25],
      [0, 1 / 14_400],
    ]);
  });

  it("is refused when it holds no codes", async () => {
    await expect(readReferenceMap(write("floats.tif", new Float32Array(14_400)))).rejects.toMatchObject({ code: "BAD_FILE" });
    await expect(readReferenceMap(join(folder, "gone.tif"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
