// All of a data set against its checksums.
import { Button, Group, Modal, Stack } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useCallback, useEffect } from "react";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import type { VerifyReport } from "../../../../shared/domain/tile-query.ts";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { Warning } from "../../../components/Warning.tsx";
import { useHost } from "../../../state/host.tsx";
import { bytes, counted } from "../../../state/words.ts";
import { useWork } from "../../../state/work.ts";
import { ProblemTable } from "../ProblemTable.tsx";
import classes from "./Care.module.css";
import { WorkProgress } from "./WorkProgress.tsx";

export function VerifyDialog({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const { client } = useHost();
  const { state, start, stop } = useWork<VerifyReport>();
  const { name } = dataset;
  const verify = useCallback(() => start((signal) => client.dataset.verify({ dataset: name }, { signal })), [start, client, name]);
  useEffect(verify, [verify]);
  return (
    <Modal opened onClose={onClose} size="lg" title={`Verify ${name}`}>
      <Stack gap="sm">
        {state.kind === "running" && <WorkProgress label={`Verifying ${name}`} doing="Reading" unit="tile" {...state} onCancel={stop} />}
        {state.kind === "idle" && <p>It was cancelled: nothing is known of the tiles that were not read.</p>}
        {state.kind === "failed" && <ErrorNote error={state.error} onRetry={verify} />}
        {state.kind === "done" && <Report report={state.report} name={name} />}
        <Group justify="flex-end">
          {(state.kind === "idle" || state.kind === "done") && (
            <Button variant="default" onClick={verify}>
              Verify again
            </Button>
          )}
          <Button onClick={onClose}>Close</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Report({ report, name }: { report: VerifyReport; name: string }) {
  const { tiles, damagedTiles, damaged, problems, notes } = report;
  const faults = [
    ...problems,
    ...damaged.map(({ index, id, path, reason }) => ({ path: `${id ?? `row ${index}`}${path ? `, ${path}` : ""}`, reason })),
  ];
  return (
    <>
      {damagedTiles + problems.length === 0 ? (
        <p className={classes.good}>
          <IconCircleCheck size={18} aria-hidden />
          All {counted(tiles, "tile")} are as they were stored ({bytes(report.bytes)} of pixels).
        </p>
      ) : (
        <Warning>
          {damagedTiles > 0 && `${counted(damagedTiles, "tile")} of ${counted(tiles, "tile")} are damaged. `}
          {problems.length > 0 && `${counted(problems.length, "file")} cannot be used. `}
          Put a copy of the files back, or delete the data set and ingest its folders again. Until then no run on these tiles can be
          trusted.
        </Warning>
      )}
      {notes.map((note) => (
        <p key={note} className={classes.muted}>
          {note}
        </p>
      ))}
      <ProblemTable problems={faults} fileName={`${name}-damaged`} />
    </>
  );
}
