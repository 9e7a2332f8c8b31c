// The frame about every view: places on the left, workspace and study above, what runs below.
import { type HotkeyItem, useHotkeys } from "@mantine/hooks";
import { lazy, Suspense, useEffect } from "react";
import { ViewBoundary } from "../components/ViewBoundary.tsx";
import { useAppearance } from "../state/appearance.ts";
import { useLanding } from "../state/landing.ts";
import { PLACES, type Place, useRoute } from "../state/router.ts";
import { useCurrentStudy } from "../state/selection.ts";
import { FolderDrop } from "./FolderDrop.tsx";
import classes from "./Frame.module.css";
import { Palette } from "./Palette.tsx";
import { PLACE_TITLES, Rail } from "./Rail.tsx";
import { StatusLine } from "./StatusLine.tsx";
import { StudyNotices } from "./StudyNotices.tsx";
import { TopBar } from "./TopBar.tsx";

type Load = () => Promise<{ readonly default: React.ComponentType }>;

const later = (load: Load) => ({ load, View: lazy(load) });

/** Each is loaded when it is first gone to, so that the window opens with one of them; the others follow when it has nothing else to do. */
const VIEWS: Readonly<Record<Place, ReturnType<typeof later>>> = {
  start: later(() => import("../views/start/StartView.tsx")),
  settings: later(() => import("../views/settings/SettingsView.tsx")),
  data: later(() => import("../views/data/DataPlace.tsx")),
  augmentations: later(() => import("../views/augmentations/AugmentationsView.tsx")),
  training: later(() => import("../views/training/TrainingView.tsx")),
  comparison: later(() => import("../views/comparison/ComparisonView.tsx")),
  embeddings: later(() => import("../views/embeddings/EmbeddingsView.tsx")),
};

/** The views that have not been gone to yet, one in each pause. */
function useOtherViews(): void {
  useEffect(() => {
    const waiting = Object.values(VIEWS);
    let handle = requestIdleCallback(function next() {
      // What cannot be loaded now is loaded, or told of, when it is gone to.
      waiting
        .shift()
        ?.load()
        .then(
          () => {
            handle = requestIdleCallback(next);
          },
          () => {},
        );
    });
    return () => cancelIdleCallback(handle);
  }, []);
}

export function Frame() {
  const { route, go } = useRoute();
  const study = useCurrentStudy();
  useLanding();
  useAppearance();
  useOtherViews();
  useHotkeys([
    ...PLACES.map((place, i): HotkeyItem => [String(i + 1), () => go({ place, subject: place === "data" ? null : study.name })]),
    ["mod+,", () => go({ place: "settings" })],
  ]);
  const { View } = VIEWS[route.place];
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
          <Suspense fallback={<div aria-busy="true" />}>
            <View />
          </Suspense>
        </ViewBoundary>
      </main>
      <StatusLine />
      <Palette />
      <StudyNotices />
      <FolderDrop />
    </div>
  );
}
