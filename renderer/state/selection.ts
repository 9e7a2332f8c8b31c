// The study and the data set in hand: those of the route, else those looked at last, else the newest.
import { useEffect } from "react";
import { PUBLISHED_STUDY } from "../../shared/domain/results-command.ts";
import type { DatasetSummary, StudySummary } from "../../shared/domain/workspace.ts";
import { useWorkspace } from "./host.tsx";
import { useRoute } from "./router.ts";

export { PUBLISHED_STUDY };

const STUDY_KEY = "simclr-s2-study";
const DATASET_KEY = "simclr-s2-dataset";

export interface CurrentStudy {
  /** Null: there is none. */
  readonly name: string | null;
  readonly isPublished: boolean;
  readonly summary: StudySummary | null;
}

/** The study in hand. */
export function useCurrentStudy(): CurrentStudy {
  const { route } = useRoute();
  const workspace = useWorkspace();
  const studies = workspace?.studies ?? [];
  const asked = route.place === "data" ? null : route.subject;
  useRemember(STUDY_KEY, asked);
  const newest = studies.reduce<StudySummary | null>((best, study) => (best && best.created >= study.created ? best : study), null);
  const remembered = localStorage.getItem(STUDY_KEY);
  const isThere = (name: string | null) => name === PUBLISHED_STUDY || studies.some((study) => study.name === name);
  const name = asked ?? (isThere(remembered) ? remembered : (newest?.name ?? null));
  return { name, isPublished: name === PUBLISHED_STUDY, summary: studies.find((study) => study.name === name) ?? null };
}

/** The data set in hand: that of the route, of the study, or the one looked at last. @param ofStudy data set of the study in hand */
export function useCurrentDataset(ofStudy: string | null = null): DatasetSummary | null {
  const { route } = useRoute();
  const workspace = useWorkspace();
  const datasets = (workspace?.datasets ?? []).filter(({ complete }) => complete);
  const asked = route.place === "data" ? route.subject : (route.query.dataset ?? null);
  useRemember(DATASET_KEY, asked);
  const wanted = [asked, ofStudy, localStorage.getItem(DATASET_KEY)];
  for (const name of wanted) {
    const found = datasets.find((dataset) => dataset.name === name);
    if (found) return found;
  }
  return datasets[0] ?? null;
}

function useRemember(key: string, value: string | null): void {
  useEffect(() => {
    if (value !== null) localStorage.setItem(key, value);
  }, [key, value]);
}
