// The tiles where they lie. Filter, hovered and picked tile are the grid's; place and colours are kept in the route.
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconMapOff, IconMapPinOff } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { Dataset, Tile } from "../../../../shared/domain/dataset.ts";
import type { TileFilter } from "../../../../shared/domain/tile-query.ts";
import { formatStretch } from "../../../../shared/domain/tile-stretch.ts";
import { figureTheme } from "../../../../shared/figures/theme.ts";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { useWorkspace } from "../../../state/host.tsx";
import { useRoute } from "../../../state/router.ts";
import { createStore, type Store } from "../../../state/store.ts";
import { counted } from "../../../state/words.ts";
import { stretchOf } from "../DisplayMenu.tsx";
import { queryOf } from "../filter.ts";
import { colourChoices } from "./colour-choice.ts";
import { NONE, paletteOf } from "./colouring.ts";
import { LEAST_SIDE_PIXELS } from "./footprint-layer.ts";
import { FootprintMap, hasWebGl2 } from "./footprint-map.ts";
import { boxOf, middleOf, nearestTile, nextTile, type Point, SHOWN, tilesAt } from "./footprints.ts";
import { Legend } from "./Legend.tsx";
import { simplified } from "./lasso.ts";
import { MapTools } from "./MapTools.tsx";
import { MAP_COLOURS } from "./map-style.ts";
import { areaOf, boundsOf, boxInView, placeOf, placeText, toWorld } from "./map-view.ts";
import { Overlay, type Told } from "./Overlay.tsx";
import { loadOutlines } from "./outlines.ts";
import classes from "./TileMap.module.css";
import { type Drawing, useDrawing } from "./use-drawing.ts";
import { useHoveredRow } from "./use-hovered-row.ts";
import { useTileLayers } from "./use-tile-layers.ts";

export interface TileMapProps {
  readonly dataset: Dataset;
  readonly filter: TileFilter;
  readonly combination: string;
  readonly picked: number | null;
  readonly hovered: Store<Tile | null>;
  readonly onPick: (index: number) => void;
}

export default function TileMap(props: TileMapProps) {
  const [isPossible] = useState(hasWebGl2);
  if (!isPossible)
    return (
      <EmptyState icon={IconMapOff} title="The map cannot be drawn here">
        It needs WebGL 2, which this window does not give: the graphics driver is missing or switched off. In a browser, switch hardware
        acceleration on. Everything else works without.
      </EmptyState>
    );
  return <TilesOnMap key={props.dataset.fingerprint} {...props} />;
}

