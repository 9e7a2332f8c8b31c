// One data set: facets, the grid of its tiles, and the inspector of the picked one.
import { ActionIcon, Button, Group, Loader, SegmentedControl, Select, Tooltip } from "@mantine/core";
import { IconFilterOff, IconFolderPlus, IconInfoCircle, IconPhotoOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useCallback, useMemo, useState, useSyncExternalStore } from "react";
import { availableCombinations, type BandCombination } from "../../../shared/domain/band-combinations.ts";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import type { TileFilter } from "../../../shared/domain/tile-query.ts";
import { formatStretch } from "../../../shared/domain/tile-stretch.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { SimulationBadge } from "../../components/SimulationBadge.tsx";
import { Workbench } from "../../components/Workbench.tsx";
import { useHost, useWorkspace } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { createStore, type Store } from "../../state/store.ts";
import { counted } from "../../state/words.ts";
import { CareMenu } from "./care/CareMenu.tsx";
import { DatasetInspector } from "./DatasetInspector.tsx";
import classes from "./DatasetView.module.css";
import { DisplayMenu, stretchOf } from "./DisplayMenu.tsx";
import { Duplicates } from "./Duplicates.tsx";
import { FilterPanel } from "./FilterPanel.tsx";
import { filterOf, isFiltering, LAYOUTS, layoutOf, queryOf } from "./filter.ts";
import { GridMark } from "./map/GridMark.tsx";
import { SelectionBar } from "./SelectionBar.tsx";
import { TileGrid } from "./TileGrid.tsx";
import { TileInspector } from "./TileInspector.tsx";
import { TileSize, tileSizeOf } from "./TileSize.tsx";
import { badgesOf } from "./tile-badges.ts";
import { placeText } from "./tile-facts.ts";
import { SORTS, sortKeyOf, useShownTiles } from "./tile-order.ts";
import { noSelection } from "./tile-selection.ts";

/** Loaded when it is looked at: MapLibre is as large as all the rest. */
const TileMap = lazy(() => import("./map/TileMap.tsx"));

const LAYOUT_TITLES: Readonly<Record<(typeof LAYOUTS)[number], string>> = { grid: "Grid", both: "Both", map: "Map" };

export function DatasetView({ name }: { name: string }) {
  const { queries } = useHost();
  const dataset = useQuery(queries.dataset.get.queryOptions({ input: { dataset: name } }));
  if (dataset.isPending)
    return (
      <div className={classes.pending} role="status">
        <Loader size="sm" /> Reading the data set
      </div>
    );
  if (!dataset.data) {
    return (
      <EmptyState
        icon={IconPhotoOff}
        title={`The data set ${name} cannot be shown`}
        actions={
          <LinkButton variant="default" href={formatRoute({ place: "data", subject: null, query: {} })}>
            All data sets
          </LinkButton>
        }
      >
        <ErrorNote error={dataset.error} onRetry={() => void dataset.refetch()} />
      </EmptyState>
    );
  }
  return <Loaded dataset={dataset.data} />;
}

