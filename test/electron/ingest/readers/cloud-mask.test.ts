import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCloudMask } from "../../../../electron/ingest/readers/cloud-mask.ts";
import { rasterise } from "../../../../shared/raster/rasterise.ts";
import { fixtures, temporaryFolder } from "../made-files.ts";

const root = temporaryFolder();
const HEAD = '<eop:Mask xmlns:eop="http://www.opengis.net/eop/2.0" xmlns:gml="http://www.opengis.net/gml/3.2">';

function made(members: string): string {
  const path = join(root, `${Math.abs([...members].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) | 0, 7))}.gml`);
  writeFileSync(path, `<?xml version="1.0"?>${HEAD}<gml:name>mask</gml:name>${members}</eop:Mask>`);
  return path;
}

const feature = (polygons: string, type = "OPAQUE") =>
  `<eop:maskMembers><eop:MaskFeature><eop:maskType>${type}</eop:maskType><eop:extentOf>${polygons}</eop:extentOf></eop:MaskFeature></eop:maskMembers>`;
const ring = (place: "exterior" | "interior", points: string, attributes = "") =>
  `<gml:${place}><gml:LinearRing><gml:posList ${attributes}>${points}</gml:posList></gml:LinearRing></gml:${place}>`;

/** Shoelace. */
function areaOf(points: readonly (readonly [number, number])[]): number {
  return (
    Math.abs(
      points.reduce((sum, [x, y], i) => sum + x * points[(i + 1) % points.length]![1] - points[(i + 1) % points.length]![0] * y, 0),
    ) / 2
  );
}

describe("a vector cloud mask", () => {
  it("of a real product is read whole; on the grid that it follows it covers what its outlines enclose", () => {
    const { epsg, clouds } = readCloudMask(join(fixtures, "data", "safe-metadata", "n0211", "MSK_CLOUDS_B00.gml"));
    expect(epsg).toBe(32633);
    expect(clouds.map(({ kind }) => kind)).toEqual([...Array(6).fill("opaque"), ...Array(16).fill("cirrus")]);
    const grid = { transform: [60, 0, 399_960, 0, -60, 4_200_000], width: 1830, height: 1830 } as const;
    for (const { polygon } of clouds) {
      const pixels = rasterise([polygon], grid).reduce((sum, value) => sum + value, 0);
      const [outline, ...holes] = polygon.map(areaOf);
      expect(pixels * 3600).toBe(outline! - holes.reduce((sum, hole) => sum + hole, 0));
    }
  });

  it("of a clear granule has no clouds", () => {
    expect(readCloudMask(made(""))).toEqual({ epsg: null, clouds: [] });
    expect(readCloudMask(made("<eop:maskMembers/>"))).toEqual({ epsg: null, clouds: [] });
  });

  it("has holes, several parts, and points of three dimensions", () => {
    const first = `<gml:Polygon srsName="urn:ogc:def:crs:EPSG::32719">${ring("exterior", "0 0 9 0 9 9 0 9 0 0")}${ring("interior", "2 2 4 2 4 4 2 2")}</gml:Polygon>`;
    const second = `<gml:Polygon>${ring("exterior", "20 0 5 29 0 5 29 9 5 20 0 5", 'srsDimension="3"')}</gml:Polygon>`;
    expect(readCloudMask(made(feature(`<gml:MultiSurface>${first}${second}</gml:MultiSurface>`, "cirrus")))).toEqual({
      epsg: 32719,
      clouds: [
        {
          kind: "cirrus",
          polygon: [
            [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]],
            [[2, 2], [4, 2], [4, 4], [2, 2]],
          ], // biome-ignore format: a ring a line
        },
        { kind: "cirrus", polygon: [[[20, 0], [29, 0], [29, 9], [20, 0]]] }, // biome-ignore format: a ring a line
      ],
    });
  });

  it.each([
    ["an odd number of coordinates", feature(`<gml:Polygon>${ring("exterior", "0 0 9 0 9 9 0")}</gml:Polygon>`)],
    ["words for coordinates", feature(`<gml:Polygon>${ring("exterior", "0 0 9 0 9 nine")}</gml:Polygon>`)],
    ["two points", feature(`<gml:Polygon>${ring("exterior", "0 0 9 0")}</gml:Polygon>`)],
    ["no outline", feature(`<gml:Polygon>${ring("interior", "0 0 9 0 9 9")}</gml:Polygon>`)],
    ["an empty outline", feature(`<gml:Polygon>${ring("exterior", "")}</gml:Polygon>`)],
  ])("with %s is refused", (_, members) => {
    expect(() => readCloudMask(made(members))).toThrow(/broken outline \(cloud 1\)/);
  });

  it("is no other document", () => {
    expect(() => readCloudMask(join(fixtures, "data", "safe-metadata", "n0400", "MTD_TL.xml"))).toThrow(
      /is no cloud mask: it holds a Level-2A_Tile_ID/,
    );
  });
});
