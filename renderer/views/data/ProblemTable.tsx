// Files that were not used, each with its reason.
import { Button, Table } from "@mantine/core";
import type { Problem } from "../../../shared/domain/dataset.ts";
import { csvText, download } from "../../components/figure-export.ts";
import { counted } from "../../state/words.ts";
import classes from "./ProblemTable.module.css";

/** Rows drawn; the file has all. */
const SHOWN = 200;

export function ProblemTable({ problems, fileName }: { problems: readonly Problem[]; fileName: string }) {
  if (problems.length === 0) return null;
  const save = () =>
    download(
      `${fileName}.csv`,
      new Blob(
        [
          csvText(
            ["path", "reason"],
            problems.map(({ path, reason }) => [path, reason]),
          ),
        ],
        { type: "text/csv;charset=utf-8" },
      ),
    );
  return (
    <section aria-label="Problems">
      <div className={classes.head}>
        <h2>{counted(problems.length, "problem")}</h2>
        <Button variant="default" size="compact-xs" onClick={save}>
          Save as CSV
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.rows} tabIndex={0} aria-label="List of problems">
        <Table verticalSpacing={4} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>File</Table.Th>
              <Table.Th>Reason</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {problems.slice(0, SHOWN).map(({ path, reason }, i) => (
              <Table.Tr key={i}>
                <Table.Td className={classes.path}>{path}</Table.Td>
                <Table.Td>{reason}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {problems.length > SHOWN && (
          <p className={classes.more}>{counted(problems.length - SHOWN, "more problem")}: save the list to see all.</p>
        )}
      </section>
    </section>
  );
}
