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
  const result = useMemo(() => {
    if (isPublished) return publishedResult();
    const { study, scored } = live;
    if (!study) return null;
    const isMoving = moving !== null;
    if (at === DEFAULT_THRESHOLD) return studyResult(study, scored, { statistics: statistics.statistics, isQuick: isMoving });
    if (!counts) return null;
    return studyResult(study, atThreshold(scored, counts, at), { statistics: statistics.statistics, threshold: at, isQuick: isMoving });
  }, [isPublished, live, statistics.statistics, counts, at, moving]);
  return { live, result, statistics, counts: counts && counts.length > 0 ? counts : null };
}
