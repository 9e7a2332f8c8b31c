// How far a workspace is on the way to its first study.
import type { Job, Workspace } from "../../../shared/domain/workspace.ts";
import type { Route } from "../../state/router.ts";
import { counted } from "../../state/words.ts";

export interface Step {
  readonly title: string;
  readonly text: string;
  readonly state: "done" | "now" | "running" | "later";
  readonly action: string;
  readonly route: Route;
}

/** The three steps: data, study, run. @param jobs null: not known yet */
export function firstSteps({ datasets, studies }: Workspace, jobs: readonly Job[] | null): readonly [Step, Step, Step] {
  const complete = datasets.filter((dataset) => dataset.complete);
  const study = [...studies].sort((a, b) => b.created.localeCompare(a.created))[0];
  const isRunning = (kinds: readonly Job["kind"][]) =>
    jobs?.some(({ kind, status }) => status === "running" && kinds.includes(kind)) ?? false;
  const isDone = [complete.length > 0, study !== undefined, study !== undefined && study.finished >= study.runs] as const;
  const running = [isRunning(["ingest", "sample"]), false, isRunning(["study"])] as const;
  const next = isDone.indexOf(false);
  const stateOf = (i: 0 | 1 | 2): Step["state"] => {
    if (running[i]) return "running";
    if (isDone[i]) return "done";
    return i === next ? "now" : "later";
  };
  const tiles = complete.reduce((sum, dataset) => sum + dataset.tiles, 0);
  return [
    {
      title: "Data",
      text: isDone[0]
        ? `${counted(tiles, "tile")} in ${counted(complete.length, "data set")}`
        : running[0]
          ? "Tiles are on their way; the line below says how far they are."
          : "Pick a folder of Sentinel-2 products or patches. You see what was found before anything is read.",
      state: stateOf(0),
      action: isDone[0] ? "Look at the tiles" : running[0] ? "See how far" : "Add a folder",
      route: { place: "data", subject: complete[0]?.name ?? null, query: isDone[0] || running[0] ? {} : { add: "1" } },
    },
    {
      title: "Study",
      text: study
        ? `${study.name}: ${counted(study.runs, "run")}`
        : "Choose the augmentations to compare, and see both views of them on your own tiles. The defaults are the published study's.",
      state: stateOf(1),
      action: study ? "Look at the design" : "Design a study",
      route: { place: "augmentations", subject: study?.name ?? null, query: {} },
    },
    {
      title: "Run",
      text: study
        ? `${study.finished} of ${counted(study.runs, "run")} finished${study.failed > 0 ? `, ${study.failed} failed` : ""}`
        : "Each arm trains an encoder and is scored on held-out tiles. It can be paused, and goes on after a restart.",
      state: stateOf(2),
      action: isDone[2] ? "Compare the arms" : "Go to training",
      route: { place: isDone[2] ? "comparison" : "training", subject: study?.name ?? null, query: {} },
    },
  ];
}