function Loaded({ dataset }: { dataset: Dataset }) {
  const { route, setQuery } = useRoute();
  const { name } = dataset;
  const combinations = availableCombinations(dataset.groups.flatMap(({ bands }) => bands));
  const combination = combinations.find(({ id }) => id === route.query.bands) ?? combinations[0]!;
  const [size, setSize] = useState(() => tileSizeOf(route.query));
  const sizing = <TileSize value={size} onChange={setSize} />;
  const picked = indexOf(route.query.tile, dataset.tiles);
  const pick = (index: number | null) =>
    setQuery({ tile: index === null ? null : String(index), about: null }, { replace: picked !== null && index !== null });
  const areDuplicates = route.query.view === "duplicates";
  const layout = layoutOf(route.query);

  return (
    <Workbench side={<Side dataset={dataset} picked={picked} combination={combination} onPick={pick} />}>
      <div className={classes.view}>
        <div className={classes.bar}>
          <DatasetPicker name={name} />
          {dataset.simulated && <SimulationBadge />}
          <Tooltip label="About this data set">
            <ActionIcon aria-label="About this data set" onClick={() => setQuery({ about: route.query.about ? null : "1", tile: null })}>
              <IconInfoCircle size={17} />
            </ActionIcon>
          </Tooltip>
          <CareMenu dataset={dataset} />
          <div className={classes.spacer} />
          {!areDuplicates && (
            <SegmentedControl
              aria-label="Layout"
              data={LAYOUTS.map((value) => ({ value, label: LAYOUT_TITLES[value] }))}
              value={layout}
              onChange={(value) => setQuery({ layout: value === "grid" ? null : value }, { replace: true })}
            />
          )}
          {!areDuplicates && layout !== "map" && (
            <Select
              aria-label="Order"
              className={classes.yielding ?? ""}
              w={160}
              data={Object.entries(SORTS).map(([value, label]) => ({ value, label }))}
              value={sortKeyOf(route.query)}
              onChange={(order) => setQuery({ order: order === "index" ? null : order }, { replace: true })}
            />
          )}
          <Select
            aria-label="Band combination"
            className={classes.yielding ?? ""}
            w={190}
            value={combination.id}
            onChange={(id) => id && setQuery({ bands: id }, { replace: true })}
            data={[
              {
                group: "Combinations",
                items: combinations.filter(({ kind }) => kind !== "single").map(({ id, name: text }) => ({ value: id, label: text })),
              },
              {
                group: "Single bands",
                items: combinations
                  .filter(({ kind }) => kind === "single")
                  .map(({ id, description }) => ({ value: id, label: `${id} ${description}` })),
              },
            ]}
            comboboxProps={{ width: 280, position: "bottom-end" }}
          />
          <DisplayMenu combination={combination} />
        </div>
        {areDuplicates ? (
          <Duplicates dataset={dataset} combination={combination.id} size={size} sizing={sizing} picked={picked} onPick={pick} />
        ) : (
          <Tiles
            key={`${name} ${dataset.tiles}`}
            dataset={dataset}
            combination={combination}
            size={size}
            sizing={sizing}
            picked={picked}
            onPick={pick}
          />
        )}
      </div>
    </Workbench>
  );
}

interface TilesProps {
  readonly dataset: Dataset;
  readonly combination: BandCombination;
  readonly size: number;
  /** The control of the size. */
  readonly sizing: ReactNode;
  readonly picked: number | null;
  readonly onPick: (index: number) => void;
}

