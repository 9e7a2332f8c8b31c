// Augmentations: the nine operations on one's own tile, and the study that is made of them.
import { IconPhotoPlus } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { AUGMENTATIONS, type AugmentationName } from "../../../shared/domain/augmentations.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { useStudy, useWorkspace } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { useCurrentDataset, useCurrentStudy } from "../../state/selection.ts";
import { useStudyDraft } from "../../state/use-study-draft.ts";
import classes from "./AugmentationsView.module.css";
import { OperationPanel } from "./OperationPanel.tsx";
import { type Preview, usePreview } from "./preview.ts";
import { StudyPanel } from "./StudyPanel.tsx";
import { ViewPair } from "./ViewPair.tsx";

/** Shown first: the couplet that the published study ranked highest. */
const FIRST_OPERATIONS: readonly AugmentationName[] = ["rotation", "shift"];

export default function AugmentationsView() {
  const workspace = useWorkspace();
  const study = useCurrentStudy();
  const live = useStudy(study.isPublished ? null : study.name);
  const dataset = useCurrentDataset(live.study?.config.dataset ?? null);
  if (workspace && !dataset) {
    return (
      <EmptyState
        icon={IconPhotoPlus}
        title="Augmentations are shown on your own tiles"
        actions={<LinkButton href={formatRoute({ place: "data", subject: null, query: {} })}>Go to the data</LinkButton>}
      >
        There is no complete data set in this workspace yet. Add a folder, or have a sample simulated.
      </EmptyState>
    );
  }
  if (!dataset) return <div className={classes.view} aria-busy="true" />;
  return <Loaded dataset={dataset.name} tiles={dataset.tiles} isSimulated={dataset.simulated} />;
}

function Loaded({ dataset, tiles, isSimulated }: { dataset: string; tiles: number; isSimulated: boolean }) {
  const { route, setQuery } = useRoute();
  const draft = useStudyDraft();
  const given = Number(route.query.tile ?? 0);
  const index = Number.isInteger(given) && given >= 0 && given < tiles ? given : 0;
  const operations = useMemo(() => operationsOf(route.query.ops), [route.query.ops]);
  const setOperations = useCallback(
    (next: readonly AugmentationName[]) => setQuery({ ops: next.length > 0 ? next.join(" ") : "none" }, { replace: true }),
    [setQuery],
  );
  const preview = usePreview({
    dataset,
    index,
    operations,
    augmentation: draft.augmentation,
    combination: route.query.bands ?? "true-colour",
    seed: Number(route.query.draw ?? 1) || 1,
  });
  // Drawing again seldom changes what is warned of: the panel with its sliders is left alone then.
  const told = JSON.stringify(preview.data?.warnings ?? []);
  const warnings = useMemo(() => JSON.parse(told) as Preview["warnings"], [told]);
  return (
    <div className={classes.view}>
      <OperationPanel draft={draft} operations={operations} onOperations={setOperations} warnings={warnings} />
      <ViewPair dataset={dataset} tiles={tiles} isSimulated={isSimulated} index={index} operations={operations} preview={preview} />
      <StudyPanel dataset={dataset} draft={draft} onOperations={setOperations} />
    </div>
  );
}

function operationsOf(text: string | undefined): readonly AugmentationName[] {
  if (text === undefined) return FIRST_OPERATIONS;
  const names = text.split(" ");
  return AUGMENTATIONS.filter((name) => names.includes(name));
}
