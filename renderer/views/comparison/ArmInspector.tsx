// One arm: its score against the control, each label set and seed, its curves.
import { Anchor, Table } from "@mantine/core";
import { useCallback } from "react";
import { viewPool } from "../../../shared/domain/study.ts";
import { type ArmResult, differenceDecimals, type StudyResult, scoreDecimals } from "../../../shared/domain/study-result.ts";
import { percentText, probabilityText, signed } from "../../../shared/figures/f1-bars.ts";
import { lossCurves } from "../../../shared/figures/loss-curves.ts";
import { FAMILY_LABELS, type FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { Facts, Section } from "../../components/Section.tsx";
import { StatusMark } from "../../components/StatusMark.tsx";
import { Inspector } from "../../components/Workbench.tsx";
import { formatRoute } from "../../state/router.ts";
import type { LiveRun } from "../../state/study-live.ts";
import { count, score as scoreTo } from "../../state/words.ts";
import { curveOf } from "../training/curves.ts";
import classes from "./ArmInspector.module.css";

export interface ArmInspectorProps {
  readonly arm: ArmResult;
  readonly result: StudyResult;
  readonly runs: readonly LiveRun[];
  /** Null: the published sweep. */
  readonly study: string | null;
  readonly onClose: () => void;
}

export function ArmInspector({ arm, result, runs, study, onClose }: ArmInspectorProps) {
  const draw = useCallback((width: number, theme: FigureTheme) => lossCurves(runs.map(curveOf), { width, theme, height: 200 }), [runs]);
  const [operations] = viewPool(arm.arm);
  const decimals = scoreDecimals(result);
  const score = (value: number | null) => scoreTo(value, decimals);
  const hasCurve = runs.some(({ state }) => state.curve.length > 0);
  return (
    <Inspector kind="Arm" title={arm.arm} onClose={onClose}>
      <div>
        <p className={classes.score}>{arm.f1 === null ? "no score yet" : `F1 ${score(arm.f1)}`}</p>
        {arm.interval && (
          <p className={classes.note}>
            95 %: {score(arm.interval.low)} to {score(arm.interval.high)}, over {arm.intervalOf}
          </p>
        )}
        <p className={classes.verdict}>{verdictOf(arm, result)}</p>
      </div>
      <Facts
        facts={[
          ["State", <StatusMark key="state" status={arm.status} hasWord />],
          ["Runs", `${count(arm.finished)} of ${count(arm.runs)} finished${arm.failed > 0 ? `, ${count(arm.failed)} failed` : ""}`],
          ["Family", FAMILY_LABELS[arm.family]],
          ["Operations", operations && operations.length > 0 ? operations.join(", ") : null],
          ["Rank", arm.rank === null ? null : `${arm.rank} of ${result.arms.filter(({ f1 }) => f1 !== null).length}`],
          ["AUC", score(arm.auc)],
          ["AP", score(arm.ap)],
          ["Precision", score(arm.precision)],
          ["Recall", score(arm.recall)],
          ["Bottom quarter", arm.probabilityBottomQuarter === null ? null : `probability ${percentText(arm.probabilityBottomQuarter)}`],
          [
            "Second stage",
            arm.family === "control" || arm.family === "special" || arm.family === "full" ? null : arm.isDropped ? "dropped" : "kept",
          ],
          [
            "To the best couplet",
            arm.toBest?.pHolm == null
              ? null
              : `${signed(-arm.toBest.mean, differenceDecimals(result))}, ${probabilityText(arm.toBest.pHolm)}`,
          ],
          ["Published", score(arm.publishedF1)],
        ]}
      />
      <LabelSets arm={arm} decimals={decimals} />
      {arm.seeds.length > 0 && study !== null && <Seeds arm={arm} decimals={decimals} />}
      {hasCurve && <FigurePanel title="Loss" fileName={`loss-${arm.arm}`} draw={draw} exportWidth={640} />}
      {study !== null && (
        <Anchor size="sm" href={formatRoute({ place: "training", subject: study, query: { arm: arm.arm } })}>
          Its runs in training
        </Anchor>
      )}
      {study !== null && arm.finished > 0 && (
        <Anchor size="sm" href={formatRoute({ place: "embeddings", subject: study, query: { arm: arm.arm } })}>
          Tiles as its encoder sees them
        </Anchor>
      )}
      {operations && operations.length > 0 && (
        <Anchor
          size="sm"
          href={formatRoute({
            place: "augmentations",
            subject: study,
            query: { ops: operations.join(" "), ...(study === null ? {} : { matrix: "result" }) },
          })}
        >
          Its views on a tile
        </Anchor>
      )}
    </Inspector>
  );
}

function verdictOf(arm: ArmResult, result: StudyResult): string {
  const { control } = result;
  const told = (value: number) => signed(value, arm.difference ? differenceDecimals(result) : scoreDecimals(result));
  if (arm.family === "control") return "The control: the same encoder without pretraining.";
  if (arm.difference) {
    const { mean, low, high, pHolm } = arm.difference;
    const words = arm.beatsControl
      ? "beats the control"
      : arm.trailsControl
        ? "is worse than the control"
        : "cannot be told from the control";
    const tested = pHolm === null ? "" : `, ${probabilityText(pHolm)} after Holm's correction`;
    return `It ${words}: ${told(mean)} (${told(low)} to ${told(high)}${tested}).`;
  }
  if (arm.f1 === null || control?.f1 == null) return "It cannot be judged before both it and the control have a score.";
  return `${told(arm.f1 - control.f1)} to the control, one value each: chance cannot be told from effect.`;
}

interface ScoresProps {
  readonly arm: ArmResult;
  readonly decimals: number;
}

function LabelSets({ arm, decimals }: ScoresProps) {
  const score = (value: number | null) => scoreTo(value, decimals);
  const sets = Object.entries(arm.byLabelSet).filter(([, scores]) => scores.f1 !== null);
  if (sets.length === 0) return null;
  return (
    <Section title="Label sets">
      <Table fz="xs" verticalSpacing={3} horizontalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Labels</Table.Th>
            <Table.Th className={classes.number}>F1</Table.Th>
            <Table.Th className={classes.number}>AUC</Table.Th>
            <Table.Th className={classes.number}>Prec.</Table.Th>
            <Table.Th className={classes.number}>Recall</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sets.map(([name, scores]) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td className={classes.number}>{score(scores.f1)}</Table.Td>
              <Table.Td className={classes.number}>{score(scores.auc)}</Table.Td>
              <Table.Td className={classes.number}>{score(scores.precision)}</Table.Td>
              <Table.Td className={classes.number}>{score(scores.recall)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Seeds({ arm, decimals }: ScoresProps) {
  const score = (value: number) => scoreTo(value, decimals);
  return (
    <Section title="Seeds">
      <Table fz="xs" verticalSpacing={3} horizontalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Seed</Table.Th>
            <Table.Th className={classes.number}>F1</Table.Th>
            <Table.Th>Label draws</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {arm.seeds.map(({ seed, f1, draws }) => (
            <Table.Tr key={seed}>
              <Table.Td>{seed}</Table.Td>
              <Table.Td className={classes.number}>{score(f1)}</Table.Td>
              <Table.Td>{draws.map(score).join("  ")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
