import { fromArrayBuffer } from "geotiff";
import { describe, expect, it } from "vitest";
import { encodeTiff } from "../../../../electron/ingest/sample/tiff-writer.ts";

const PLACE = { utmZone: 33, eastMetres: 404_400, northMetres: 5_342_400, gsdMetres: 10 };

describe("encodeTiff", () => {
  it.each([
    [120, 10, 29_192, 4],
    [60, 20, 7560, 1],
    [20, 60, 1160, 1],
  ])("writes %i pixels a side as BigEarthNet's files are: %i m, %i bytes, %i strips", async (side, gsdMetres, bytes, strips) => {
    const pixels = Uint16Array.from({ length: side * side }, (_, i) => (i * 7919) % 65_536);
    const file = encodeTiff(pixels, side, { ...PLACE, gsdMetres });
    expect(file.length).toBe(bytes);
    const image = await (await fromArrayBuffer(new Uint8Array(file).buffer)).getImage();
    expect([image.getWidth(), image.getHeight(), image.getSamplesPerPixel()]).toEqual([side, side, 1]);
    expect(await image.fileDirectory.loadValue("StripOffsets")).toHaveLength(strips);
    expect(image.getOrigin()).toEqual([PLACE.eastMetres, PLACE.northMetres, 0]);
    expect(image.getResolution()).toEqual([gsdMetres, -gsdMetres, 0]);
    expect(image.getGeoKeys()).toMatchObject({ ProjectedCSTypeGeoKey: 32_633, GTCitationGeoKey: "WGS 84 / UTM zone 33N" });
    expect(image.getGDALNoData()).toBeNull();
    const [read] = (await image.readRasters()) as unknown as Uint16Array[];
    expect([...read!]).toEqual([...pixels]);
  });

  it("refuses pixels that are no square of the side", () => {
    expect(() => encodeTiff(new Uint16Array(10), 3, PLACE)).toThrow(/no square/);
  });
});
