// The study beside its operations: the matrix as its design, or as the result of the study in hand.
import { Anchor, Button, SegmentedControl } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import type { AugmentationName } from "../../../shared/domain/augmentations.ts";
import { viewPool } from "../../../shared/domain/study.ts";
import { publishedResult, type StudyResult } from "../../../shared/domain/study-result.ts";
import { coupletMatrix } from "../../../shared/figures/couplet-matrix.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { useStudy } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { PUBLISHED_STUDY, useCurrentStudy } from "../../state/selection.ts";
import { settingAt } from "../../state/setting-fields.ts";
import { useStudyResult } from "../../state/statistics.ts";
import type { DraftControl } from "../../state/use-study-draft.ts";
import { count, counted, score } from "../../state/words.ts";
import view from "./AugmentationsView.module.css";
import { CreateStudy } from "./create/CreateStudy.tsx";
import { MatrixEditor } from "./MatrixEditor.tsx";
import classes from "./StudyPanel.module.css";

export interface StudyPanelProps {
  readonly dataset: string;
  readonly draft: DraftControl;
  readonly onOperations: (operations: readonly AugmentationName[]) => void;
}

export function StudyPanel({ dataset, draft, onOperations }: StudyPanelProps) {
  const { route, setQuery } = useRoute();
  const study = useCurrentStudy();
  const [isCreating, setCreating] = useState(false);
  const isResult = route.query.matrix === "result" && study.name !== null;
  const seeds = settingAt(draft.effective, ["seeds"]);
  const seedCount = Array.isArray(seeds) ? seeds.length : 1;
  return (
    <section className={`${view.panel} ${view.right}`} aria-label="Study">
      <div className={view.head}>
        <h2>{isResult ? "Result" : "New study"}</h2>
        {study.name !== null && (
          <SegmentedControl
            aria-label="What the matrix shows"
            value={isResult ? "result" : "design"}
            onChange={(value) => setQuery({ matrix: value === "result" ? "result" : null }, { replace: true })}
            data={[
              { value: "design", label: "Design" },
              { value: "result", label: "Result" },
            ]}
          />
        )}
      </div>
      {isResult ? (
        <ResultMatrix name={study.name!} isPublished={study.isPublished} onOperations={onOperations} />
      ) : (
        <>
          <MatrixEditor arms={draft.arms} onArms={draft.setArms} onOperations={onOperations} />
          <div className={classes.create}>
            <div>
              <strong>{counted(draft.arms.length * seedCount, "run")}</strong>
              <p>
                {count(draft.arms.length)} arms, {counted(seedCount, "seed")} each, {draft.profileName ?? draft.profile} parameters
              </p>
            </div>
            <Button leftSection={<IconFlask size={16} />} onClick={() => setCreating(true)}>
              Create study
            </Button>
          </div>
        </>
      )}
      <CreateStudy isOpen={isCreating} dataset={dataset} draft={draft} onClose={() => setCreating(false)} />
    </section>
  );
}

interface ResultProps {
  readonly name: string;
  readonly isPublished: boolean;
  readonly onOperations: (operations: readonly AugmentationName[]) => void;
}

function ResultMatrix({ name, isPublished, onOperations }: ResultProps) {
  return isPublished ? <PublishedMatrix name={name} onOperations={onOperations} /> : <OwnMatrix name={name} onOperations={onOperations} />;
}

function PublishedMatrix({ name, onOperations }: Omit<ResultProps, "isPublished">) {
  const [result] = useState(publishedResult);
  return <Matrix name={name} result={result} onOperations={onOperations} />;
}

function OwnMatrix({ name, onOperations }: Omit<ResultProps, "isPublished">) {
  const result = useStudyResult(useStudy(name));
  return result ? <Matrix name={name} result={result} onOperations={onOperations} /> : <div aria-busy="true" />;
}

function Matrix({ name, result, onOperations }: { name: string; result: StudyResult; onOperations: ResultProps["onOperations"] }) {
  const { route, setQuery } = useRoute();
  const [hovered, setHovered] = useState<string | null>(null);
  const picked = [...result.arms, ...(result.full ? [result.full] : [])].find(({ arm }) => arm === route.query.arm) ?? null;
  const lit = hovered ?? picked?.arm ?? null;
  const draw = useCallback(
    (width: number, theme: FigureTheme) =>
      coupletMatrix({ result, arms: result.arms.map(({ arm }) => arm) }, { width, theme, highlight: lit }),
    [result, lit],
  );
  const show = (arm: string) => {
    setQuery({ arm }, { replace: true });
    const [operations] = viewPool(arm);
    if (operations) onOperations(operations);
  };
  const isPublished = name === PUBLISHED_STUDY;
  const to = (place: "comparison" | "training") => formatRoute({ place, subject: name, query: picked ? { arm: picked.arm } : {} });
  return (
    <>
      <div className={classes.matrix}>
        <FigurePanel fileName={`${name}-matrix`} draw={draw} onHover={setHovered} onPick={show} />
      </div>
      <p className={classes.said}>
        {picked
          ? `${picked.arm}: ${picked.f1 === null ? picked.status : `F1 ${score(picked.f1)}${picked.rank === null ? "" : `, rank ${picked.rank}`}`}. Its views are drawn beside. `
          : `${result.headline} A click on a cell previews its couplet. `}
        <Anchor size="xs" href={to("comparison")}>
          {picked ? "Its bar" : "Compare all arms"}
        </Anchor>
        {!isPublished && (
          <>
            {", "}
            <Anchor size="xs" href={to("training")}>
              {picked ? "its curves" : "all curves"}
            </Anchor>
          </>
        )}
      </p>
    </>
  );
}
