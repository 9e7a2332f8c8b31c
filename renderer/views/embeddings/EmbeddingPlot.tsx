// The plot of an embedding and what belongs to it.
import { ActionIcon, Menu, SegmentedControl, Select, Tooltip } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
  IconDownload,
  IconHandStop,
  IconLassoPolygon,
  IconMarquee2,
  IconMinus,
  IconPlus,
  IconViewfinder,
  IconZoomScan,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { EmbeddingRef, ProjectionMethod } from "../../../shared/domain/embedding.ts";
import { useFigureTheme } from "../../components/FigurePanel.tsx";
import { csvText, download } from "../../components/figure-export.ts";
import { showDone, showError } from "../../components/notices.tsx";
import { useHost } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import { counted, percent } from "../../state/words.ts";
import classes from "./EmbeddingsView.module.css";
import { type EmbeddedPoints, type EmbeddingState, pointOf, type TileSelection, useNeighbours, useTileGroups } from "./embedding-data.ts";
import { commandOf, groupingsOf } from "./groupings.ts";
import { Legend } from "./Legend.tsx";
import { groupColours, looksOf } from "./looks.ts";
import { Plot, type Tool } from "./plot.ts";
import { QualityNote } from "./QualityNote.tsx";
import { NeighbourStrip, SelectionStrip } from "./TileStrip.tsx";

export interface EmbeddingPanelProps {
  readonly embedding: EmbeddingRef;
  /** The first of two, or the only one. */
  readonly isMain: boolean;
  readonly method: ProjectionMethod;
  readonly tool: Tool;
  readonly onTool: (tool: Tool) => void;
  /** Row of the store. */
  readonly tile: number | null;
  readonly onPick: (tile: number | null) => void;
  readonly selection: TileSelection | null;
  readonly onSelect: (selection: TileSelection | null) => void;
}

export interface EmbeddingPlotProps extends EmbeddingPanelProps {
  readonly state: EmbeddingState;
  readonly projection: EmbeddingState["projections"][number];
  readonly points: EmbeddedPoints;
}

interface Hovered {
  readonly point: number;
  readonly x: number;
  readonly y: number;
  /** In the lower half: the card stands above it. */
  readonly isLow: boolean;
}

