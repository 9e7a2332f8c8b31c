// What a labelling did or would do.
import { Table } from "@mantine/core";
import type { LabelReport } from "../../../../shared/domain/labelling.ts";
import { Warning } from "../../../components/Warning.tsx";
import { count, counted } from "../../../state/words.ts";
import classes from "./Care.module.css";

export function LabelOutcome({ report, isTrial }: { report: LabelReport; isTrial: boolean }) {
  const { source, items, skipped, notes } = report;
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
      {source.kind !== "exclude" && report.classes.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        <section className={classes.classes} tabIndex={0} aria-label="Classes">
          <Table verticalSpacing={2} fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Class</Table.Th>
                <Table.Th className={classes.number ?? ""}>Tiles</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {report.classes.map(({ name, tiles }) => (
                <Table.Tr key={name}>
                  <Table.Td>{name}</Table.Td>
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