/** The grid of the tiles that the filter leaves, and the filter. */
function Tiles({ dataset, combination, size, sizing, picked, onPick }: TilesProps) {
  const { route, setQuery } = useRoute();
  const [hovered] = useState(() => createStore<Tile | null>(null));
  const [selection] = useState(() => createStore(noSelection(dataset.tiles)));
  const filter = useMemo(() => filterOf(route.query), [route.query]);
  const badges = useMemo(() => badgesOf(route.query.badges), [route.query.badges]);
  const shown = useShownTiles(dataset);
  const total = shown.isPassing ? null : (shown.rows?.length ?? null);
  const layout = layoutOf(route.query);
  const change = useCallback((next: TileFilter, isPassing = false) => setQuery(queryOf(next), { replace: isPassing }), [setQuery]);
  return (
    <div className={classes.body}>
      <FilterPanel dataset={dataset} filter={filter} total={total} onChange={change} />
      {layout !== "map" && (
        <div className={classes.gridSide}>
          <div className={classes.line}>
            <Hint hovered={hovered} usual={combinationText(combination)} />
            {shown.listed !== null && (
              <Button size="compact-xs" variant="default" onClick={() => setQuery({ only: null })}>
                A list of {counted(shown.listed, "tile")}: show all
              </Button>
            )}
            <SelectionBar dataset={dataset} selection={selection} />
            {sizing}
          </div>
          {shown.error !== null && <ErrorNote error={shown.error} onRetry={shown.retry} />}
          {total === 0 ? (
            <EmptyState
              icon={IconFilterOff}
              title={isFiltering(filter) ? "No tile is left" : "The data set has no tiles"}
              actions={
                <Button variant="default" onClick={() => setQuery({ ...queryOf({}), only: null })}>
                  Show all {counted(dataset.tiles, "tile")}
                </Button>
              }
            >
              No tile meets all that the filter asks for. Tiles whose cloud or snow is not known do not meet a limit on it.
            </EmptyState>
          ) : (
            shown.rows && (
              <TileGrid
                key={shown.key}
                dataset={dataset}
                rows={shown.rows}
                picture={{ combination: combination.id, stretch: formatStretch(stretchOf(route.query)) }}
                badges={badges}
                size={size}
                picked={picked}
                selection={selection}
                onPick={onPick}
                onHover={hovered.set}
              />
            )
          )}
          {!shown.rows && shown.error === null && <Loader className={classes.loader ?? ""} size="sm" aria-label="Reading the order" />}
          {layout === "both" && <GridMark hovered={hovered} />}
        </div>
      )}
      {layout !== "grid" && (
        <Suspense fallback={<div className={classes.mapSide} aria-busy="true" />}>
          <TileMap dataset={dataset} filter={filter} combination={combination.id} picked={picked} hovered={hovered} onPick={onPick} />
        </Suspense>
      )}
    </div>
  );
}

/** What is under the pointer, else what is shown. A store of its own: the grid is not drawn anew for it. */
function Hint({ hovered, usual }: { hovered: Store<Tile | null>; usual: string }) {
  const tile = useSyncExternalStore(hovered.subscribe, hovered.get);
  return (
    <p className={classes.hint}>
      {tile ? (
        <>
          <strong>{tile.id}</strong> {[tile.date, placeText(tile), tile.labels?.join(", ")].filter(Boolean).join(" · ")}
        </>
      ) : (
        usual
      )}
    </p>
  );
}

interface SideProps {
  readonly dataset: Dataset;
  readonly picked: number | null;
  readonly combination: BandCombination;
  readonly onPick: (index: number | null) => void;
}

function Side({ dataset, picked, combination, onPick }: SideProps) {
  const { route, setQuery } = useRoute();
  if (picked !== null) {
    return <TileInspector dataset={dataset} index={picked} combination={combination} onPick={onPick} onClose={() => onPick(null)} />;
  }
  if (route.query.about !== undefined) return <DatasetInspector dataset={dataset} onClose={() => setQuery({ about: null })} />;
  return null;
}

function DatasetPicker({ name }: { name: string }) {
  const workspace = useWorkspace();
  const { go } = useRoute();
  const names = (workspace?.datasets ?? []).filter(({ complete }) => complete).map((dataset) => dataset.name);
  return (
    <Group gap={6} wrap="nowrap" className={classes.yielding ?? ""}>
      <Select
        aria-label="Data set"
        miw={60}
        w={200}
        data={names.includes(name) ? names : [name, ...names]}
        value={name}
        onChange={(next) => next && go({ place: "data", subject: next })}
      />
      <Tooltip label="All data sets, and adding more">
        <Button variant="default" px={8} flex="none" aria-label="All data sets" onClick={() => go({ place: "data" })}>
          <IconFolderPlus size={16} />
        </Button>
      </Tooltip>
    </Group>
  );
}

function combinationText({ name, description, kind, range }: BandCombination): string {
  return `${name}: ${description}${kind === "index" ? `; dark blue is ${range[0]}, yellow ${range[1]}` : ""}`;
}

function indexOf(text: string | undefined, tiles: number): number | null {
  const index = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isInteger(index) && index >= 0 && index < tiles ? index : null;
}