export function EmbeddingPlot(props: EmbeddingPlotProps) {
  const { embedding, isMain, tool, onTool, tile, onPick, selection, onSelect, state, projection, points } = props;
  const { tileUrl, queries } = useHost();
  const { route, setQuery } = useRoute();
  const theme = useFigureTheme();
  const key = state.embedding!.key;
  const dataset = useQuery(queries.dataset.get.queryOptions({ input: { dataset: state.dataset } }));
  const groupings = useMemo(() => groupingsOf(state.labelSets, dataset.data?.classes ?? []), [state.labelSets, dataset.data]);
  const by = route.query.by ?? groupings[0]!.items[0]!.value;
  const groups = useTileGroups(embedding, key, by);
  const neighbours = useNeighbours(embedding, key, tile !== null && pointOf(points, tile) !== null ? tile : null);
  const hiddenNames = useMemo(
    () => new Set((route.query.hide ?? "").split(",").filter(Boolean).map(decodeURIComponent)),
    [route.query.hide],
  );
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const [isAble, setAble] = useState(true);
  const plot = useRef<Plot | null>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);

  const colours = useMemo(() => (groups.data ? groupColours(groups.data.names, groups.data.isOrdered, theme) : []), [groups.data, theme]);
  const hidden = useMemo(
    () => new Set((groups.data?.names ?? []).flatMap((name, i) => (hiddenNames.has(name) ? [i] : []))),
    [groups.data, hiddenNames],
  );

  const onSelected = (found: Int32Array, isMore: boolean) => {
    const tiles = new Set(isMore ? selection?.tiles : null);
    for (const point of found) tiles.add(points.tiles[point]!);
    onSelect(tiles.size > 0 ? { tiles } : null);
  };
  // The plot calls what the last rendering left here.
  const listener = useRef({ onPick, onSelected, points });
  useEffect(() => {
    listener.current = { onPick, onSelected, points };
  });
  useEffect(() => {
    const made = new Plot({
      points: below.current!,
      marks: above.current!,
      listener: {
        onHover: (point, at) =>
          setHovered((old) =>
            point === null ? null : old?.point === point ? old : { point, ...at, isLow: at.y > above.current!.clientHeight / 2 },
          ),
        onPick: (point) => listener.current.onPick(point === null ? null : listener.current.points.tiles[point]!),
        onSelect: (found, isMore) => listener.current.onSelected(found, isMore),
      },
    });
    plot.current = made;
    setAble(made.isAble);
    return () => {
      plot.current = null;
      made.dispose();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData({ places: points.places, pictureOf: (point) => tileUrl(state.dataset, points.tiles[point]!, "true-colour", 64) });
  }, [points, state.dataset, tileUrl]);
  useEffect(() => {
    if (!groups.data || groups.data.codes.length !== points.tiles.length) return;
    const { codes, isOrdered } = groups.data;
    const picked = selection ? Uint8Array.from(points.tiles, (index) => (selection.tiles.has(index) ? 1 : 0)) : null;
    plot.current?.setLooks(looksOf({ codes, colours, isOrdered, hidden, picked }));
  }, [groups.data, colours, hidden, selection, points]);
  useEffect(() => {
    const near = tile === null ? [] : (neighbours.data ?? []).flatMap(({ index }) => pointOf(points, index) ?? []);
    plot.current?.setMarks({
      picked: tile === null ? null : pointOf(points, tile),
      neighbours: near,
      ink: theme.text,
      ground: theme.ground,
    });
  }, [tile, neighbours.data, points, theme]);
  useEffect(() => plot.current?.setTool(tool), [tool]);

  const hide = useCallback(
    (names: ReadonlySet<string>) =>
      setQuery({ hide: names.size > 0 ? [...names].map(encodeURIComponent).join(",") : null }, { replace: true }),
    [setQuery],
  );
  const save = async () => {
    const blob = await plot.current?.picture(theme.ground);
    if (blob) download(`${fileName}.png`, blob);
    else showError(new Error("The browser gave no picture."), "The picture was not made");
  };
  const fileName = `${embedding.study}-${embedding.arm}-seed-${embedding.seed}-${projection.method.kind}`;
  const csv = () => {
    const { names, codes } = groups.data!;
    const rows = Array.from(points.tiles, (index, i) => [index, points.raw[2 * i]!, points.raw[2 * i + 1]!, names[codes[i]!]!]);
    return csvText(["tile", "x", "y", by], rows);
  };
  const keep = `${counted(points.tiles.length, "tile")} by ${projection.method.kind === "pca" ? "PCA" : "UMAP"}`;

  return (
    <div className={classes.panel}>
      <div className={classes.plot} data-tool={tool}>
        <canvas ref={below} className={classes.canvas} aria-hidden />
        <canvas
          ref={above}
          className={classes.canvas}
          tabIndex={0}
          role="img"
          aria-label={`${keep}, ${embedding.arm}, seed ${embedding.seed}, coloured by ${by}. Arrows move, plus and minus zoom, 0 shows all, Enter picks the tile in the middle.`}
        />
        {!isAble && (
          <div className={classes.unable} role="alert">
            This browser has no WebGL 2, by which the points are drawn. Switch hardware acceleration on, or use another browser. The same
            files come from the command line: <code>{commandOf(embedding, projection.method)}</code>
          </div>
        )}
        <div className={classes.tools}>
          <Select
            aria-label="Colour by"
            w={190}
            searchable
            value={by}
            data={groupings.map(({ group, items }) => ({ group, items: [...items] }))}
            onChange={(next) => next && setQuery({ by: next, hide: null }, { replace: true })}
            comboboxProps={{ width: 280, position: "bottom-start" }}
          />
          <SegmentedControl
            aria-label="Pointer"
            value={tool}
            onChange={(next) => onTool(next as Tool)}
            data={[
              { value: "move", label: <Icon name="Move and pick" icon={IconHandStop} /> },
              { value: "box", label: <Icon name="Select a box" icon={IconMarquee2} /> },
              { value: "lasso", label: <Icon name="Select by lasso (Shift + drag)" icon={IconLassoPolygon} /> },
            ]}
          />
          <Tooltip label="Select what is in view">
            <ActionIcon variant="default" size={30} aria-label="Select what is in view" onClick={() => plot.current?.selectSeen()}>
              <IconZoomScan size={17} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Nearer">
            <ActionIcon variant="default" size={30} aria-label="Nearer" onClick={() => plot.current?.zoom(1.6)}>
              <IconPlus size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Farther">
            <ActionIcon variant="default" size={30} aria-label="Farther" onClick={() => plot.current?.zoom(1 / 1.6)}>
              <IconMinus size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Show all">
            <ActionIcon variant="default" size={30} aria-label="Show all" onClick={() => plot.current?.fit()}>
              <IconViewfinder size={17} />
            </ActionIcon>
          </Tooltip>
          <Menu position="bottom-start" withinPortal>
            <Menu.Target>
              <ActionIcon variant="default" size={30} aria-label={`Export ${fileName}`} title="Export">
                <IconDownload size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void save()}>Save PNG</Menu.Item>
              <Menu.Item
                disabled={!groups.data}
                onClick={() => download(`${fileName}.csv`, new Blob([csv()], { type: "text/csv;charset=utf-8" }))}
              >
                Save CSV
              </Menu.Item>
              <Menu.Item
                onClick={() =>
                  navigator.clipboard.writeText(commandOf(embedding, projection.method)).then(
                    () => showDone("Copied", "The command makes the same files."),
                    (error: unknown) => showError(error, "The command was not copied"),
                  )
                }
              >
                Copy as command
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
        {groups.data && <Legend groups={groups.data} colours={colours} hidden={hiddenNames} title={titleOf(groupings, by)} onHide={hide} />}
        <QualityNote embedding={embedding} record={state.embedding!} projection={projection} by={by} title={titleOf(groupings, by)} />
        {hovered && (
          <HoverCard
            dataset={state.dataset}
            index={points.tiles[hovered.point]!}
            group={groups.data ? groups.data.names[groups.data.codes[hovered.point]!] : undefined}
            at={hovered}
          />
        )}
      </div>
      {tile !== null && isMain && (
        <NeighbourStrip
          dataset={state.dataset}
          tile={tile}
          found={pointOf(points, tile) !== null ? (neighbours.data ?? null) : []}
          error={neighbours.error}
          onPick={onPick}
        />
      )}
      {selection && isMain && (
        <SelectionStrip dataset={state.dataset} selection={selection} onPick={onPick} onClear={() => onSelect(null)} />
      )}
    </div>
  );
}