/** Width of a map that has room for an open legend, px. */
const ROOMY_PIXELS = 440;
const DIRECTIONS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function TilesOnMap({ dataset, filter, combination, picked, hovered, onPick }: TileMapProps) {
  const { route, setQuery } = useRoute();
  const workspace = useWorkspace();
  const scheme = useComputedColorScheme("light");
  const theme = figureTheme(scheme);
  const palette = useMemo(() => paletteOf(theme), [theme]);
  const container = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize<HTMLDivElement>();
  const [map, setMap] = useState<FootprintMap | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [told] = useState(() => createStore<Told | null>(null));
  const hover = useHoveredRow(dataset.name, hovered);

  const isFollowing = route.query.follow !== undefined && filter.bounds !== undefined;
  // What lies beyond the view is there when the map moves on.
  const { bounds: _, ...unbounded } = filter;
  const choices = colourChoices(dataset.name, workspace?.studies ?? []);
  const choice = choices.find(({ key }) => key === route.query.colour) ?? choices[0]!;
  const { footprints, states, unplaced, leftOut, colouring, counts, error, retry } = useTileLayers({
    dataset,
    filter,
    drawn: isFollowing ? unbounded : filter,
    choice,
  });

  const restrict = (place: Pick<TileFilter, "bounds" | "area">, follow: string | null) => {
    const { bounds, area, ...rest } = filter;
    setQuery({ ...queryOf({ ...rest, ...place }), follow });
  };
  const { tool, setTool, drawing, stop, handlers } = useDrawing((drawn: Drawing) => {
    if (!map) return;
    const corners = drawn.points.map((point) => toWorld(map.view.get(), point));
    if (drawn.tool === "lasso")
      return restrict({ area: areaOf(simplified(drawn.points).map((point) => toWorld(map.view.get(), point))) }, null);
    const [[x0, y0], [x1, y1]] = corners as [Point, Point];
    restrict({ bounds: boundsOf([Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)]) }, null);
  });

  const tilesOn = (place: Point): number[] => {
    if (!map || !footprints || !states) return [];
    const view = map.view.get();
    return tilesAt(footprints, toWorld(view, place), LEAST_SIDE_PIXELS / 2 / view.scale, states);
  };
  const tell = (row: number | null, below = 0) => {
    told.set(row === null ? null : { row, below });
    hover(row);
  };
  const moved = useEffectEvent(() => {
    if (!map) return;
    const view = map.view.get();
    const bounds = isFollowing ? queryOf({ ...filter, bounds: boundsOf(boxInView(view)) }) : {};
    setQuery({ at: placeText(view), ...bounds }, { replace: true });
  });
  const pointed = useEffectEvent((place: Point | null) => {
    const [row, ...below] = place && !drawing ? tilesOn(place) : [];
    tell(row ?? null, below.length);
  });
  const clicked = useEffectEvent((place: Point) => {
    const found = tilesOn(place);
    // Again on a pile of tiles: the next one below.
    const next = found[(found.indexOf(picked ?? -1) + 1) % Math.max(1, found.length)];
    if (next !== undefined) onPick(next);
  });
  const start = useEffectEvent(
    (element: HTMLElement) =>
      new FootprintMap({
        container: element,
        title: `Map of the tiles of ${dataset.name}`,
        colours: MAP_COLOURS[scheme],
        place: placeOf(route.query.at),
        onMoved: () => moved(),
        onClick: (at) => clicked(at),
        onPointer: (at) => pointed(at),
        onError: setFailure,
      }),
  );
  useEffect(() => {
    const made = start(container.current!);
    const left = new AbortController();
    setMap(made);
    loadOutlines(left.signal).then(
      (outlines) => made.setOutlines(outlines),
      (reason: unknown) => left.signal.aborted || setFailure(reason),
    );
    return () => {
      left.abort();
      made.close();
    };
  }, []);
  useEffect(() => map?.setColours(MAP_COLOURS[scheme]), [map, scheme]);
  useEffect(() => {
    if (!map || !footprints) return;
    map.layer.setFootprints(footprints);
    map.redraw();
  }, [map, footprints]);
  useEffect(() => {
    if (!map || !states) return;
    map.layer.setKinds(colouring?.categories ?? new Uint8Array(states.length), states);
    const legend = colouring?.legend ?? [{ colour: NONE }];
    map.layer.setLook({ colours: legend.map(({ colour }) => palette[colour]!), faint: theme.axis, ink: theme.text });
    map.redraw();
  }, [map, states, colouring, palette, theme]);

  // The route leads: at first, and when it goes back or forward.
  const asked = route.query.at;
  useEffect(() => {
    if (!map || !footprints?.extent) return;
    const place = placeOf(asked);
    if (!place) map.fit(footprints.extent);
    else if (asked !== placeText(map.view.get())) map.goTo(place);
  }, [map, footprints, asked]);
  useEffect(() => {
    const box = footprints && picked !== null ? boxOf(footprints, picked) : null;
    if (box) map?.reveal(box);
  }, [map, footprints, picked]);

  const step = (direction: Point) => {
    if (!map || !footprints || !states) return;
    const current = hovered.get()?.index ?? picked;
    const box = current !== null && states[current] === SHOWN ? boxOf(footprints, current) : null;
    const row = box ? nextTile(footprints, middleOf(box), direction, states) : nearestTile(footprints, map.view.get().middle, states);
    const next = row === null ? null : boxOf(footprints, row);
    if (row === null || !next) return;
    tell(row, tilesAt(footprints, middleOf(next), 0, states).length - 1);
    map.reveal(next);
    if (picked !== null) onPick(row);
  };
  const press = (event: KeyboardEvent) => {
    const direction = DIRECTIONS[event.key];
    const tile = hovered.get();
    if (direction && event.shiftKey) step(direction);
    else if (event.key === "Enter" && tile && event.target instanceof HTMLCanvasElement) onPick(tile.index);
    else if (event.key === "Home" && footprints?.extent) map?.fit(footprints.extent);
    else if (event.key === "Escape" && (tool || drawing)) stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={sized} className={classes.map} data-tool={tool ?? undefined} onKeyDownCapture={press} {...handlers}>
      <div ref={container} className={classes.canvas} />
      {map && (
        <Overlay
          view={map.view}
          footprints={footprints}
          filter={isFollowing ? {} : filter}
          drawing={drawing}
          picked={picked}
          hovered={hovered}
          told={told}
          dataset={dataset.name}
          picture={{ combination, stretch: formatStretch(stretchOf(route.query)) }}
        />
      )}
      <MapTools
        tool={tool}
        onTool={setTool}
        isFollowing={isFollowing}
        onFollow={(isOn) => map && restrict(isOn ? { bounds: boundsOf(boxInView(map.view.get())) } : {}, isOn ? "1" : null)}
        place={isFollowing ? null : filter.area ? "area" : filter.bounds ? "box" : null}
        onForgetPlace={() => restrict({}, null)}
        onZoom={(steps) => map?.zoomBy(steps)}
        onFit={() => footprints?.extent && map?.fit(footprints.extent)}
      />
      <Legend
        choices={choices}
        choice={choice}
        onChoose={(key) => setQuery({ colour: key === choices[0]!.key ? null : key }, { replace: true })}
        colouring={colouring}
        counts={counts}
        palette={palette}
        leftOut={leftOut}
        unplaced={unplaced}
        isFolded={width < ROOMY_PIXELS}
      />
      {(error ?? failure) !== null && (
        <div className={classes.note}>
          <ErrorNote error={error ?? failure} onRetry={error ? retry : undefined} />
        </div>
      )}
      {!footprints && !error && <p className={classes.reading}>Reading where {counted(dataset.tiles, "tile")} lie</p>}
      {footprints?.placed === 0 && (
        <div className={classes.unplaced}>
          <EmptyState icon={IconMapPinOff} title="No tile has a known place">
            The files of this data set name no reference system, or one that is not known here. The grid shows all of its tiles.
          </EmptyState>
        </div>
      )}
    </div>
  );
}
