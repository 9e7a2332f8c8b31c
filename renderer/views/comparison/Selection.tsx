// Which couplets go on to the second stage: the rule's choice, changed by hand where the user knows better, and what the second stage found.
import { Button, Tooltip } from "@mantine/core";
import { IconRotate } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { memo } from "react";
import { coupletOf } from "../../../shared/domain/study.ts";
import { type ArmResult, type StudyResult, scoreDecimals } from "../../../shared/domain/study-result.ts";
import { percentText } from "../../../shared/figures/f1-bars.ts";
import { showError } from "../../components/notices.tsx";
import { StatusMark } from "../../components/StatusMark.tsx";
import { useHost } from "../../state/host.tsx";
import { counted, score as scoreTo } from "../../state/words.ts";
import classes from "./Selection.module.css";

export interface SelectionProps {
  readonly result: StudyResult;
  /** Null: the published sweep, whose selection is history. */
  readonly study: string | null;
  readonly onPick: (arm: string) => void;
}

export const Selection = memo(function Selection({ result, study, onPick }: SelectionProps) {
  const host = useHost();
  const select = useMutation({
    scope: { id: "selection" },
    mutationFn: (next: string[] | null) => host.client.study.select({ study: study!, dropped: next }),
    onSuccess: (record) => host.tellStudy(record),
    onError: (error) => showError(error, "The selection was not changed"),
  });
  const { selection } = result;
  const couplets = result.arms.filter(({ arm, f1 }) => coupletOf(arm) && f1 !== null).sort((a, b) => b.f1! - a.f1!);
  if (couplets.length === 0) return null;
  // What was clicked shows at once, and the next click starts from it.
  const dropped = select.isPending ? (select.variables ?? selection.droppedByRule) : selection.dropped;
  const toggle = (arm: string) => select.mutate(dropped.includes(arm) ? dropped.filter((other) => other !== arm) : [...dropped, arm]);
  const how = selection.byHand ? "by hand" : "the bottom quarter, by rule";
  return (
    <section aria-label="Selection for the second stage" className={classes.selection}>
      <div className={classes.head}>
        <h3>Second stage</h3>
        <p>
          {counted(selection.kept.length, "couplet")} kept, {selection.dropped.length} dropped ({how})
          {study !== null &&
            ". Click a couplet to drop it or to take it back; the share is the probability of being truly in the bottom quarter"}
          .
        </p>
        {study !== null && selection.byHand && (
          <Button variant="default" size="compact-xs" leftSection={<IconRotate size={13} />} onClick={() => select.mutate(null)}>
            Back to the rule
          </Button>
        )}
      </div>
      <ul className={classes.couplets}>
        {couplets.map((couplet) => (
          <li key={couplet.arm}>
            <Couplet
              couplet={couplet}
              isDropped={dropped.includes(couplet.arm)}
              decimals={scoreDecimals(result)}
              onClick={() => (study === null ? onPick(couplet.arm) : toggle(couplet.arm))}
            />
          </li>
        ))}
      </ul>
      {result.full && <FullStage full={result.full} result={result} />}
    </section>
  );
});

interface CoupletProps {
  readonly couplet: ArmResult;
  readonly isDropped: boolean;
  readonly decimals: number;
  readonly onClick: () => void;
}

function Couplet({ couplet, isDropped, decimals, onClick }: CoupletProps) {
  const { arm, f1, probabilityBottomQuarter } = couplet;
  return (
    <button type="button" className={classes.couplet} aria-pressed={!isDropped} onClick={onClick}>
      <span className={classes.name}>{arm}</span>
      <span>{scoreTo(f1, decimals)}</span>
      {probabilityBottomQuarter !== null && (
        <Tooltip label="probability that it is truly in the bottom quarter">
          <span className={classes.probability}>{percentText(probabilityBottomQuarter)}</span>
        </Tooltip>
      )}
    </button>
  );
}

function FullStage({ full, result }: { full: ArmResult; result: StudyResult }) {
  const decimals = scoreDecimals(result);
  const score = (value: number | null) => scoreTo(value, decimals);
  const best = result.arms.filter(({ f1 }) => f1 !== null).reduce<ArmResult | null>((a, b) => (a && a.f1! >= b.f1! ? a : b), null);
  return (
    <p className={classes.full}>
      <StatusMark status={full.status} />
      {full.f1 === null ? (
        <span>
          The second stage ({counted(full.runs, "run")}) has no score yet: {full.status}.
        </span>
      ) : (
        <span>
          <strong>
            Second stage: F1 {score(full.f1)}
            {full.interval ? ` (${score(full.interval.low)} to ${score(full.interval.high)})` : ""}
          </strong>
          {result.control?.f1 != null && `, control ${score(result.control.f1)}`}
          {best && `, best arm of the sweep ${best.arm} ${score(best.f1)}`}.
        </span>
      )}
    </p>
  );
}