const titleOf = (groupings: ReturnType<typeof groupingsOf>, by: string): string =>
  groupings.flatMap(({ items }) => items).find(({ value }) => value === by)?.label ?? by;

function Icon({ name, icon: Drawn }: { name: string; icon: typeof IconHandStop }) {
  return (
    <Tooltip label={name}>
      <span className={classes.tool}>
        <Drawn size={16} aria-hidden />
        <span className={classes.hidden}>{name}</span>
      </span>
    </Tooltip>
  );
}

/** Time that the pointer rests on a point before its tile is asked for, ms. */
const REST_MS = 60;

interface HoverCardProps {
  readonly dataset: string;
  readonly index: number;
  readonly group: string | undefined;
  readonly at: Hovered;
}

function HoverCard({ dataset, index, group, at }: HoverCardProps) {
  const { queries, tileUrl } = useHost();
  const [asked] = useDebouncedValue(index, REST_MS);
  const tile = useQuery({
    ...queries.dataset.tiles.queryOptions({ input: { dataset, offset: asked, limit: 1 } }),
    staleTime: 5 * 60_000,
  });
  const found = asked === index ? tile.data?.tiles[0] : undefined;
  return (
    <div
      className={classes.hover}
      data-low={at.isLow || undefined}
      style={{ "--x": `${at.x}px`, "--y": `${at.y}px` } as React.CSSProperties}
    >
      <img src={tileUrl(dataset, index, "true-colour", 120)} alt="" width={96} height={96} />
      <div>
        <strong>{found?.id ?? `tile ${index}`}</strong>
        {group && <span>{group}</span>}
        {found?.date && <span>{found.date}</span>}
        {found?.labels?.map((label) => (
          <span key={label}>{label}</span>
        ))}
        {found?.cloud != null && <span>cloud {percent(found.cloud)}</span>}
      </div>
    </div>
  );
}
