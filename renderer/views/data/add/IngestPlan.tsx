// What a scan found, as a plan that the user agrees to.
import { Button, Checkbox, NumberInput, Table, TextInput, VisuallyHidden } from "@mantine/core";
import { IconDatabaseImport, IconFolderOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { ScanResult, Source, SourceKind } from "../../../../shared/domain/dataset.ts";
import { NameSchema } from "../../../../shared/domain/workspace.ts";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { SimulationBadge } from "../../../components/SimulationBadge.tsx";
import { useHost, useWorkspace } from "../../../state/host.tsx";
import { useRoute } from "../../../state/router.ts";
import { bytes, count, counted, radiometryText } from "../../../state/words.ts";
import { ProblemTable } from "../ProblemTable.tsx";
import classes from "./AddData.module.css";

const KINDS: Readonly<Record<SourceKind, string>> = {
  "bigearthnet-v1": "BigEarthNet v1",
  "bigearthnet-v2": "BigEarthNet v2",
  "eurosat-ms": "EuroSAT MS",
  "safe-l1c": "Sentinel-2 Level-1C products",
  "safe-l2a": "Sentinel-2 Level-2A products",
  "geotiff-bands": "Scenes, an image a band",
  "multi-band": "Images with all bands",
  tfrecords: "TFRecords of the study",
};

export function IngestPlan({ folder, result }: { folder: string; result: ScanResult }) {
  const { client } = useHost();
  const workspace = useWorkspace();
  const { go } = useRoute();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [name, setName] = useState(() => nameFor(folder));
  const [tilePixels, setTilePixels] = useState(120);
  const taken = result.sources.filter(({ path }) => !left.has(path));
  const ingest = useMutation({
    mutationFn: () => client.data.ingest({ folders: [...new Set(taken.map(({ path }) => path))], dataset: name, tilePixels }),
    onSuccess: () => go({ place: "data" }),
  });

  if (result.sources.length === 0) {
    return (
      <>
        <EmptyState icon={IconFolderOff} title="No Sentinel-2 data was found in this folder">
          What is read: BigEarthNet v1 patches, EuroSAT MS tiles, GeoTIFF bands with names such as B04.tif.{" "}
          {result.problems.length > 0 && "The files below look like data, but cannot be used."}
        </EmptyState>
        <ProblemTable problems={result.problems} fileName="scan-problems" />
      </>
    );
  }

  const problem = nameProblem(name, workspace?.datasets.find((dataset) => dataset.name === name)?.complete ?? false);
  const tiles = taken.reduce((sum, source) => sum + source.tiles, 0);
  const size = taken.reduce((sum, source) => sum + source.bytes, 0);
  const toggle = (path: string) =>
    setLeft((now) => (now.has(path) ? new Set([...now].filter((other) => other !== path)) : new Set([...now, path])));
  return (
    <>
      <div className={classes.sources}>
        <Table verticalSpacing={6} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={36}>
                <VisuallyHidden>Take</VisuallyHidden>
              </Table.Th>
              <Table.Th>Source</Table.Th>
              <Table.Th className={classes.number}>Patches</Table.Th>
              <Table.Th className={classes.number}>Tiles</Table.Th>
              <Table.Th className={classes.number}>Labelled</Table.Th>
              <Table.Th>Bands</Table.Th>
              <Table.Th>Dates</Table.Th>
              <Table.Th>CRS</Table.Th>
              <Table.Th>Radiometry</Table.Th>
              <Table.Th className={classes.number}>Size</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {result.sources.map((source) => (
              <SourceRow
                key={`${source.kind} ${source.path}`}
                source={source}
                isTaken={!left.has(source.path)}
                onToggle={() => toggle(source.path)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <div className={classes.agree}>
        <TextInput
          label="Name of the data set"
          w={220}
          value={name}
          error={problem}
          onChange={(event) => setName(event.currentTarget.value.trim())}
        />
        <NumberInput
          label="Tile side, px of 10 m"
          w={150}
          min={32}
          max={512}
          value={tilePixels}
          onChange={(value) => {
            if (typeof value === "number") setTilePixels(value);
          }}
        />
        <p className={classes.summary}>
          Takes {counted(tiles, "tile")} from {counted(taken.length, "source")}, about {bytes(size)} to read.
        </p>
        <Button
          leftSection={<IconDatabaseImport size={16} />}
          disabled={problem !== null || taken.length === 0}
          loading={ingest.isPending}
          onClick={() => ingest.mutate()}
        >
          Ingest {count(tiles)} tiles
        </Button>
      </div>
      {ingest.error && <ErrorNote error={ingest.error} />}
      <ProblemTable problems={result.problems} fileName="scan-problems" />
    </>
  );
}

function SourceRow({ source, isTaken, onToggle }: { source: Source; isTaken: boolean; onToggle: () => void }) {
  const { quantification, offset, source: origin } = source.radiometry;
  return (
    <Table.Tr>
      <Table.Td>
        <Checkbox checked={isTaken} onChange={onToggle} aria-label={`Take ${source.path}`} />
      </Table.Td>
      <Table.Td>
        <span className={classes.kind}>{KINDS[source.kind]}</span> {source.simulated && <SimulationBadge />}
        <span className={classes.sourcePath}>{source.path}</span>
        {source.notes?.map((note) => (
          <span key={note} className={classes.sourcePath}>
            {note}
          </span>
        ))}
      </Table.Td>
      <Table.Td className={classes.number}>{count(source.patches)}</Table.Td>
      <Table.Td className={classes.number}>
        {count(source.tiles)}
        <span className={classes.sourcePath}>{source.tilePixels} px</span>
      </Table.Td>
      <Table.Td className={classes.number}>{source.labelled > 0 ? count(source.labelled) : "none"}</Table.Td>
      <Table.Td className={classes.bands} title={source.bands.join(" ")}>
        {source.bands.length}: {source.bands.join(" ")}
      </Table.Td>
      <Table.Td>{source.dates ? datesText(source.dates) : "unknown"}</Table.Td>
      <Table.Td>
        {source.crs.length > 3 ? `${source.crs.slice(0, 2).join(", ")} and ${source.crs.length - 2} more` : source.crs.join(", ") || "none"}
      </Table.Td>
      <Table.Td>
        {radiometryText(quantification, offset)}
        <span className={classes.sourcePath}>{origin}</span>
      </Table.Td>
      <Table.Td className={classes.number}>{bytes(source.bytes)}</Table.Td>
    </Table.Tr>
  );
}

const datesText = ([first, last]: readonly [string, string]) => (first === last ? first : `${first} to ${last}`);

/** A name that a folder suggests. */
function nameFor(folder: string): string {
  const base = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? "";
  const name = base
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64);
  return name === "" ? "tiles" : name;
}

function nameProblem(name: string, isTaken: boolean): string | null {
  const parsed = NameSchema.safeParse(name);
  if (!parsed.success) return parsed.error.issues[0]!.message;
  return isTaken ? "There is a data set of this name. Give another." : null;
}
