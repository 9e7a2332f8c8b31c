// One tile: its picture to look into, its spectra, histograms, labels, what is near it, and where it comes from.
import { ActionIcon, Anchor, Badge, Button, Chip, CopyButton, Group, Skeleton, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import {
  IconAdjustmentsHorizontal,
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconCheck,
  IconChevronLeft,
  IconChevronRight,
  IconCopy,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { memo, useCallback, useMemo, useState } from "react";
import type { BandProfile } from "../../../shared/contract/app.ts";
import type { BandCombination } from "../../../shared/domain/band-combinations.ts";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { formatStretch } from "../../../shared/domain/tile-stretch.ts";
import { histogram } from "../../../shared/figures/histogram.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import { Facts, Section } from "../../components/Section.tsx";
import { Inspector } from "../../components/Workbench.tsx";
import { useHost } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { useCurrentStudy } from "../../state/selection.ts";
import { count, counted } from "../../state/words.ts";
import { stretchOf } from "./DisplayMenu.tsx";
import classes from "./TileInspector.module.css";
import { TileLook } from "./TileLook.tsx";
import { TileRow } from "./TileRow.tsx";
import { factsOf } from "./tile-facts.ts";
import { useShownTiles } from "./tile-order.ts";

export interface TileInspectorProps {
  readonly dataset: Dataset;
  readonly index: number;
  readonly combination: BandCombination;
  readonly onPick: (index: number) => void;
  readonly onClose: () => void;
}

/** Widths of the panel. The wide one leaves the view beside it the room of its bar. */
const USUAL_WIDTH = 400;
const WIDE_WIDTH = "max(400px, min(720px, 100vw - 850px))";

export function TileInspector({ dataset, index, combination, onPick, onClose }: TileInspectorProps) {
  const { queries } = useHost();
  const { route, go, setQuery } = useRoute();
  const { rows } = useShownTiles(dataset);
  const study = useCurrentStudy();
  const found = useQuery(
    queries.dataset.tile.queryOptions({
      input: { dataset: dataset.name, index },
      staleTime: 5 * 60_000,
      placeholderData: (previous) => previous,
    }),
  );
  const at = useMemo(() => rows?.indexOf(index) ?? -1, [rows, index]);
  const previous = at > 0 ? rows?.[at - 1] : undefined;
  const next = at >= 0 ? rows?.[at + 1] : undefined;
  const goTo = (row: number | undefined) => {
    if (row !== undefined) onPick(row);
  };
  useHotkeys([
    ["[", () => goTo(previous)],
    ["]", () => goTo(next)],
  ]);
  const shown = found.data;
  const isHere = shown?.tile.index === index;
  const isWide = route.query.wide !== undefined;
  const stretch = formatStretch(stretchOf(route.query));
  const place = rows && (at >= 0 ? `${count(at + 1)} of ${counted(rows.length, "tile")} shown` : "not among the tiles shown");
  return (
    <Inspector
      kind="Tile"
      width={isWide ? WIDE_WIDTH : USUAL_WIDTH}
      title={<span title={shown?.tile.id}>{isHere ? shown.tile.id : `tile ${count(index)}`}</span>}
      onClose={onClose}
      actions={
        <>
          <Tooltip label={`Previous in the order shown ( [ ); ${place}`}>
            <ActionIcon aria-label="Previous tile" disabled={previous === undefined} onClick={() => goTo(previous)}>
              <IconChevronLeft size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={`Next in the order shown ( ] ); ${place}`}>
            <ActionIcon aria-label="Next tile" disabled={next === undefined} onClick={() => goTo(next)}>
              <IconChevronRight size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={isWide ? "Narrow" : "Large view"}>
            <ActionIcon
              aria-label={isWide ? "Narrow" : "Large view"}
              onClick={() => setQuery({ wide: isWide ? null : "1" }, { replace: true })}
            >
              {isWide ? <IconArrowsMinimize size={15} /> : <IconArrowsMaximize size={15} />}
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      <TileLook
        dataset={dataset}
        index={index}
        combination={combination}
        stretch={stretch}
        isWide={isWide}
        tile={isHere ? shown.tile : null}
        profile={isHere ? shown.profile : null}
      />
      {found.error && <ErrorNote error={found.error} onRetry={() => void found.refetch()} />}
      {!shown && !found.error && <Skeleton height={240} />}
      {shown && (
        <div className={classes.facts} data-passing={!isHere || undefined}>
          <Labels tile={shown.tile} />
          <Button
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={15} />}
            onClick={() => go({ place: "augmentations", query: { dataset: dataset.name, tile: String(index) } })}
          >
            Augment this tile
          </Button>
          {study.summary?.dataset === dataset.name && route.place !== "embeddings" && (
            <Anchor size="sm" href={formatRoute({ place: "embeddings", subject: study.name, query: { tile: String(index) } })}>
              Its neighbours in an embedding
            </Anchor>
          )}
          <Histograms tile={shown.tile} profile={shown.profile} combination={combination} />
          <Near dataset={dataset.name} index={index} combination={combination.id} stretch={stretch} onPick={onPick} />
          <Metadata dataset={dataset} tile={shown.tile} />
        </div>
      )}
    </Inspector>
  );
}

const Labels = memo(function Labels({ tile }: { tile: Tile }) {
  if (tile.labels === null) return <p className={classes.muted}>The source has no labels.</p>;
  if (tile.labels.length === 0) return <p className={classes.muted}>None of the classes.</p>;
  return (
    <Group gap={4}>
      {tile.labels.map((label) => (
        <Badge key={label} color="gray" className={classes.label} title={label}>
          {label}
        </Badge>
      ))}
    </Group>
  );
});

interface HistogramsProps {
  readonly tile: Tile;
  readonly profile: readonly BandProfile[];
  readonly combination: BandCombination;
}

/** Those of the bands in the picture, until others are chosen. */
const Histograms = memo(function Histograms({ tile, profile, combination }: HistogramsProps) {
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const bands: readonly string[] = chosen ?? combination.bands;
  const draw = useCallback(
    (width: number, theme: FigureTheme) => {
      const series = profile
        .filter(({ band }) => bands.includes(band))
        .map((band) => ({ name: band.band, counts: band.histogram, range: band.histogramRange }));
      return histogram(series, { width, theme, height: 190 });
    },
    [profile, bands],
  );
  const csv = () =>
    csvText(
      ["band", "from", "to", "pixels"],
      profile
        .filter(({ band }) => bands.includes(band))
        .flatMap(({ band, histogram: counts, histogramRange: [low, high] }) =>
          counts.map((pixels, i) => [
            band,
            low + (i / counts.length) * (high - low),
            low + ((i + 1) / counts.length) * (high - low),
            pixels,
          ]),
        ),
    );
  return (
    <div>
      <FigurePanel title="Histogram" fileName={`histogram-${tile.index}`} draw={draw} csv={csv} exportWidth={640} />
      <Chip.Group multiple value={[...bands]} onChange={setChosen}>
        <fieldset className={classes.bands} aria-label="Bands of the histogram">
          {profile.map(({ band }) => (
            <Chip key={band} value={band} size="xs" radius="sm" variant="outline">
              {band}
            </Chip>
          ))}
        </fieldset>
      </Chip.Group>
    </div>
  );
});

interface NearProps {
  readonly dataset: string;
  readonly index: number;
  readonly combination: string;
  readonly stretch: string;
  readonly onPick: (index: number) => void;
}

function Near({ dataset, index, combination, stretch, onPick }: NearProps) {
  const { queries } = useHost();
  const found = useQuery(
    queries.dataset.near.queryOptions({ input: { dataset, index }, staleTime: 5 * 60_000, placeholderData: (previous) => previous }),
  );
  const tiles = (found.data ?? []).map(({ metres, date, ...tile }) => ({
    ...tile,
    caption: metres < 1 ? (date ?? "same place") : distance(metres),
  }));
  return (
    <Section title="Near by">
      {found.error ? (
        <ErrorNote error={found.error} onRetry={() => void found.refetch()} />
      ) : found.data?.length === 0 ? (
        <p className={classes.muted}>{"No other tile's distance is known."}</p>
      ) : (
        <div className={classes.near}>
          <TileRow label="Tiles near by" dataset={dataset} combination={combination} stretch={stretch} tiles={tiles} onPick={onPick} />
        </div>
      )}
    </Section>
  );
}

/** `870 m`, `3.4 km`, `1,204 km`. */
const distance = (metres: number) =>
  metres < 999.5 ? `${metres.toFixed(0)} m` : `${metres < 9950 ? (metres / 1000).toFixed(1) : count(metres / 1000)} km`;

const Metadata = memo(function Metadata({ dataset, tile }: { dataset: Dataset; tile: Tile }) {
  return (
    <Section title="Metadata">
      <Facts
        facts={[
          ...factsOf(dataset, tile),
          [
            "Path",
            <span key="path" className={classes.path}>
              <span>{tile.path}</span>
              <CopyButton value={tile.path}>
                {({ copied, copy }) => (
                  <ActionIcon size="sm" aria-label={copied ? "Copied" : "Copy the path"} title="Copy the path" onClick={copy}>
                    {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
                  </ActionIcon>
                )}
              </CopyButton>
            </span>,
          ],
        ]}
      />
    </Section>
  );
});
