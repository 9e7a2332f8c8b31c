// What lies over the map and is drawn anew with each of its moves: graticule, scale, the place that the filter asks for, marks of tiles.
import { useSyncExternalStore } from "react";
import type { TilePicture } from "../../../../shared/contract/app.ts";
import type { Tile } from "../../../../shared/domain/dataset.ts";
import type { TileFilter } from "../../../../shared/domain/tile-query.ts";
import { useHost } from "../../../state/host.tsx";
import type { Store } from "../../../state/store.ts";
import { counted } from "../../../state/words.ts";
import type { Footprints, Point } from "./footprints.ts";
import { graticule, scaleBar } from "./graticule.ts";
import { boxOfBounds, cornersOfArea, type MapView, toScreen, turnsInView } from "./map-view.ts";
import classes from "./Overlay.module.css";
import type { Drawing } from "./use-drawing.ts";

/** The tile that the map tells of. */
export interface Told {
  readonly row: number;
  /** Tiles at the same place that lie below it. */
  readonly below: number;
}

export interface OverlayProps {
  readonly view: Store<MapView>;
  readonly footprints: Footprints | undefined;
  readonly filter: Pick<TileFilter, "bounds" | "area">;
  readonly drawing: Drawing | null;
  readonly picked: number | null;
  readonly hovered: Store<Tile | null>;
  readonly told: Store<Told | null>;
  readonly dataset: string;
  readonly picture: TilePicture;
}

/** Least side of a mark, px: it is seen round a tile that is a point. */
const LEAST_MARK_PIXELS = 14;
const LABEL_MARGIN = 4;

export function Overlay({ view: store, footprints, filter, drawing, picked, hovered: hoveredStore, told, dataset, picture }: OverlayProps) {
  const view = useSyncExternalStore(store.subscribe, store.get);
  const hovered = useSyncExternalStore(hoveredStore.subscribe, hoveredStore.get);
  const { meridians, parallels } = graticule(view);
  const { width, height } = view;
  const places = placesOf(filter, view);
  return (
    <>
      <svg className={classes.lines} width={width} height={height} aria-hidden>
        {meridians.map(({ at, label }) => (
          <g key={`${label} ${at}`}>
            <line x1={at} x2={at} y1={0} y2={height} className={classes.line} />
            <text x={at + LABEL_MARGIN} y={12} className={classes.degrees}>
              {label}
            </text>
          </g>
        ))}
        {parallels.map(({ at, label }) => (
          <g key={label}>
            <line x1={0} x2={width} y1={at} y2={at} className={classes.line} />
            <text x={LABEL_MARGIN} y={at - LABEL_MARGIN} className={classes.degrees}>
              {label}
            </text>
          </g>
        ))}
        {places.map((points) => (
          <polygon key={points} points={points} className={classes.place} />
        ))}
        {picked !== null && <Mark view={view} footprints={footprints} row={picked} kind={classes.picked} />}
        {hovered && hovered.index !== picked && <Mark view={view} footprints={footprints} row={hovered.index} kind={classes.hovered} />}
        {drawing && <polygon points={textOf(shapeOf(drawing))} className={classes.drawn} />}
      </svg>
      <ScaleAndSource view={view} />
      {hovered && footprints && !drawing && (
        <ToldTile view={view} footprints={footprints} tile={hovered} told={told} dataset={dataset} picture={picture} />
      )}
    </>
  );
}

const textOf = (points: readonly Point[]) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

