// A study's result as the comparison shows it: at a threshold, with the statistics of the test tiles once they are there.
import { useDeferredValue, useMemo } from "react";
import { PUBLISHED_STUDY } from "../../../shared/domain/results-command.ts";
import { DEFAULT_THRESHOLD, type ThresholdCounts } from "../../../shared/domain/scored-cell.ts";
import { atThreshold, publishedResult, type StudyResult, studyResult } from "../../../shared/domain/study-result.ts";
import { useStudy } from "../../state/host.tsx";
import { type LiveStatistics, useCounts, useStatistics } from "../../state/statistics.ts";
import type { LiveStudy } from "../../state/study-live.ts";

export interface ShownResult {
  readonly live: LiveStudy;
  /** Null until the study is read. */
  readonly result: StudyResult | null;
  readonly statistics: LiveStatistics;
  /** Null until they are there, and where no run has scores. */
  readonly counts: readonly ThresholdCounts[] | null;
}

/**
 * @param name null: none, which stays without a result; the published sweep by its own name
 * @param threshold where a score counts as positive, as the address says
 * @param moving the threshold under a hand that moves it
 */
export function useResult(name: string | null, threshold: number, moving: number | null = null): ShownResult {
  const isPublished = name === PUBLISHED_STUDY;
  const live = useStudy(isPublished ? null : name);
  const statistics = useStatistics(live, threshold);
  const counts = useCounts(live, statistics.statistics !== null || threshold !== DEFAULT_THRESHOLD);
  const at = useDeferredValue(moving ?? threshold);
  // What is soon replaced need not be exact.
  const isQuick = moving !== null || statistics.progress !== null;
  const { study, scored } = live;
  const told = statistics.statistics;
  const result = useMemo(() => {
    if (isPublished) return publishedResult();
    if (!study) return null;
    if (at === DEFAULT_THRESHOLD) return studyResult(study, scored, { statistics: told, isQuick });
    return counts && studyResult(study, atThreshold(scored, counts, at), { statistics: told, threshold: at, isQuick });
  }, [isPublished, study, scored, told, counts, at, isQuick]);
  return { live, result, statistics, counts: counts && counts.length > 0 ? counts : null };
}
