// One data set: facets, the grid of its tiles, and the inspector of the picked one.
import { ActionIcon, Button, Group, Select, Slider, Tooltip } from "@mantine/core";
import { IconFolderPlus, IconInfoCircle, IconPhotoOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { availableCombinations } from "../../../shared/domain/band-combinations.ts";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { SimulationBadge } from "../../components/SimulationBadge.tsx";
import { Workbench } from "../../components/Workbench.tsx";
import { useHost, useWorkspace } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import { createStore, type Store } from "../../state/store.ts";
import { counted } from "../../state/words.ts";
import { ClassFacet } from "./ClassFacet.tsx";
import { DatasetInspector } from "./DatasetInspector.tsx";
import classes from "./DatasetView.module.css";
import { TileGrid } from "./TileGrid.tsx";
import { TileInspector } from "./TileInspector.tsx";

const SMALLEST_TILE = 40;
const LARGEST_TILE = 240;
const USUAL_TILE = 96;

export function DatasetView({ name }: { name: string }) {
  const { queries } = useHost();
  const dataset = useQuery(queries.dataset.get.queryOptions({ input: { dataset: name } }));
  if (dataset.isPending) return <div className={classes.view} aria-busy="true" />;
  if (!dataset.data) {
    return (
      <EmptyState icon={IconPhotoOff} title={`The data set ${name} cannot be shown`}>
        <ErrorNote error={dataset.error} onRetry={() => void dataset.refetch()} />
      </EmptyState>
    );
  }
  return <Loaded dataset={dataset.data} />;
}

function Loaded({ dataset }: { dataset: Dataset }) {
  const { route, setQuery } = useRoute();
  const { name } = dataset;
  const [hovered] = useState(() => createStore<Tile | null>(null));
  const label = dataset.classes.some((found) => found.name === route.query.class) ? (route.query.class ?? null) : null;
  const combinations = availableCombinations(dataset.groups.flatMap(({ bands }) => bands));
  const combination = combinations.find(({ id }) => id === route.query.bands) ?? combinations[0]!;
  const [size, setSize] = useState(() => clampTile(Number(route.query.size ?? USUAL_TILE)));
  const picked = indexOf(route.query.tile, dataset.tiles);
  const pick = (index: number | null) =>
    setQuery({ tile: index === null ? null : String(index), about: null }, { replace: picked !== null && index !== null });
  const total = label === null ? dataset.tiles : (dataset.classes.find((found) => found.name === label)?.tiles ?? 0);

  return (
    <Workbench side={<Side dataset={dataset} picked={picked} combination={combination.id} onPick={pick} />}>
      <div className={classes.view}>
        <div className={classes.bar}>
          <DatasetPicker name={name} />
          {dataset.simulated && <SimulationBadge />}
          <Tooltip label="About this data set">
            <ActionIcon aria-label="About this data set" onClick={() => setQuery({ about: route.query.about ? null : "1", tile: null })}>
              <IconInfoCircle size={17} />
            </ActionIcon>
          </Tooltip>
          <div className={classes.spacer} />
          <Select
            aria-label="Band combination"
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
          <Slider
            aria-label="Tile size"
            thumbLabel="Tile size, px"
            w={110}
            min={SMALLEST_TILE}
            max={LARGEST_TILE}
            step={4}
            value={size}
            label={(value) => `${value} px`}
            onChange={setSize}
            onChangeEnd={(value) => setQuery({ size: value === USUAL_TILE ? null : String(value) }, { replace: true })}
          />
        </div>
        <div className={classes.body}>
          <ClassFacet dataset={dataset} chosen={label} onChoose={(next) => setQuery({ class: next })} />
          <div className={classes.gridSide}>
            <Hint
              hovered={hovered}
              usual={`${counted(total, "tile")}${label === null ? "" : ` with ${label}`}, ${combination.name}: ${combination.description}`}
            />
            <TileGrid
              key={label}
              dataset={name}
              total={total}
              label={label}
              combination={combination.id}
              size={size}
              nativePixels={dataset.tilePixels}
              picked={picked}
              onPick={pick}
              onHover={hovered.set}
            />
          </div>
        </div>
      </div>
    </Workbench>
  );
}

/** What is under the pointer, else what is shown. A store of its own: the grid is not drawn anew for it. */
function Hint({ hovered, usual }: { hovered: Store<Tile | null>; usual: string }) {
  const tile = useSyncExternalStore(hovered.subscribe, hovered.get);
  return (
    <p className={classes.hint}>
      {tile ? (
        <>
          <strong>{tile.id}</strong> {tile.date} {tile.labels?.join(", ")}
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
  readonly combination: string;
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
    <Group gap={6} wrap="nowrap">
      <Select
        aria-label="Data set"
        w={200}
        data={names.includes(name) ? names : [name, ...names]}
        value={name}
        onChange={(next) => next && go({ place: "data", subject: next })}
      />
      <Tooltip label="All data sets, and adding more">
        <Button variant="default" px={8} aria-label="All data sets" onClick={() => go({ place: "data" })}>
          <IconFolderPlus size={16} />
        </Button>
      </Tooltip>
    </Group>
  );
}

const clampTile = (size: number) => (Number.isFinite(size) ? Math.min(LARGEST_TILE, Math.max(SMALLEST_TILE, size)) : USUAL_TILE);

function indexOf(text: string | undefined, tiles: number): number | null {
  const index = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isInteger(index) && index >= 0 && index < tiles ? index : null;
}