function shapeOf({ tool, points }: Drawing): readonly Point[] {
  if (tool === "lasso") return points;
  const [[x0, y0], [x1, y1]] = points as [Point, Point];
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/** The shapes of a filter's place, on each copy of the world in view. */
function placesOf({ bounds, area }: OverlayProps["filter"], view: MapView): string[] {
  const shapes: Point[][] = [];
  if (bounds) {
    const [west, north, east, south] = boxOfBounds(bounds as [number, number, number, number]);
    shapes.push([
      [west, north],
      [east, north],
      [east, south],
      [west, south],
    ]);
  }
  if (area) shapes.push(cornersOfArea(area));
  return shapes.flatMap((shape) => {
    const xs = shape.map(([x]) => x);
    return turnsInView(view, Math.min(...xs), Math.max(...xs)).map((turn) => textOf(shape.map(([x, y]) => toScreen(view, [x + turn, y]))));
  });
}

/** The corners of a tile on the screen, on the copy of the world nearest to its middle. */
function cornersOnScreen(view: MapView, { corners, origin }: Footprints, row: number): Point[] | null {
  const at = row * 8;
  if (!(at + 8 <= corners.length) || Number.isNaN(corners[at])) return null;
  const turns = Math.round(view.middle[0] - (corners[at]! + origin[0]));
  return [0, 2, 4, 6].map((i) => toScreen(view, [corners[at + i]! + origin[0] + turns, corners[at + i + 1]! + origin[1]]));
}

function Mark({
  view,
  footprints,
  row,
  kind,
}: {
  view: MapView;
  footprints: Footprints | undefined;
  row: number;
  kind: string | undefined;
}) {
  const corners = footprints && cornersOnScreen(view, footprints, row);
  if (!corners) return null;
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const half = LEAST_MARK_PIXELS / 2;
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const points: readonly Point[] =
    Math.max(right - left, bottom - top) >= LEAST_MARK_PIXELS
      ? corners
      : [
          [x - half, y - half],
          [x + half, y - half],
          [x + half, y + half],
          [x - half, y + half],
        ];
  return (
    <>
      <polygon points={textOf(points)} className={classes.halo} />
      <polygon points={textOf(points)} className={kind} />
    </>
  );
}

function ScaleAndSource({ view }: { view: MapView }) {
  const { length, label } = scaleBar(view);
  return (
    <div className={classes.foot}>
      <span className={classes.scale} style={{ width: length }}>
        {label}
      </span>
      <span title="Outlines and names of countries as Natural Earth has them: those that are in force on the ground">
        Natural Earth 1:50 m
      </span>
    </div>
  );
}

const CARD_PIXELS = { width: 208, height: 84 };
const CARD_GAP = 14;

interface ToldTileProps {
  readonly view: MapView;
  readonly footprints: Footprints;
  readonly tile: Tile;
  readonly told: Store<Told | null>;
  readonly dataset: string;
  readonly picture: TilePicture;
}

/** A card beside the tile that the map itself tells of: not for those hovered in the grid, where they are seen. */
function ToldTile({ view, footprints, tile, told: store, dataset, picture }: ToldTileProps) {
  const { tileUrl } = useHost();
  const told = useSyncExternalStore(store.subscribe, store.get);
  const corners = told?.row === tile.index ? cornersOnScreen(view, footprints, tile.index) : null;
  if (!told || !corners) return null;
  const xs = corners.map(([x]) => x);
  const right = Math.max(...xs) + CARD_GAP;
  const left = right + CARD_PIXELS.width > view.width ? Math.min(...xs) - CARD_GAP - CARD_PIXELS.width : right;
  const top = Math.min(view.height - CARD_PIXELS.height - 8, Math.max(8, corners[0]![1] - CARD_PIXELS.height / 2));
  return (
    <div className={classes.card} style={{ transform: `translate(${Math.max(8, left)}px, ${top}px)`, ...CARD_PIXELS }}>
      <img src={tileUrl(dataset, tile.index, picture.combination, 64, picture.stretch)} alt="" width={68} height={68} />
      <div>
        <strong>{tile.id}</strong>
        <span>{[tile.date, tile.granule].filter(Boolean).join(" ")}</span>
        <span className={classes.labels}>{tile.labels?.join(", ")}</span>
        {told.below > 0 && <span>{counted(told.below, "more tile")} here: click again</span>}
      </div>
    </div>
  );
}
