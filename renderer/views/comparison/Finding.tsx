// The finding in plain words, what to keep in mind, and the report.
import { Anchor, Button, CopyButton, Modal, Tooltip } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { PUBLISHED_SOURCE } from "../../../shared/domain/published.ts";
import type { StudyPair } from "../../../shared/domain/study-pair.ts";
import type { StudyResult } from "../../../shared/domain/study-result.ts";
import type { ReportFiles } from "../../../shared/domain/workspace.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { Facts } from "../../components/Section.tsx";
import { SimulationBadgeOf } from "../../components/SimulationBadge.tsx";
import { useHost } from "../../state/host.tsx";
import { counted } from "../../state/words.ts";
import classes from "./Finding.module.css";

export interface FindingProps {
  readonly result: StudyResult;
  /** Null: the published sweep; so is `dataset`. */
  readonly study: string | null;
  readonly dataset: string | null;
  /** With a second study beside it. */
  readonly pair: StudyPair | null;
  /** The arms are being compared: what their metrics alone would say may turn out otherwise, so nothing is said. */
  readonly isPending: boolean;
}

export function Finding({ result, study, dataset, pair, isPending }: FindingProps) {
  const { client } = useHost();
  const report = useMutation({ mutationFn: (name: string) => client.study.report({ study: name }) });
  const { finished } = result.progress;
  return (
    <header className={classes.finding}>
      <div className={classes.words} aria-busy={isPending}>
        {dataset !== null && <SimulationBadgeOf dataset={dataset} />}
        <h2 data-pending={isPending || undefined}>{isPending ? pendingWords(result) : result.headline}</h2>
        {pair && <p className={classes.pair}>{pair.headline}</p>}
        {study === null && <p className={classes.source}>{PUBLISHED_SOURCE}</p>}
        {result.caveats.length > 0 && (
          <ul>
            {result.caveats.map((caveat) => (
              <li key={caveat}>{caveat}</li>
            ))}
          </ul>
        )}
      </div>
      {study !== null && (
        <Tooltip label="One HTML file with the charts and tables of the study, and each as SVG, PNG and CSV">
          <Button
            variant="default"
            leftSection={<IconFileText size={16} />}
            loading={report.isPending}
            disabled={finished === 0}
            onClick={() => report.mutate(study)}
          >
            Write report
          </Button>
        </Tooltip>
      )}
      <Modal
        opened={report.isSuccess || report.isError}
        onClose={report.reset}
        title={report.isError ? "The report was not written" : "Report written"}
        size="lg"
      >
        {report.error && <ErrorNote error={report.error} />}
        {report.data && <Written files={report.data} />}
      </Modal>
    </header>
  );
}

const pendingWords = ({ arms, threshold }: StudyResult) =>
  `Comparing ${counted(arms.filter(({ f1 }) => f1 !== null).length, "arm")} by their test tiles, positive from a score of ${threshold.toFixed(2)}`;

function Written({ files }: { files: ReportFiles }) {
  return (
    <>
      <Facts
        facts={[
          ["Report", <Path key="html" path={files.html} />],
          ["Folder", <Path key="folder" path={files.folder} />],
          [
            "In it",
            `${counted(files.csv.length, "table")} as CSV, ${counted(files.svg.length, "chart")} as SVG, ${counted(files.png.length, "chart")} as PNG`,
          ],
        ]}
      />
      <p className={classes.source}>The report is one file: open it in a browser, or send it.</p>
    </>
  );
}

function Path({ path }: { path: string }) {
  return (
    <span className={classes.path}>
      <code>{path}</code>
      <CopyButton value={path}>
        {({ copied, copy }) => (
          <Anchor component="button" type="button" size="xs" onClick={copy}>
            {copied ? "copied" : "copy"}
          </Anchor>
        )}
      </CopyButton>
    </span>
  );
}
