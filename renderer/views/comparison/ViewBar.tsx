// What the comparison is looked at with: a second study, and where a score counts as positive.
import { Button, Select, Slider } from "@mantine/core";
import { IconRotate } from "@tabler/icons-react";
import { useMemo } from "react";
import { PUBLISHED_STUDY } from "../../../shared/domain/results-command.ts";
import { bestThreshold, DEFAULT_THRESHOLD, THRESHOLD_STEPS, type ThresholdCounts } from "../../../shared/domain/scored-cell.ts";
import { useWorkspace } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import type { LiveStatistics } from "../../state/statistics.ts";
import classes from "./ViewBar.module.css";

export interface ViewBarProps {
  readonly name: string;
  readonly other: string | null;
  readonly threshold: number;
  /** Null: there are no scores to count anew. */
  readonly counts: readonly ThresholdCounts[] | null;
  readonly statistics: LiveStatistics;
  /** Of the second study. */
  readonly besideStatistics: LiveStatistics;
  /** The threshold moves under the hand; null when it is let go. */
  readonly onMove: (threshold: number | null) => void;
}

export function ViewBar({ name, other, threshold, counts, statistics, besideStatistics, onMove }: ViewBarProps) {
  const { setQuery } = useRoute();
  const workspace = useWorkspace();
  const best = useMemo(() => counts && bestThreshold(counts), [counts]);
  const studies = [
    ...(workspace?.studies ?? []).map((study) => ({ value: study.name, label: study.name })),
    { value: PUBLISHED_STUDY, label: "published sweep (SimCLR-S2)" },
  ].filter(({ value }) => value !== name);
  const set = (value: number) => {
    onMove(null);
    setQuery({ threshold: value === DEFAULT_THRESHOLD ? null : String(value) }, { replace: true });
  };
  return (
    <section className={classes.bar} aria-label="What is compared">
      <Select
        size="xs"
        className={classes.other}
        label="Beside it"
        placeholder="a second study"
        data={studies}
        value={other}
        onChange={(value) => setQuery({ with: value })}
        clearable
        clearButtonProps={{ "aria-label": "Without a second study" }}
      />
      {counts && (
        <div className={classes.threshold}>
          <div className={classes.label}>
            <span>Positive from a score of {threshold.toFixed(2)}</span>
            {best !== null && (
              <Button variant="subtle" size="compact-xs" onClick={() => set(best.threshold)}>
                Best mean F1 on these tiles: {best.f1.toFixed(2)} at {best.threshold.toFixed(2)}
              </Button>
            )}
            {threshold !== DEFAULT_THRESHOLD && (
              <Button variant="subtle" size="compact-xs" leftSection={<IconRotate size={13} />} onClick={() => set(DEFAULT_THRESHOLD)}>
                Back to {DEFAULT_THRESHOLD}
              </Button>
            )}
          </div>
          <Slider
            size="sm"
            value={threshold}
            min={0}
            max={1}
            step={1 / THRESHOLD_STEPS}
            label={(value) => value.toFixed(2)}
            marks={[{ value: DEFAULT_THRESHOLD, label: "0.5, as trained" }]}
            thumbLabel="Score from which a tile counts as positive"
            onChange={(value) => onMove(rounded(value))}
            onChangeEnd={(value) => set(rounded(value))}
          />
        </div>
      )}
      <p className={classes.state} role="status">
        {statistics.progress && !statistics.statistics
          ? `${statistics.progress}. Until then intervals and comparisons are by the metrics of the runs alone.`
          : (statistics.progress ?? besideStatistics.progress ?? statistics.note ?? besideStatistics.note ?? "")}
      </p>
    </section>
  );
}

const rounded = (value: number) => Math.round(value * THRESHOLD_STEPS) / THRESHOLD_STEPS;
