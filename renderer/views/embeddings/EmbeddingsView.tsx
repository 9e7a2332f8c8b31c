// Embeddings: the tiles of a data set as the encoder of a run sees them.
import { Skeleton } from "@mantine/core";
import { IconChartDots3 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { BAND_COMBINATIONS } from "../../../shared/domain/band-combinations.ts";
import { type EmbeddingRef, ProjectionMethod } from "../../../shared/domain/embedding.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { Workbench } from "../../components/Workbench.tsx";
import { useHost, useWorkspace } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { useCurrentStudy } from "../../state/selection.ts";
import { TileInspector } from "../data/TileInspector.tsx";
import { EmbeddingBar } from "./EmbeddingBar.tsx";
import { EmbeddingPanel } from "./EmbeddingPanel.tsx";
import classes from "./EmbeddingsView.module.css";
import type { EmbeddedRun, TileSelection } from "./embedding-data.ts";
import type { Tool } from "./plot.ts";

export function EmbeddingsView() {
  const workspace = useWorkspace();
  const study = useCurrentStudy();
  if (study.isPublished || (workspace && study.name === null)) {
    return (
      <EmptyState
        icon={IconChartDots3}
        title={study.isPublished ? "The published sweep left no encoders" : "No encoder to look through yet"}
        actions={<LinkButton href={formatRoute({ place: "augmentations", subject: null, query: {} })}>Design a study</LinkButton>}
      >
        {study.isPublished
          ? "Only its scores were published. Choose a study of this workspace above, or design one."
          : "Every finished run of a study has an encoder. Here its features of all tiles are drawn in two dimensions, by PCA or UMAP."}
      </EmptyState>
    );
  }
  return study.name === null ? <Loading /> : <Own key={study.name} name={study.name} />;
}

function Own({ name }: { name: string }) {
  const { queries } = useHost();
  const { summary } = useCurrentStudy();
  // Asked for again when another run has finished.
  const runs = useQuery({
    ...queries.embedding.runs.queryOptions({ input: { study: name } }),
    queryKey: ["embedding runs", name, summary?.finished],
    placeholderData: (previous: EmbeddedRun[] | undefined) => previous,
  });
  if (runs.isPending) return <Loading />;
  if (!runs.data) {
    return (
      <EmptyState icon={IconChartDots3} title={`The runs of ${name} cannot be read`}>
        <ErrorNote error={runs.error} onRetry={() => void runs.refetch()} />
      </EmptyState>
    );
  }
  const [first] = runs.data;
  if (!first) {
    return (
      <EmptyState
        icon={IconChartDots3}
        title={`No run of ${name} has left an encoder yet`}
        actions={<LinkButton href={formatRoute({ place: "training", subject: name, query: {} })}>See its training</LinkButton>}
      >
        An encoder is there after the first checkpoint of a run. Its features of all tiles can be drawn here from then on.
      </EmptyState>
    );
  }
  return <Loaded study={name} runs={runs.data} />;
}

/** The run that a route names, else a run that is embedded, else the best known arm's. */
function runOf(runs: readonly EmbeddedRun[], arm: string | undefined, seed: string | undefined): EmbeddedRun {
  const ofArm = runs.filter((run) => run.arm === arm);
  return (
    ofArm.find((run) => String(run.seed) === seed) ??
    ofArm[0] ??
    runs.find(({ stages }) => stages.some(({ stage, isEmbedded }) => stage === "final" && isEmbedded)) ??
    runs.find((run) => run.arm === "rotation+shift") ??
    runs[0]!
  );
}

/** The stage that a route names, else the last one. */
const stageOf = ({ stages }: EmbeddedRun, stage: string | undefined): string =>
  stages.find((one) => one.stage === stage)?.stage ?? stages.at(-1)!.stage;

function methodOf(query: Readonly<Record<string, string>>): ProjectionMethod {
  if (query.map === "pca") return { kind: "pca" };
  const given = {
    kind: "umap",
    ...(query.near ? { neighbours: Number(query.near) } : {}),
    ...(query.apart ? { minDistance: Number(query.apart) } : {}),
  };
  return ProjectionMethod.catch(ProjectionMethod.parse({ kind: "umap" })).parse(given);
}

function Loaded({ study, runs }: { study: string; runs: readonly EmbeddedRun[] }) {
  const { route, setQuery } = useRoute();
  const { query } = route;
  const [tool, setTool] = useState<Tool>("move");
  const [selection, setSelection] = useState<TileSelection | null>(null);
  const run = runOf(runs, query.arm, query.seed);
  const other = query.arm2 ? runOf(runs, query.arm2, query.seed2) : null;
  const method = useMemo(() => methodOf(query), [query]);
  const ref = useMemo(
    (): EmbeddingRef => ({ study, arm: run.arm, seed: run.seed, stage: stageOf(run, query.stage) }),
    [study, run, query.stage],
  );
  const otherRef = useMemo(
    (): EmbeddingRef | null => other && { study, arm: other.arm, seed: other.seed, stage: stageOf(other, query.stage2) },
    [study, other, query.stage2],
  );
  const tile = query.tile && /^\d{1,9}$/.test(query.tile) ? Number(query.tile) : null;
  const pick = (next: number | null) =>
    setQuery({ tile: next === null ? null : String(next) }, { replace: tile !== null && next !== null });
  const shared = { method, tool, onTool: setTool, tile, onPick: pick, selection, onSelect: setSelection };
  return (
    <Workbench side={tile === null ? null : <PickedTile embedding={ref} tile={tile} onPick={pick} />}>
      <div className={classes.columns}>
        <div className={classes.column}>
          <EmbeddingBar runs={runs} run={run} stage={ref.stage} method={method} isCompared={other !== null} />
          <EmbeddingPanel embedding={ref} isMain {...shared} />
        </div>
        {other && otherRef && (
          <div className={classes.column}>
            <EmbeddingBar runs={runs} run={other} stage={otherRef.stage} isSecond />
            <EmbeddingPanel embedding={otherRef} isMain={false} {...shared} />
          </div>
        )}
      </div>
    </Workbench>
  );
}

interface PickedTileProps {
  readonly embedding: EmbeddingRef;
  readonly tile: number;
  readonly onPick: (tile: number | null) => void;
}

function PickedTile({ embedding, tile, onPick }: PickedTileProps) {
  const { queries } = useHost();
  const state = useQuery({ ...queries.embedding.get.queryOptions({ input: embedding }) });
  const dataset = useQuery({
    ...queries.dataset.get.queryOptions({ input: { dataset: state.data?.dataset ?? "" } }),
    enabled: state.data !== undefined,
  });
  if (!dataset.data || tile >= dataset.data.tiles) return null;
  return (
    <TileInspector dataset={dataset.data} index={tile} combination={BAND_COMBINATIONS[0]!} onPick={onPick} onClose={() => onPick(null)} />
  );
}

function Loading() {
  return (
    <div className={classes.loading} aria-busy="true">
      <p role="status">Looking which runs have left an encoder</p>
      <Skeleton height="100%" />
    </div>
  );
}
