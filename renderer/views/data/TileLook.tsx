// Looking into a tile: its picture with a cursor, what the pixel under it measures, and spectra kept to compare.
import { ActionIcon, Skeleton } from "@mantine/core";
import { IconDownload, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type BandProfile, imagePaths } from "../../../shared/contract/app.ts";
import type { BandCombination } from "../../../shared/domain/band-combinations.ts";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { type SpectrumPoint, type SpectrumSeries, spectrum } from "../../../shared/figures/spectrum.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { FigurePanel, useFigureTheme } from "../../components/FigurePanel.tsx";
import { csvText, download } from "../../components/figure-export.ts";
import { showError } from "../../components/notices.tsx";
import { useHost } from "../../state/host.tsx";
import { count } from "../../state/words.ts";
import classes from "./TileLook.module.css";
import { type Pixel, TileViewer } from "./TileViewer.tsx";
import { readTilePixels, spectrumOf, valuesAt } from "./tile-pixels.ts";

/** A spectrum that is kept while one looks at other pixels and tiles. */
interface Pin {
  readonly index: number;
  readonly id: string;
  readonly pixel: Pixel;
  readonly points: readonly SpectrumPoint[];
}

export interface TileLookProps {
  readonly dataset: Dataset;
  readonly index: number;
  readonly combination: BandCombination;
  readonly stretch: string;
  readonly isWide: boolean;
  /** Null before they are known. */
  readonly tile: Tile | null;
  readonly profile: readonly BandProfile[] | null;
}

/** As many as colours and dashes tell apart beside the tile's own and the cursor's. */
const MOST_PINS = 4;
/** Least side of a saved picture, px. */
const SAVED_PIXELS = 960;

