// Which classes a tile has by the polygons on it: their share of its pixels, by the pixels' centres. Corners are brought into the tile's
// own system; the edges between them stay straight there, which for fields, and for edges of a few kilometres, is right to a metre.
import { AppError } from "../../../shared/domain/errors.ts";
import { type Polygon, rasterise } from "../../../shared/raster/rasterise.ts";
import type { Pace } from "../readers/pace.ts";
import type { Affine } from "../readers/raster.ts";
import { BoxTree, boxAround } from "./box-tree.ts";
import { type Crs, crsOfName, type Transformation, transformation, WGS84 } from "./crs.ts";
import type { Piece, PolygonSet } from "./polygon-set.ts";
import type { Skips } from "./skips.ts";
import { type Box, boxOf } from "./subdivide.ts";

/** Where tiles lie, by columns. */
export interface TilePlaces {
  readonly id: readonly string[];
  readonly crs: readonly (string | null)[];
  readonly transform: readonly (readonly number[] | null)[];
}

export interface PolygonLabelOptions {
  /** Side of a tile, px. */
  readonly tilePixels: number;
  readonly minimumShare: number;
  readonly skips: Skips;
  readonly pace: Pace;
  /** @param done tiles */
  readonly onProgress?: (done: number) => void;
}

export interface PolygonLabels {
  /** Numbers of the classes of each tile; null where no polygon lies. */
  readonly classes: (readonly number[] | null)[];
  /** Features on tiles. */
  readonly used: number;
}

/** Points on each side of a box by which it is brought into another system, where its sides are not straight. */
const SIDE_POINTS = 8;
/** A box that was brought over so is widened by this share, for what lies between the points. */
const MARGIN = 0.02;

/**
 * The classes of tiles.
 * @throws AppError NO_DATA when no polygon lies on any tile, with where both lie
 */
export async function labelsByPolygons(set: PolygonSet, tiles: TilePlaces, options: PolygonLabelOptions): Promise<PolygonLabels> {
  const { tilePixels, minimumShare, skips, pace, onProgress } = options;
  const boxes = new Float64Array(4 * set.pieces.length);
  for (const [i, { rings }] of set.pieces.entries()) boxes.set(boxOf(rings), 4 * i);
  const tree = new BoxTree(boxes);
  const ways = new Map<string, { toFile: Transformation | null; toTile: Transformation | null } | null>();
  const isUsed = new Uint8Array(set.features.length);
  const classes: (readonly number[] | null)[] = [];
  const tileBoxes = new Float64Array(4 * tiles.id.length);
  let placed = 0;
  for (const [i, id] of tiles.id.entries()) {
    await pace.breathe();
    onProgress?.(i);
    classes.push(null);
    const [crs, transform] = [tiles.crs[i]!, tiles.transform[i] as Affine | null];
    const way = crs === null ? null : wayOf(ways, crs, set.crs);
    if (!transform || !way) {
      skips.add(
        crs === null || !transform ? "tile without a known place" : `tile in a coordinate reference system that is not known (${crs})`,
        id,
      );
      continue;
    }
    const box = boxOfGrid(transform, tilePixels);
    const inFile = boxThrough(box, way.toFile);
    tileBoxes.set(inFile, 4 * placed++);
    const byClass = new Map<number, Polygon[]>();
    for (const number of tree.search(inFile)) {
      const { rings, classNumber, feature } = set.pieces[number]!;
      const polygon = brought(rings, way.toTile, box);
      if (!polygon) continue;
      isUsed[feature] = 1;
      const polygons = byClass.get(classNumber) ?? [];
      byClass.set(classNumber, polygons);
      polygons.push(polygon);
    }
    if (byClass.size === 0) continue;
    const grid = { transform, width: tilePixels, height: tilePixels };
    const own: number[] = [];
    let isTouched = false;
    for (const [classNumber, polygons] of byClass) {
      const pixels = countPixels(polygons, grid, (what) => skips.add(what, `tile ${id}, class ${set.classNames[classNumber]}`));
      if (pixels > 0) isTouched = true;
      if (pixels > 0 && pixels >= minimumShare * tilePixels ** 2) own.push(classNumber);
    }
    if (isTouched) classes[i] = own.sort((a, b) => a - b);
  }
  onProgress?.(tiles.id.length);
  if (placed === 0)
    throw new AppError(
      "NO_DATA",
      "No tile of the data set has a known place, so that polygons cannot give it labels. Use a CSV file with the tiles' ids.",
    );
  const used = isUsed.reduce((sum, flag) => sum + flag, 0);
  if (used === 0) throw apart(set, boxAround(boxes), boxAround(tileBoxes.subarray(0, 4 * placed)));
  for (const [feature, name] of set.features.entries()) if (isUsed[feature] === 0) skips.add("polygon outside all tiles", name);
  return { classes, used };
}

