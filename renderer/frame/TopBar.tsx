// Workspace, the study in hand, and what runs it.
import { Select } from "@mantine/core";
import { SimulationBadge } from "../components/SimulationBadge.tsx";
import { useWorkspace } from "../state/host.tsx";
import { useRoute } from "../state/router.ts";
import { PUBLISHED_STUDY, useCurrentStudy } from "../state/selection.ts";
import classes from "./Frame.module.css";
import { RunControl } from "./RunControl.tsx";
import { StudyMenu } from "./StudyMenu.tsx";
import { NotifyToggle } from "./StudyNotices.tsx";
import { WorkspaceMenu } from "./WorkspaceMenu.tsx";

export function TopBar() {
  const workspace = useWorkspace();
  const { route, go } = useRoute();
  const study = useCurrentStudy();
  const choose = (name: string | null) => {
    if (name === null) return;
    const place = route.place === "data" ? "training" : route.place;
    go({ place: name === PUBLISHED_STUDY ? "comparison" : place, subject: name });
  };
  const own = (workspace?.studies ?? []).map(({ name }) => ({ value: name, label: name }));
  return (
    <header className={classes.top}>
      <WorkspaceMenu path={workspace?.path ?? null} />
      {workspace?.isSample && <SimulationBadge />}
      <div className={classes.studyPicker}>
        <span id="study-picker-label">Study</span>
        <Select
          aria-labelledby="study-picker-label"
          w={220}
          searchable={own.length > 8}
          placeholder="none yet"
          nothingFoundMessage="No study of that name"
          value={study.name}
          onChange={choose}
          data={[
            { group: "This workspace", items: own },
            { group: "Reference", items: [{ value: PUBLISHED_STUDY, label: "Published sweep (2021)" }] },
          ]}
        />
        {study.summary && <StudyMenu summary={study.summary} />}
      </div>
      <div className={classes.spacer} />
      <NotifyToggle />
      {study.summary && <RunControl summary={study.summary} />}
    </header>
  );
}
