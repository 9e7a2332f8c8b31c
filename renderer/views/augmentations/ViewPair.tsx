// The tile and its two views, what was drawn, and what that does to spectrum and histogram.
import { ActionIcon, Button, NumberInput, Select, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowsShuffle, IconDice5 } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { AugmentationName } from "../../../shared/domain/augmentations.ts";
import { BAND_COMBINATIONS } from "../../../shared/domain/band-combinations.ts";
import { histogram } from "../../../shared/figures/histogram.ts";
import { spectrum } from "../../../shared/figures/spectrum.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import { SimulationBadge } from "../../components/SimulationBadge.tsx";
import { Warning } from "../../components/Warning.tsx";
import { useHost, useWorkspace } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import view from "./AugmentationsView.module.css";
import type { Preview } from "./preview.ts";
import classes from "./ViewPair.module.css";

export interface ViewPairProps {
  readonly dataset: string;
  readonly tiles: number;
  readonly isSimulated: boolean;
  readonly index: number;
  readonly operations: readonly AugmentationName[];
  readonly preview: UseQueryResult<Preview>;
}

const WHICH = [0, 1, 2] as const;
const NAMES = ["original", "view 1", "view 2"] as const;

export function ViewPair({ dataset, tiles, isSimulated, index, operations, preview }: ViewPairProps) {
  const { route, setQuery } = useRoute();
  const workspace = useWorkspace();
  const { previewUrl } = useHost();
  const shown = preview.data;
  const drawAgain = () => setQuery({ draw: String((Number(route.query.draw ?? 1) || 1) + 1) }, { replace: true });
  useHotkeys([["D", drawAgain]]);
  const general = shown?.warnings.filter(({ operation }) => operation === null || !operations.includes(operation)) ?? [];
  return (
    <section className={view.panel} aria-label="Views">
      <div className={`${view.head} ${classes.bar}`}>
        <Select
          aria-label="Data set"
          miw={90}
          data={(workspace?.datasets ?? []).filter(({ complete }) => complete).map(({ name }) => name)}
          value={dataset}
          onChange={(name) => name && setQuery({ dataset: name, tile: null })}
        />
        <NumberInput
          aria-label="Tile"
          w={84}
          min={0}
          max={tiles - 1}
          value={index}
          thousandSeparator=","
          onChange={(value) => {
            if (typeof value === "number" && value >= 0 && value < tiles) setQuery({ tile: String(value) }, { replace: true });
          }}
        />
        <Tooltip label="Another tile">
          <ActionIcon aria-label="Another tile" onClick={() => setQuery({ tile: String(anotherTile(index, tiles)) })}>
            <IconArrowsShuffle size={16} />
          </ActionIcon>
        </Tooltip>
        <Select
          aria-label="Band combination"
          w={136}
          value={route.query.bands ?? "true-colour"}
          onChange={(id) => setQuery({ bands: id }, { replace: true })}
          data={BAND_COMBINATIONS.filter(({ kind }) => kind !== "single").map(({ id, name }) => ({ value: id, label: name }))}
        />
        {isSimulated && <SimulationBadge />}
      </div>
      {preview.error && <ErrorNote error={preview.error} onRetry={() => void preview.refetch()} />}
      <div className={classes.pictures}>
        {WHICH.map((which) => (
          <div key={which} className={classes.picture}>
            {shown && <img src={previewUrl(shown.key, which)} alt={`Tile ${index}, ${NAMES[which]}`} />}
          </div>
        ))}
      </div>
      <div className={classes.captions}>
        {WHICH.map((which) => (
          <p key={which}>
            <strong>{NAMES[which]}</strong>
            {drawnText(shown, which)}
          </p>
        ))}
      </div>
      <Button
        fullWidth
        mb="xs"
        variant="default"
        leftSection={<IconDice5 size={16} />}
        onClick={drawAgain}
        disabled={operations.length === 0}
      >
        Draw again
      </Button>
      {general.map(({ message }) => (
        <Warning key={message}>{message}</Warning>
      ))}
      {shown && <Figures preview={shown} />}
    </section>
  );
}

/** What was drawn for a view, in words. */
function drawnText(preview: Preview | undefined, which: 0 | 1 | 2): string {
  if (which === 0) return "as stored";
  if (!preview) return "is being drawn";
  const words = preview.drawn[which - 1] ?? [];
  return words.length > 0 ? words.join(", ") : "nothing was drawn";
}

function Figures({ preview }: { preview: Preview }) {
  const [band, setBand] = useState("B08");
  const bands = preview.profiles[0].map((profile) => profile.band);
  const shownBand = bands.find((name) => name === band) ?? bands[0]!;
  const drawSpectrum = useCallback(
    (width: number, theme: FigureTheme) =>
      spectrum(
        preview.profiles.map((points, i) => ({ name: NAMES[i]!, points })),
        { width, theme, height: 220, showRange: false },
      ),
    [preview],
  );
  const drawHistogram = useCallback(
    (width: number, theme: FigureTheme) =>
      histogram(
        preview.profiles.map((profile, i) => {
          const found = profile.find((candidate) => candidate.band === shownBand)!;
          return { name: NAMES[i]!, counts: found.histogram, range: found.histogramRange };
        }),
        { width, theme, height: 190, xTitle: `reflectance of ${shownBand}` },
      ),
    [preview, shownBand],
  );
  const csv = () =>
    csvText(
      ["view", "band", "wavelength_nm", "mean", "minimum", "maximum"],
      preview.profiles.flatMap((profile, i) =>
        profile.map(({ band: name, wavelengthNm, mean, minimum, maximum }) => [NAMES[i], name, wavelengthNm, mean, minimum, maximum]),
      ),
    );
  return (
    <>
      <FigurePanel title="Spectrum before and after" fileName="augmented-spectrum" draw={drawSpectrum} csv={csv} exportWidth={640} />
      <FigurePanel
        title="Histogram before and after"
        fileName={`augmented-histogram-${shownBand}`}
        draw={drawHistogram}
        exportWidth={640}
        aside={
          <Select
            aria-label="Band of the histogram"
            w={84}
            size="xs"
            data={bands}
            value={shownBand}
            onChange={(name) => name && setBand(name)}
          />
        }
      />
    </>
  );
}

/** A step through the data set that comes by all tiles before it repeats, or nearly so. */
const anotherTile = (index: number, tiles: number) => (index + Math.max(1, Math.round(tiles * 0.381966))) % tiles;
