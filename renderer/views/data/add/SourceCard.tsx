// One source that a scan found: what it is, how its numbers become reflectance, what to look at before it is taken.
import { Button, Checkbox } from "@mantine/core";
import { useId } from "react";
import { SOURCE_TITLES, type Source } from "../../../../shared/domain/dataset.ts";
import { proposedOffset } from "../../../../shared/domain/ingest-settings.ts";
import { SimulationBadge } from "../../../components/SimulationBadge.tsx";
import { Warning } from "../../../components/Warning.tsx";
import { bytes, count, counted, percent, radiometryText } from "../../../state/words.ts";
import classes from "./SourceCard.module.css";

export interface SourceCardProps {
  readonly source: Source;
  readonly isTaken: boolean;
  /** Why it is left out although it is taken: the others are unlike it. */
  readonly misfit: string | null;
  readonly onToggle: () => void;
  readonly onSetOffset: (offset: number) => void;
}

const SHOWN_CRS = 3;

const MASKS: Readonly<Record<string, string>> = {
  "scene-classes": "scene classification",
  classification: "cloud classification",
  probability: "cloud probability",
  outlines: "cloud outlines",
  "cloud-classes": "cloud mask",
};

export function SourceCard({ source, isTaken, misfit, onToggle, onSetOffset }: SourceCardProps) {
  const id = useId();
  const { quantification, offset, source: told } = source.radiometry;
  return (
    <article className={classes.card} data-taken={isTaken || undefined} aria-labelledby={id}>
      <Checkbox className={classes.check ?? ""} checked={isTaken} onChange={onToggle} aria-labelledby={`${id} ${id}-path`} />
      <div className={classes.head}>
        <h3 id={id}>{SOURCE_TITLES[source.kind]}</h3>
        {source.simulated && <SimulationBadge />}
        <span className={classes.counts}>
          {source.patches !== source.tiles && `${counted(source.patches, "scene")}, `}
          {counted(source.tiles, "tile")} of {source.tilePixels} px, {bytes(source.bytes)}
        </span>
      </div>
      <p className={classes.path} id={`${id}-path`}>
        {source.path}
      </p>
      <dl className={classes.facts}>
        {factsOf(source).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className={classes.radiometry}>
        Reflectance = {radiometryText(quantification, offset)} <span data-unsure={told.startsWith("assumed") || undefined}>{told}</span>
      </p>
      {misfit !== null && <Warning>Left out beside the others: {misfit}</Warning>}
      {source.warnings.map((warning) => {
        const remedy = proposedOffset(warning);
        return (
          <Warning key={warning}>
            {warning}
            {remedy !== null && (
              <>
                {" "}
                <Button variant="default" size="compact-xs" onClick={() => onSetOffset(remedy)}>
                  Set the offset to {remedy < 0 ? `−${count(-remedy)}` : count(remedy)}
                </Button>
              </>
            )}
          </Warning>
        );
      })}
      {source.notes.length > 0 && (
        <ul className={classes.notes}>
          {source.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </article>
  );
}

function factsOf(source: Source): (readonly [string, string])[] {
  const { crs, dates, baselines, cloudPercent, nodata, masks } = source;
  const facts: (readonly [string, string | null])[] = [
    ["Bands", `${source.bands.length}: ${source.bands.join(" ")}`],
    ["Dates", dates ? [...new Set(dates)].join(" to ") : "not told"],
    ["CRS", crs.length > SHOWN_CRS ? `${crs.slice(0, 2).join(", ")} and ${crs.length - 2} more` : crs.join(", ") || "none"],
    ["Labels", source.labelled > 0 ? counted(source.labelled, "tile") : "none"],
    [baselines.length === 1 ? "Baseline" : "Baselines", baselines.join(", ") || null],
    ["Cloud", cloudPercent === null ? null : `${percent(cloudPercent / 100)} on average`],
    ["No data", nodata === null ? null : percent(nodata)],
    ["Masks", masks.map((mask) => MASKS[mask] ?? mask).join(", ") || null],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}
