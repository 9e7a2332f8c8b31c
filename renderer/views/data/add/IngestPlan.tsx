// What a scan found, as a plan that the user agrees to: which sources, how they are cut, how their numbers are read.
import { Button, MultiSelect, NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconDatabaseImport, IconFolderOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { BandName } from "../../../../shared/domain/bands.ts";
import type { ScanResult, Source } from "../../../../shared/domain/dataset.ts";
import { type Cut, type Outlook, outlook, WHOLE } from "../../../../shared/domain/ingest-outlook.ts";
import {
  type BandOrder,
  LARGEST_TILE_PIXELS,
  type RadiometryOverride,
  SMALLEST_TILE_PIXELS,
  type TileSample,
} from "../../../../shared/domain/ingest-settings.ts";
import { NameSchema } from "../../../../shared/domain/workspace.ts";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { Warning } from "../../../components/Warning.tsx";
import { useHost, useWorkspace } from "../../../state/host.tsx";
import { useRoute } from "../../../state/router.ts";
import { bytes, count, counted, duration, radiometryText } from "../../../state/words.ts";
import { ShareSlider } from "../FilterPanel.tsx";
import { ProblemTable } from "../ProblemTable.tsx";
import classes from "./AddData.module.css";
import { nameFor } from "./name.ts";
import { SourceCard } from "./SourceCard.tsx";

interface IngestPlanProps {
  readonly folder: string;
  /** The order of bands that the scan was told. */
  readonly bandOrder: BandOrder | null;
  readonly result: ScanResult;
}

export function IngestPlan({ folder, bandOrder, result }: IngestPlanProps) {
  if (result.sources.length > 0) return <Plan folder={folder} bandOrder={bandOrder} result={result} />;
  return (
    <>
      <EmptyState icon={IconFolderOff} title="No Sentinel-2 data was found in this folder">
        What is read: Sentinel-2 products, BigEarthNet and EuroSAT patches, images with a band each or with all bands.{" "}
        {result.problems.length > 0 && "The files below look like data, but cannot be used."}
      </EmptyState>
      <ProblemTable problems={result.problems} fileName="scan-problems" />
    </>
  );
}

const FIRST_SAMPLE: TileSample = { tiles: 2000, by: "tile", seed: 0 };
const NO_OFFSET: RadiometryOverride = { offset: 0, quantification: 10_000 };

function Plan({ folder, bandOrder, result }: IngestPlanProps) {
  const { client } = useHost();
  const workspace = useWorkspace();
  const { go } = useRoute();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [name, setName] = useState(() => nameFor(folder));
  const [cut, setCut] = useState(WHOLE);
  const [radiometry, setRadiometry] = useState<RadiometryOverride | null>(null);
  const taken = result.sources.filter(({ key }) => !left.has(key));
  const expected = outlook(taken, cut, result.threads);
  const lack = result.freeBytes === null ? 0 : expected.diskBytes - result.freeBytes;
  const ingest = useMutation({
    mutationFn: () =>
      client.data.ingest({
        folders: [folder],
        dataset: name,
        ...cut,
        bands: cut.bands && [...cut.bands],
        bandOrder,
        radiometry,
        only: taken.length < result.sources.length ? taken.map(({ key }) => key) : null,
      }),
    onSuccess: () => go({ place: "data" }),
  });
  const problem = nameProblem(name, workspace?.datasets.find((dataset) => dataset.name === name)?.complete ?? false);
  const toggle = (key: string) =>
    setLeft((now) => (now.has(key) ? new Set([...now].filter((other) => other !== key)) : new Set([...now, key])));
  const near = expected.isNear ? "about " : "";
  return (
    <>
      <div className={classes.sources}>
        {result.sources.map((source) => (
          <SourceCard
            key={source.key}
            source={source}
            isTaken={!left.has(source.key)}
            misfit={expected.misfits.find((misfit) => misfit.source === source)?.reason ?? null}
            onToggle={() => toggle(source.key)}
            onSetOffset={(offset) => setRadiometry({ offset, quantification: source.radiometry.quantification })}
          />
        ))}
      </div>
      <section className={classes.settings} aria-label="How it is read">
        <TextInput
          label="Name of the data set"
          w={210}
          value={name}
          error={problem}
          onChange={(event) => setName(event.currentTarget.value.trim())}
        />
        <CutFields cut={cut} taken={taken} onChange={setCut} />
      </section>
      <LimitFields cut={cut} expected={expected} onChange={setCut} />
      <RadiometryFields radiometry={radiometry} taken={taken} onChange={setRadiometry} />
      <div className={classes.agree}>
        <p className={classes.summary}>
          Takes {near}
          {counted(expected.tiles, "tile")} in {counted(expected.bands.length, "band")} from{" "}
          {counted(taken.length - expected.misfits.length, "source")}: about {bytes(expected.readBytes)}{" "}
          {cut.sample ? "of imagery to read from" : "to read"}, {bytes(expected.diskBytes)} to store
          {result.freeBytes !== null && <> ({bytes(result.freeBytes)} free)</>}. {timeOf(expected, result.threads)}
          {cut.bands === null && expected.lacking.length > 0 && (
            <> {expected.lacking.join(", ")} left out: not all sources have them. Take the sources one by one to keep them.</>
          )}
        </p>
        <Button
          leftSection={<IconDatabaseImport size={16} />}
          disabled={problem !== null || taken.length === 0 || expected.bands.length === 0 || expected.tiles === 0 || lack > 0}
          loading={ingest.isPending}
          onClick={() => ingest.mutate()}
        >
          Ingest {near}
          {count(expected.tiles)} tiles
        </Button>
      </div>
      {lack > 0 && (
        <Warning>
          The tiles need {bytes(expected.diskBytes)}, {bytes(lack)} more than the workspace's disk has free. Free some space, draw fewer
          tiles or take fewer bands.
        </Warning>
      )}
      {ingest.error && <ErrorNote error={ingest.error} />}
      <ProblemTable problems={result.problems} fileName="scan-problems" />
    </>
  );
}

/** How long it takes, and what that is known by. */
function timeOf({ seconds, triedTiles }: Outlook, threads: number): string {
  if (seconds === null) return "How long that takes is not known: nothing was tried, since other work was going on.";
  return `About ${duration(Math.max(1, seconds))} with ${counted(threads, "thread")}, by ${counted(triedTiles, "tile")} that were read here for this plan.`;
}

interface LimitFieldsProps {
  readonly cut: Cut;
  readonly expected: Outlook;
  readonly onChange: (cut: Cut) => void;
}

/** What is left out for its clouds, or for lack of data. */
function LimitFields({ cut, expected: { tiles, readTiles, triedTiles }, onChange }: LimitFieldsProps) {
  const isLimited = cut.maxCloud !== null || cut.maxNodata !== null;
  return (
    <section className={classes.limits} aria-label="Tiles that are left out">
      <ShareSlider title="Cloud" value={cut.maxCloud ?? undefined} onChange={(share) => onChange({ ...cut, maxCloud: share ?? null })} />
      <ShareSlider
        title="No data"
        value={cut.maxNodata ?? undefined}
        onChange={(share) => onChange({ ...cut, maxNodata: share ?? null })}
      />
      <p className={classes.summary} aria-live="polite">
        {isLimited ? (
          <>
            Keeps about {count(tiles)} of {counted(readTiles, "tile")}
            {triedTiles > 0 ? `, as of the ${count(triedTiles)} that were read for this plan` : ": no tile was tried, so all are counted"}.
            Tiles whose clouds nothing tells are kept.
          </>
        ) : (
          "Tiles of any cloud and with any share of no data are taken; those without any data never are."
        )}
      </p>
    </section>
  );
}

interface CutFieldsProps {
  readonly cut: Cut;
  readonly taken: readonly Source[];
  readonly onChange: (cut: Cut) => void;
}

function CutFields({ cut, taken, onChange }: CutFieldsProps) {
  const { tilePixels, stridePixels, sample, bands } = cut;
  const { bands: common } = outlook(taken, { ...cut, bands: null });
  return (
    <>
      <NumberInput
        label="Tile side, 10 m px"
        w={140}
        min={SMALLEST_TILE_PIXELS}
        max={LARGEST_TILE_PIXELS}
        step={2}
        value={tilePixels}
        onChange={(value) => typeof value === "number" && onChange({ ...cut, tilePixels: value })}
      />
      <NumberInput
        label="Stride, 10 m px"
        w={130}
        min={1}
        max={LARGEST_TILE_PIXELS * 8}
        placeholder="edge to edge"
        value={stridePixels ?? ""}
        onChange={(value) => onChange({ ...cut, stridePixels: typeof value === "number" ? value : null })}
      />
      <NumberInput
        label="Draw tiles, at most"
        w={140}
        min={1}
        thousandSeparator=","
        placeholder="all"
        value={sample?.tiles ?? ""}
        onChange={(value) =>
          onChange({
            ...cut,
            sample: typeof value === "number" && value >= 1 ? { ...(sample ?? FIRST_SAMPLE), tiles: Math.floor(value) } : null,
          })
        }
      />
      {sample && (
        <>
          <Select
            label="Drawn"
            w={210}
            data={[
              { value: "tile", label: "each tile as likely" },
              { value: "scene", label: "as many of each scene" },
            ]}
            value={sample.by}
            onChange={(by) => onChange({ ...cut, sample: { ...sample, by: by === "scene" ? "scene" : "tile" } })}
          />
          <NumberInput
            label="Seed"
            w={80}
            min={0}
            allowDecimal={false}
            value={sample.seed}
            onChange={(seed) => typeof seed === "number" && onChange({ ...cut, sample: { ...sample, seed } })}
          />
        </>
      )}
      <MultiSelect
        label="Bands"
        className={classes.bandsField ?? ""}
        clearable
        data={[...common]}
        placeholder={bands === null ? `all ${common.length} in common` : ""}
        value={bands === null ? [] : [...bands]}
        onChange={(next) => onChange({ ...cut, bands: next.length > 0 ? (next as BandName[]) : null })}
      />
    </>
  );
}

interface RadiometryFieldsProps {
  readonly radiometry: RadiometryOverride | null;
  readonly taken: readonly Source[];
  readonly onChange: (radiometry: RadiometryOverride | null) => void;
}

function RadiometryFields({ radiometry, taken, onChange }: RadiometryFieldsProps) {
  const told = [...new Set(taken.map(({ radiometry: own }) => radiometryText(own.quantification, own.offset)))];
  return (
    <section className={classes.settings} aria-label="Reflectance">
      <div>
        <p className={classes.label} id="radiometry-choice">
          Reflectance
        </p>
        <SegmentedControl
          aria-labelledby="radiometry-choice"
          data={[
            { value: "told", label: "as each source tells" },
            { value: "set", label: "set by hand" },
          ]}
          value={radiometry === null ? "told" : "set"}
          onChange={(how) => onChange(how === "set" ? NO_OFFSET : null)}
        />
      </div>
      {radiometry && (
        <>
          <NumberInput
            label="Offset, DN"
            w={120}
            thousandSeparator=","
            value={radiometry.offset}
            onChange={(offset) => typeof offset === "number" && onChange({ ...radiometry, offset })}
          />
          <NumberInput
            label="Quantification, DN"
            w={140}
            min={1}
            thousandSeparator=","
            value={radiometry.quantification}
            onChange={(quantification) =>
              typeof quantification === "number" && quantification > 0 && onChange({ ...radiometry, quantification })
            }
          />
          <div className={classes.statement}>
            <Warning>
              The reflectance of every tile of {counted(taken.length, "source")} becomes{" "}
              <strong>{radiometryText(radiometry.quantification, radiometry.offset)}</strong> instead of {told.join(" or ")}. Means,
              pictures and all that is learnt from them follow; the data set records that it was set by hand.
              {taken.length > 1 && " To set it for one source only, take that one alone."}
            </Warning>
          </div>
        </>
      )}
    </section>
  );
}

function nameProblem(name: string, isTaken: boolean): string | null {
  const parsed = NameSchema.safeParse(name);
  if (!parsed.success) return parsed.error.issues[0]!.message;
  return isTaken ? "There is a data set of this name. Give another." : null;
}