function wayOf(ways: Map<string, { toFile: Transformation | null; toTile: Transformation | null } | null>, name: string, file: Crs) {
  let way = ways.get(name);
  if (way === undefined) {
    const crs = crsOfName(name);
    way = crs && { toFile: transformation(crs, file), toTile: transformation(file, crs) };
    ways.set(name, way);
  }
  return way;
}

function boxOfGrid([a, b, c, d, e, f]: Affine, pixels: number): Box {
  const corners = [0, pixels].flatMap((col) => [0, pixels].map((row) => [a * col + b * row + c, d * col + e * row + f] as const));
  return boxOf([corners.flat()]);
}

function boxThrough([west, south, east, north]: Box, through: Transformation | null): Box {
  if (!through) return [west, south, east, north];
  const points: number[] = [];
  for (let i = 0; i <= SIDE_POINTS; i++) {
    const x = west + ((east - west) * i) / SIDE_POINTS;
    const y = south + ((north - south) * i) / SIDE_POINTS;
    for (const point of [through(x, south), through(x, north), through(west, y), through(east, y)])
      if (point.every(Number.isFinite)) points.push(...point);
  }
  const box = boxOf([points]);
  const [wide, high] = [MARGIN * (box[2] - box[0]), MARGIN * (box[3] - box[1])];
  return [box[0] - wide, box[1] - high, box[2] + wide, box[3] + high];
}

/** A piece in the tile's coordinates; null when it does not reach the tile, or has no place there. */
function brought(rings: Piece["rings"], through: Transformation | null, tile: Box): Polygon | null {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  const polygon: [number, number][][] = [];
  for (const ring of rings) {
    const corners: [number, number][] = [];
    for (let i = 0; i < ring.length; i += 2) {
      const point: [number, number] = through ? through(ring[i]!, ring[i + 1]!) : [ring[i]!, ring[i + 1]!];
      if (!Number.isFinite(point[0]) || !Number.isFinite(point[1])) return null;
      if (point[0] < box[0]) box[0] = point[0];
      if (point[1] < box[1]) box[1] = point[1];
      if (point[0] > box[2]) box[2] = point[0];
      if (point[1] > box[3]) box[3] = point[1];
      corners.push(point);
    }
    polygon.push(corners);
  }
  return box[0] > tile[2] || box[1] > tile[3] || box[2] < tile[0] || box[3] < tile[1] ? null : polygon;
}

function countPixels(polygons: readonly Polygon[], grid: Parameters<typeof rasterise>[1], skip: (reason: string) => void): number {
  try {
    let count = 0;
    for (const pixel of rasterise(polygons, grid)) count += pixel;
    return count;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    skip("polygon too intricate to be drawn on a tile");
    return 0;
  }
}

function apart({ path, crs }: PolygonSet, polygons: Box, tiles: Box): AppError {
  const way = transformation(crs, crsOfName(WGS84)!);
  const where = (box: Box) => {
    const [west, south, east, north] = boxThrough(box, way).map((degrees) => degrees.toFixed(2));
    return `longitude ${west} to ${east}, latitude ${south} to ${north}`;
  };
  const [south, west, north, east] = polygons;
  const isSwapped = west <= tiles[2] && south <= tiles[3] && east >= tiles[0] && north >= tiles[1];
  const hint = isSwapped
    ? "Its x and y seem to be swapped: with latitude and longitude exchanged, polygons would lie on tiles."
    : "Check that it is the right file, and that its coordinate reference system is the one that it says.";
  return new AppError(
    "NO_DATA",
    `All polygons of ${path} (${crs.name}) lie outside every tile: the polygons at ${where(polygons)}; the tiles at ${where(tiles)}. ${hint}`,
    {
      data: { path, polygons, tiles, isSwapped },
    },
  );
}
