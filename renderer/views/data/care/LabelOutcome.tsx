// What a labelling did or would do.
import { Table } from "@mantine/core";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import type { LabelReport } from "../../../../shared/domain/labelling.ts";
import { Warning } from "../../../components/Warning.tsx";
import { count, counted } from "../../../state/words.ts";
import classes from "./Care.module.css";

export interface LabelOutcomeProps {
  readonly report: LabelReport;
  /** Classes of the data set before. */
  readonly before: Dataset["classes"];
  readonly isTrial: boolean;
}

export function LabelOutcome({ report, before, isTrial }: LabelOutcomeProps) {
  const { source, items, skipped, notes } = report;
  const rows = changesOf(before, report.classes);
  const noun = items === "rows" ? "row" : "polygon";
  return (
    <section className={classes.report} aria-label={isTrial ? "Outcome of the trial" : "Outcome"}>
      <p>
        <strong>{isTrial ? "A trial: nothing is changed yet." : "The data set is changed."}</strong> {counted(report.read, noun)} read,{" "}
        {count(report.used)} of them used; they tell of {count(report.matched)} of {counted(report.tiles, "tile")}.{" "}
        {source.kind === "exclude"
          ? `${counted(report.excluded, "tile")} out of use ${isTrial ? "then" : "now"}.`
          : `${counted(report.labelled, "tile")} with known labels ${isTrial ? "then" : "now"}, ${count(report.tiles - report.labelled)} without.`}
      </p>
      <Warning>
        {isTrial
          ? "Studies and runs that began on it cannot go on once this is applied: make a new study then."
          : "Studies and runs that began before cannot go on: make a new study on it."}
      </Warning>
      {source.kind !== "exclude" && rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        <section className={classes.classes} tabIndex={0} aria-label="Classes">
          <Table verticalSpacing={2} fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Class</Table.Th>
                <Table.Th className={classes.number ?? ""}>Tiles before</Table.Th>
                <Table.Th className={classes.number ?? ""}>after</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ name, old, tiles }) => (
                <Table.Tr key={name} fw={old === tiles ? undefined : 600}>
                  <Table.Td>{name}</Table.Td>
                  <Table.Td className={classes.number ?? ""}>{count(old)}</Table.Td>
                  <Table.Td className={classes.number ?? ""}>{count(tiles)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
      {skipped.length + notes.length > 0 && (
        <ul>
          {skipped.map(({ reason, count: times, examples }) => (
            <li key={reason}>
              {count(times)} x {reason}: {examples.join(", ")}
              {times > examples.length && " ..."}
            </li>
          ))}
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Classes before and after; those that change first. */
function changesOf(before: Dataset["classes"], after: Dataset["classes"]) {
  const old = new Map(before.map(({ name, tiles }) => [name, tiles]));
  const gone = before.filter(({ name }) => !after.some((other) => other.name === name)).map(({ name }) => ({ name, tiles: 0 }));
  const rows = [...after, ...gone].map(({ name, tiles }) => ({ name, tiles, old: old.get(name) ?? 0 }));
  return rows.sort((a, b) => Number(a.old === a.tiles) - Number(b.old === b.tiles));
}
