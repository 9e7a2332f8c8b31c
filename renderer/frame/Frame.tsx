// The frame about every view: places on the left, workspace and study above, what runs below.
import { type HotkeyItem, useHotkeys } from "@mantine/hooks";
import { ViewBoundary } from "../components/ViewBoundary.tsx";
import { useAppearance } from "../state/appearance.ts";
import { useLanding } from "../state/landing.ts";
import { PLACES, type Place, useRoute } from "../state/router.ts";
import { useCurrentStudy } from "../state/selection.ts";
import { AugmentationsView } from "../views/augmentations/AugmentationsView.tsx";
import { ComparisonView } from "../views/comparison/ComparisonView.tsx";
import { DataPlace } from "../views/data/DataPlace.tsx";
import { EmbeddingsView } from "../views/embeddings/EmbeddingsView.tsx";
import { SettingsView } from "../views/settings/SettingsView.tsx";
import { StartView } from "../views/start/StartView.tsx";
import { TrainingView } from "../views/training/TrainingView.tsx";
import { FolderDrop } from "./FolderDrop.tsx";
import classes from "./Frame.module.css";
import { Palette } from "./Palette.tsx";
import { PLACE_TITLES, Rail } from "./Rail.tsx";
import { StatusLine } from "./StatusLine.tsx";
import { StudyNotices } from "./StudyNotices.tsx";
import { TopBar } from "./TopBar.tsx";

const VIEWS: Readonly<Record<Place, () => React.JSX.Element>> = {
  start: StartView,
  settings: SettingsView,
  data: DataPlace,
  augmentations: AugmentationsView,
  training: TrainingView,
  comparison: ComparisonView,
  embeddings: EmbeddingsView,
};

export function Frame() {
  const { route, go } = useRoute();
  const study = useCurrentStudy();
  useLanding();
  useAppearance();
  useHotkeys([
    ...PLACES.map((place, i): HotkeyItem => [String(i + 1), () => go({ place, subject: place === "data" ? null : study.name })]),
    ["mod+,", () => go({ place: "settings" })],
  ]);
  const View = VIEWS[route.place];
  return (
    <div className={classes.frame}>
      <button type="button" className={classes.skip} onClick={() => document.getElementById("main")?.focus()}>
        Skip to the view
      </button>
      <Rail />
      <TopBar />
      <main id="main" className={classes.view} tabIndex={-1}>
        <h1 className={classes.hidden}>{PLACE_TITLES[route.place]}</h1>
        <ViewBoundary key={route.place} name={route.place}>
          <View />
        </ViewBoundary>
      </main>
      <StatusLine />
      <Palette />
      <StudyNotices />
      <FolderDrop />
    </div>
  );
}