export function TileLook({ dataset, index, combination, stretch, isWide, tile, profile }: TileLookProps) {
  const { tileUrl, queries, fetchBytes } = useHost();
  const theme = useFigureTheme();
  const [cursor, setCursor] = useState<Pixel | null>(null);
  const [pins, setPins] = useState<readonly Pin[]>([]);
  const side = dataset.tilePixels;
  const found = useQuery({
    queryKey: [...queries.dataset.key(), "bands", dataset.name, index],
    queryFn: async ({ signal }) => {
      const bytes = await fetchBytes(imagePaths.bands(dataset.name, index), signal);
      return readTilePixels(dataset, await bytes.arrayBuffer());
    },
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  const pixels = found.data;
  const values = useMemo(() => (pixels && cursor ? valuesAt(pixels, ...cursor) : null), [pixels, cursor]);
  const id = tile?.id ?? `tile ${count(index)}`;

  const pin = (pixel: Pixel) => {
    if (!pixels) return;
    const isSame = (other: Pin) => other.index === index && other.pixel[0] === pixel[0] && other.pixel[1] === pixel[1];
    setPins((now) =>
      now.some(isSame)
        ? now.filter((other) => !isSame(other))
        : [...now.slice(-(MOST_PINS - 1)), { index, id, pixel, points: spectrumOf(valuesAt(pixels, ...pixel)) }],
    );
  };
  const series = useMemo<SpectrumSeries[]>(() => {
    const nameOf = (pinned: Pin) => (pinned.index === index ? pixelText(pinned.pixel) : `${pinned.id}, ${pixelText(pinned.pixel)}`);
    return [
      { name: "tile: mean, least and largest", points: profile ?? [] },
      ...pins.map((pinned) => ({ name: nameOf(pinned), points: pinned.points })),
      ...(values && cursor ? [{ name: `cursor: ${pixelText(cursor)}`, points: spectrumOf(values) }] : []),
    ];
  }, [profile, pins, values, cursor, index]);
  const draw = useCallback(
    (width: number, figureTheme: FigureTheme) => spectrum(series, { width, theme: figureTheme, height: 226, showRange: true }),
    [series],
  );
  const savePicture = async () => {
    const size = side * Math.max(1, Math.round(SAVED_PIXELS / side));
    try {
      download(`${id}-${combination.id}.png`, await fetchBytes(imagePaths.tile(dataset.name, index, combination.id, size, stretch)));
    } catch (error) {
      showError(error, "The picture was not saved");
    }
  };
  const colourOf = (place: number) => theme.series[(place + 1) % theme.series.length]!;
  return (
    <>
      <div>
        <TileViewer
          src={tileUrl(dataset.name, index, combination.id, side, stretch)}
          alt={`${id} in ${combination.name}`}
          pixels={side}
          isWide={isWide}
          cursor={cursor}
          onCursor={setCursor}
          onPin={pin}
          marks={pins.flatMap((pinned, i) => (pinned.index === index ? [{ pixel: pinned.pixel, colour: colourOf(i), name: `${i}` }] : []))}
        />
        <div className={classes.under}>
          <Readout tile={tile} cursor={cursor} combination={combination} values={values} />
          <ActionIcon aria-label="Save the picture" title="Save the picture (PNG)" onClick={() => void savePicture()}>
            <IconDownload size={16} stroke={1.6} />
          </ActionIcon>
        </div>
      </div>
      {found.error && <ErrorNote error={found.error} onRetry={() => void found.refetch()} />}
      {profile ? (
        <FigurePanel
          title="Spectral profile"
          fileName={`spectrum-${index}`}
          draw={draw}
          csv={() => spectraTable({ index, id, profile, pins, cursor, values: values ? spectrumOf(values) : [] })}
          exportWidth={640}
        />
      ) : (
        <Skeleton height={252} />
      )}
      {pins.length > 0 && (
        <ul className={classes.pins} aria-label="Spectra kept">
          {pins.map((pinned, i) => (
            <li key={`${pinned.index} ${pinned.pixel}`}>
              <span className={classes.swatch} style={{ background: colourOf(i) }} />
              <span className={classes.pinName} title={pinned.id}>
                {pinned.index === index ? "" : `${pinned.id}, `}
                {pixelText(pinned.pixel)}
              </span>
              <ActionIcon
                size="xs"
                aria-label={`Take the spectrum of ${pixelText(pinned.pixel)} away`}
                onClick={() => setPins((now) => now.filter((other) => other !== pinned))}
              >
                <IconX size={12} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const pixelText = ([x, y]: Pixel) => `column ${x}, row ${y}`;

interface ReadoutProps {
  readonly tile: Tile | null;
  readonly cursor: Pixel | null;
  readonly combination: BandCombination;
  readonly values: ReturnType<typeof valuesAt> | null;
}

/** Two lines, whether there is a cursor or not: nothing may move under the pointer. */
function Readout({ tile, cursor, combination, values }: ReadoutProps) {
  if (!cursor || !values)
    return (
      <p className={classes.readout}>
        Point at a pixel for its spectrum;
        <br />
        click to keep it, scroll to zoom.
      </p>
    );
  const shown = combination.bands.map((band) => {
    const value = values.find((other) => other.band === band);
    return `${band} ${!value ? "none" : value.reflectance === null ? (value.dn === 0 ? "no data" : "saturated") : value.reflectance.toFixed(4)}`;
  });
  return (
    <p className={classes.readout}>
      {pixelText(cursor)}
      {tile?.transform && `: ${mapText(tile.transform, cursor)}`}
      <br />
      {shown.join(", ")}
    </p>
  );
}

/** Map coordinates of a pixel's centre. */
function mapText([a, b, c, d, e, f]: readonly number[], [column, row]: Pixel): string {
  const [x, y] = [column + 0.5, row + 0.5];
  return `${count(a! * x + b! * y + c!)} E, ${count(d! * x + e! * y + f!)} N`;
}

interface Spectra {
  readonly index: number;
  readonly id: string;
  readonly profile: readonly BandProfile[];
  readonly pins: readonly Pin[];
  readonly cursor: Pixel | null;
  readonly values: readonly SpectrumPoint[];
}

/** What the figure shows, a row a point. */
export function spectraTable({ index, id, profile, pins, cursor, values }: Spectra): string {
  const rows = (what: string, of: { index: number; id: string }, pixel: Pixel | null, points: readonly SpectrumPoint[]) =>
    points.map((point) => [
      what,
      of.id,
      of.index,
      pixel?.[0],
      pixel?.[1],
      point.band,
      point.wavelengthNm,
      point.mean,
      point.minimum,
      point.maximum,
    ]);
  return csvText(
    ["spectrum", "tile", "index", "column", "row", "band", "wavelength_nm", "reflectance", "minimum", "maximum"],
    [
      ...rows("tile mean", { index, id }, null, profile),
      ...pins.flatMap((pinned) => rows("pixel", pinned, pinned.pixel, pinned.points)),
      ...rows("cursor", { index, id }, cursor, values),
    ],
  );
}
