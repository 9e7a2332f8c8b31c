// One run: its state, health, settings that matter, and every score of its fine-tunings.
import { Alert, Anchor, Button, Group, Table } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { viewPool } from "../../../shared/domain/study.ts";
import type { Study } from "../../../shared/domain/workspace.ts";
import { showError } from "../../components/notices.tsx";
import { Facts, Section } from "../../components/Section.tsx";
import { StatusMark } from "../../components/StatusMark.tsx";
import { Inspector } from "../../components/Workbench.tsx";
import { useHost } from "../../state/host.tsx";
import { formatRoute } from "../../state/router.ts";
import type { LiveRun } from "../../state/study-live.ts";
import { clock, count, duration, rate, score } from "../../state/words.ts";
import classes from "./RunInspector.module.css";
import { RunLog } from "./RunLog.tsx";
import { Verdict } from "./RunNow.tsx";

export interface RunInspectorProps {
  readonly run: LiveRun;
  readonly study: Study;
  readonly onClose: () => void;
}

export function RunInspector({ run, study, onClose }: RunInspectorProps) {
  const { arm, seed, state } = run;
  const last = state.curve.at(-1);
  const [operations] = viewPool(arm);
  const { client } = useHost();
  const retry = useMutation({
    mutationFn: () => client.study.retry({ study: study.name, runs: [{ arm, seed }] }),
    onError: (error) => showError(error, `${arm}, seed ${seed} was not taken back into the queue`),
  });
  return (
    <Inspector kind="Run" title={`${arm}, seed ${seed}`} onClose={onClose} width={424}>
      <div className={classes.state}>
        <StatusMark status={state.status} hasWord />
        {state.f1 !== null && <strong>F1 {score(state.f1)}</strong>}
      </div>
      {state.error && (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} title={`Failed: ${state.error.code}`}>
          {state.error.message}
          <div>
            <Button variant="default" mt={8} loading={retry.isPending} onClick={() => retry.mutate()}>
              Retry from its last checkpoint
            </Button>
          </div>
        </Alert>
      )}
      {state.health.length > 0 && <Verdict run={run} />}
      <Facts
        facts={[
          ["Phase", state.phase],
          ["Doing", state.detail],
          ["Engine", state.engine],
          ["Encoder", study.config.encoder],
          ["Steps", state.steps > 0 ? `${count(state.step)} of ${count(state.steps)}` : null],
          ["Epoch", last ? last.epoch.toFixed(1) : null],
          ["Loss", last ? `${last.loss.toFixed(2)}${state.chance === null ? "" : `, chance ${state.chance.toFixed(2)}`}` : null],
          ["Learning rate", last ? last.learningRate.toExponential(1) : null],
          ["Speed", last ? `${rate(last.viewsPerSecond)} views/s` : null],
          ["Started", state.startedAt === null ? null : clock(state.startedAt)],
          ["Worked on", state.workedMs > 0 ? duration(state.workedMs / 1000) : null],
        ]}
      />
      {state.evaluations.length > 0 && <Evaluations run={run} />}
      <RunLog key={run.key} study={study.name} run={run} />
      <Group gap="md">
        <Anchor size="sm" href={formatRoute({ place: "comparison", subject: study.name, query: { arm } })}>
          Its bar in the comparison
        </Anchor>
        {operations && operations.length > 0 && (
          <Anchor
            size="sm"
            href={formatRoute({ place: "augmentations", subject: study.name, query: { matrix: "result", arm, ops: operations.join(" ") } })}
          >
            Its views on tiles
          </Anchor>
        )}
      </Group>
    </Inspector>
  );
}

function Evaluations({ run }: { run: LiveRun }) {
  return (
    <Section title="Fine-tunings">
      <Table fz="xs" verticalSpacing={3} horizontalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Labels</Table.Th>
            <Table.Th className={classes.number}>Draw</Table.Th>
            <Table.Th className={classes.number}>Train</Table.Th>
            <Table.Th className={classes.number}>F1</Table.Th>
            <Table.Th className={classes.number}>AUC</Table.Th>
            <Table.Th className={classes.number}>AP</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {run.state.evaluations.map((evaluation) => (
            <Table.Tr key={`${evaluation.labelSet} ${evaluation.percent} ${evaluation.draw}`}>
              <Table.Td>
                {evaluation.labelSet}, {evaluation.percent} %
              </Table.Td>
              <Table.Td className={classes.number}>{evaluation.draw + 1}</Table.Td>
              <Table.Td className={classes.number}>{count(evaluation.train)}</Table.Td>
              <Table.Td className={classes.number}>{score(evaluation.f1)}</Table.Td>
              <Table.Td className={classes.number}>{score(evaluation.auc)}</Table.Td>
              <Table.Td className={classes.number}>{score(evaluation.ap)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
