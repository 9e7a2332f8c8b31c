// Statistics of a study's test tiles: computed by the host, asked for again when a run has ended.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { DEFAULT_THRESHOLD, type ThresholdCounts } from "../../shared/domain/scored-cell.ts";
import { type StudyResult, studyResult } from "../../shared/domain/study-result.ts";
import type { StudyStatistics } from "../../shared/domain/study-statistics.ts";
import { useHost } from "./host.tsx";
import type { LiveStudy } from "./study-live.ts";

export interface LiveStatistics {
  /** Those at the threshold asked for; null while they are computed, and where there are none. */
  readonly statistics: StudyStatistics | null;
  /** What is left out, and why. */
  readonly note: string | null;
  /** What the host works on, as a sentence; null when it does not. */
  readonly progress: string | null;
  readonly error: unknown;
}

/** @param threshold where a score counts as positive */
export function useStatistics({ study, scored }: LiveStudy, threshold = DEFAULT_THRESHOLD): LiveStatistics {
  const { client } = useHost();
  const [progress, setProgress] = useState<string | null>(null);
  const finished = scored.filter(({ status }) => status === "finished").length;
  const query = useQuery({
    queryKey: ["statistics", study?.name, study?.created, finished, threshold],
    enabled: study !== null && finished > 0,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      try {
        for await (const update of await client.study.statistics({ study: study!.name, threshold }, { signal })) {
          if (update.kind === "result") return { statistics: update.statistics, note: update.note };
          setProgress(progressText(update));
        }
        throw new Error("the host ended the statistics without a result");
      } finally {
        setProgress(null);
      }
    },
  });
  const { statistics = null, note = null } = query.data ?? {};
  return {
    statistics: statistics?.threshold === threshold ? statistics : null,
    note,
    progress: query.isFetching ? (progress ?? "Comparing the arms") : null,
    error: query.error,
  };
}

function progressText({ what, done, total }: { what: "runs" | "resamples"; done: number; total: number }): string {
  if (total === 0) return "Reading the scores of the test tiles";
  return what === "runs" ? `Reading scores: ${done} of ${total} runs` : `Resampling the test tiles: ${done} of ${total}`;
}

/** What every fine-tuning calls positive at each threshold; null until it is there. @param isWanted once the statistics are there: the host has them then */
export function useCounts({ study, scored }: LiveStudy, isWanted: boolean): readonly ThresholdCounts[] | null {
  const { client } = useHost();
  const finished = scored.filter(({ status }) => status === "finished").length;
  const { data = null } = useQuery({
    queryKey: ["counts", study?.name, study?.created, finished],
    enabled: study !== null && isWanted,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => client.study.counts({ study: study!.name }, { signal }),
  });
  return data;
}

/** What a study has found so far; null before its record is read. */
export function useStudyResult(live: LiveStudy): StudyResult | null {
  const { study, scored } = live;
  const { statistics } = useStatistics(live);
  return useMemo(() => (study ? studyResult(study, scored, { statistics }) : null), [study, scored, statistics]);
}
