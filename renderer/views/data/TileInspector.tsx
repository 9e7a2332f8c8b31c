// One tile: its picture on neutral grey, its spectrum, histograms, labels, and where it comes from.
import { ActionIcon, Anchor, Badge, Button, Group, Skeleton } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import type { BandProfile } from "../../../shared/contract/app.ts";
import { BAND_COMBINATIONS } from "../../../shared/domain/band-combinations.ts";
import { type Dataset, SOURCE_TITLES, type Tile } from "../../../shared/domain/dataset.ts";
import { histogram } from "../../../shared/figures/histogram.ts";
import { spectrum } from "../../../shared/figures/spectrum.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import { Facts, Section } from "../../components/Section.tsx";
import { Inspector } from "../../components/Workbench.tsx";
import { useHost } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { useCurrentStudy } from "../../state/selection.ts";
import { count, percent, radiometryText } from "../../state/words.ts";
import classes from "./TileInspector.module.css";

export interface TileInspectorProps {
  readonly dataset: Dataset;
  readonly index: number;
  readonly combination: string;
  readonly onPick: (index: number) => void;
  readonly onClose: () => void;
}

export function TileInspector({ dataset, index, combination, onPick, onClose }: TileInspectorProps) {
  const { queries, tileUrl } = useHost();
  const { go, route } = useRoute();
  const study = useCurrentStudy();
  const found = useQuery(
    queries.dataset.tile.queryOptions({
      input: { dataset: dataset.name, index },
      staleTime: 5 * 60_000,
      placeholderData: (previous) => previous,
    }),
  );
  const shown = found.data;
  return (
    <Inspector
      kind="Tile"
      title={<span title={shown?.tile.id}>{shown?.tile.id ?? `tile ${count(index)}`}</span>}
      onClose={onClose}
      actions={
        <>
          <ActionIcon aria-label="Previous tile" disabled={index === 0} onClick={() => onPick(index - 1)}>
            <IconChevronLeft size={16} />
          </ActionIcon>
          <ActionIcon aria-label="Next tile" disabled={index >= dataset.tiles - 1} onClick={() => onPick(index + 1)}>
            <IconChevronRight size={16} />
          </ActionIcon>
        </>
      }
    >
      <div className={classes.surround}>
        <img
          src={tileUrl(dataset.name, index, combination, dataset.tilePixels)}
          alt={`Tile ${index} in ${BAND_COMBINATIONS.find(({ id }) => id === combination)?.name ?? combination}`}
          className={classes.picture}
        />
      </div>
      {found.error && <ErrorNote error={found.error} onRetry={() => void found.refetch()} />}
      {!shown && !found.error && <Skeleton height={240} />}
      {shown && (
        <>
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
          <Profile tile={shown.tile} profile={shown.profile} />
          <Section title="Metadata">
            <Facts facts={factsOf(dataset, shown.tile)} />
          </Section>
        </>
      )}
    </Inspector>
  );
}

function Labels({ tile }: { tile: Tile }) {
  if (tile.labels === null) return <p className={classes.muted}>The source has no labels.</p>;
  return (
    <Group gap={4}>
      {tile.labels.map((label) => (
        <Badge key={label} color="gray" className={classes.label} title={label}>
          {label}
        </Badge>
      ))}
    </Group>
  );
}

/** Bands whose histograms are drawn together: visible light and near infrared. */
const HISTOGRAM_BANDS = ["B04", "B03", "B02", "B08"];

function Profile({ tile, profile }: { tile: Tile; profile: readonly BandProfile[] }) {
  const drawSpectrum = useCallback(
    (width: number, theme: FigureTheme) => spectrum([{ name: tile.id, points: profile }], { width, theme, height: 210 }),
    [tile.id, profile],
  );
  const drawHistogram = useCallback(
    (width: number, theme: FigureTheme) => {
      const chosen = profile.filter(({ band }) => HISTOGRAM_BANDS.includes(band));
      const series = (chosen.length > 0 ? chosen : profile.slice(0, 4)).map((band) => ({
        name: band.band,
        counts: band.histogram,
        range: band.histogramRange,
      }));
      return histogram(series, { width, theme, height: 190 });
    },
    [profile],
  );
  const spectrumCsv = () =>
    csvText(
      ["band", "wavelength_nm", "mean", "minimum", "maximum"],
      profile.map(({ band, wavelengthNm, mean, minimum, maximum }) => [band, wavelengthNm, mean, minimum, maximum]),
    );
  const histogramCsv = () =>
    csvText(
      ["band", "from", "to", "pixels"],
      profile.flatMap(({ band, histogram: counts, histogramRange: [low, high] }) =>
        counts.map((pixels, i) => [band, low + (i / counts.length) * (high - low), low + ((i + 1) / counts.length) * (high - low), pixels]),
      ),
    );
  return (
    <>
      <FigurePanel title="Spectral profile" fileName={`spectrum-${tile.index}`} draw={drawSpectrum} csv={spectrumCsv} exportWidth={640} />
      <FigurePanel title="Histogram" fileName={`histogram-${tile.index}`} draw={drawHistogram} csv={histogramCsv} exportWidth={640} />
    </>
  );
}

const share = (value: number | null): string | null => (value === null ? null : percent(value));

function factsOf(dataset: Dataset, tile: Tile): (readonly [string, string | null])[] {
  const gsd = tile.transform?.[0];
  const { offset, quantification, radiometrySource } = tile;
  return [
    ["Index", count(tile.index)],
    ["In use", tile.excluded ? "no: an exclusion list names it" : null],
    ["Date", tile.date],
    ["Split", tile.split],
    ["Country", tile.country],
    ["Cloud", share(tile.cloud)],
    ["Cloud shadow", share(tile.shadow)],
    ["Snow", share(tile.snow)],
    ["No data", percent(tile.nodata)],
    ["Saturated", share(tile.saturated)],
    ["Source", SOURCE_TITLES[tile.source]],
    ["Product", tile.product],
    ["Granule", tile.granule],
    ["Reflectance", offset === null || quantification === null ? null : radiometryText(quantification, offset)],
    ["Told by", radiometrySource],
    ["CRS", tile.crs],
    ["Upper left", tile.transform ? `${count(tile.transform[2]!)} E, ${count(tile.transform[5]!)} N` : null],
    ["Side", `${dataset.tilePixels} px${gsd ? `, ${count(dataset.tilePixels * gsd)} m` : ""}`],
    ["Corners", tile.footprint && cornersText(tile.footprint)],
    ["Path", tile.path],
  ];
}

/** Longitude and latitude of the corners, from the upper left on. */
function cornersText(footprint: readonly number[]): string {
  const corners = [0, 2, 4, 6].map((at) => `${degrees(footprint[at + 1]!, "N", "S")} ${degrees(footprint[at]!, "E", "W")}`);
  return corners.join("; ");
}

/** `38.2141° N`: about 10 m. */
const degrees = (value: number, above: string, below: string) => `${Math.abs(value).toFixed(4)}° ${value < 0 ? below : above}`;
