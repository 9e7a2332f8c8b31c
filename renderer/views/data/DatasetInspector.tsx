// A data set as a whole: what it holds, where it comes from, what was skipped.
import { Button, Table } from "@mantine/core";
import { BANDS } from "../../../shared/domain/bands.ts";
import { type Dataset, SOURCE_TITLES, tilesInUse } from "../../../shared/domain/dataset.ts";
import { csvText, download } from "../../components/figure-export.ts";
import { Facts, Section } from "../../components/Section.tsx";
import { Warning } from "../../components/Warning.tsx";
import { Inspector } from "../../components/Workbench.tsx";
import { count, counted, radiometryText } from "../../state/words.ts";
import classes from "./DatasetInspector.module.css";
import { ProblemTable } from "./ProblemTable.tsx";

export function DatasetInspector({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const { quantification, offset, source } = dataset.radiometry;
  const excluded = dataset.tiles - tilesInUse(dataset);
  return (
    <Inspector kind="Data set" title={dataset.name} onClose={onClose}>
      <Facts
        facts={[
          ["Tiles", `${count(dataset.tiles)} of ${dataset.tilePixels} px`],
          ["Out of use", excluded > 0 ? `${counted(excluded, "tile")}, by exclusion lists` : null],
          ["Bands", dataset.groups.map(({ name, bands }) => `${name}: ${bands.join(" ")}`).join("; ")],
          ["Classes", dataset.classes.length > 0 ? count(dataset.classes.length) : "no labels"],
          ["Reflectance", `${radiometryText(quantification, offset)}, ${source}`],
          ["Made", dataset.created.slice(0, 10)],
          ["Fingerprint", dataset.fingerprint.slice(0, 16)],
        ]}
      />
      <BandTable dataset={dataset} />
      <Section title={counted(dataset.sources.length, "source")}>
        <ul className={classes.sources}>
          {dataset.sources.map((found) => (
            <li key={`${found.key} ${found.kind} ${found.path}`}>
              <strong>{SOURCE_TITLES[found.kind]}</strong>, {counted(found.tiles, "tile")}
              <span>{found.path}</span>
              <span>
                {radiometryText(found.radiometry.quantification, found.radiometry.offset)}: {found.radiometry.source}
              </span>
              {found.warnings.map((warning) => (
                <Warning key={warning}>{warning}</Warning>
              ))}
            </li>
          ))}
        </ul>
      </Section>
      {dataset.skipped.length > 0 && <ProblemTable problems={dataset.skipped} fileName={`${dataset.name}-skipped`} />}
    </Inspector>
  );
}

function BandTable({ dataset }: { dataset: Dataset }) {
  const rows = dataset.groups
    .flatMap(({ bands }) => bands)
    .flatMap((band) => {
      const statistics = dataset.statistics[band];
      return statistics ? [{ band, ...statistics }] : [];
    });
  if (rows.length === 0) return null;
  rows.sort((a, b) => BANDS[a.band].wavelengthNm - BANDS[b.band].wavelengthNm);
  const save = () =>
    download(
      `${dataset.name}-bands.csv`,
      new Blob(
        [
          csvText(
            ["band", "wavelength_nm", "mean", "std", "minimum", "maximum", "valid_pixels"],
            rows.map((row) => [row.band, BANDS[row.band].wavelengthNm, row.mean, row.std, row.minimum, row.maximum, row.validPixels]),
          ),
        ],
        { type: "text/csv;charset=utf-8" },
      ),
    );
  return (
    <Section
      title="Reflectance of the bands"
      aside={
        <Button variant="default" size="compact-xs" onClick={save}>
          Save as CSV
        </Button>
      }
    >
      <Table verticalSpacing={3} fz="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Band</Table.Th>
            <Table.Th className={classes.number}>nm</Table.Th>
            <Table.Th className={classes.number}>mean</Table.Th>
            <Table.Th className={classes.number}>std</Table.Th>
            <Table.Th className={classes.number}>max</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.band}>
              <Table.Td>{row.band}</Table.Td>
              <Table.Td className={classes.number}>{BANDS[row.band].wavelengthNm}</Table.Td>
              <Table.Td className={classes.number}>{row.mean.toFixed(3)}</Table.Td>
              <Table.Td className={classes.number}>{row.std.toFixed(3)}</Table.Td>
              <Table.Td className={classes.number}>{row.maximum.toFixed(2)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
