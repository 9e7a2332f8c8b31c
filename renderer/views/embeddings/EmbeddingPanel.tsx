// One embedding: computed on request, then its plot with legend, measures, and strips of what is picked.
import { Button } from "@mantine/core";
import { IconChartDots3 } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { JobCard } from "../../components/JobCard.tsx";
import { useHost } from "../../state/host.tsx";
import { counted } from "../../state/words.ts";
import { type EmbeddingPanelProps, EmbeddingPlot } from "./EmbeddingPlot.tsx";
import classes from "./EmbeddingsView.module.css";
import { type EmbeddingState, isSameMethod, useEmbeddedPoints, useEmbedding, useEmbeddingJob } from "./embedding-data.ts";

export function EmbeddingPanel(props: EmbeddingPanelProps) {
  const { embedding, method } = props;
  const job = useEmbeddingJob(embedding);
  const state = useEmbedding(embedding, job);
  if (state.isPending) return <Waiting>Looking what there is of {embedding.arm}</Waiting>;
  if (!state.data) {
    return (
      <div className={classes.panel}>
        <EmptyState icon={IconChartDots3} title="The embedding cannot be read">
          <ErrorNote error={state.error} onRetry={() => void state.refetch()} />
        </EmptyState>
      </div>
    );
  }
  const projection = state.data.projections.find((one) => isSameMethod(one.method, method));
  if (!state.data.embedding || !projection) return <Missing {...props} state={state.data} />;
  return <Drawn {...props} state={state.data} projection={projection} />;
}

type DrawnProps = EmbeddingPanelProps & { readonly state: EmbeddingState; readonly projection: EmbeddingState["projections"][number] };

function Drawn(props: DrawnProps) {
  const points = useEmbeddedPoints(props.embedding, props.projection);
  if (points.data) return <EmbeddingPlot {...props} points={points.data} />;
  if (points.isPending) return <Waiting>Reading {counted(props.state.embedding!.tiles, "point")}</Waiting>;
  return (
    <div className={classes.panel}>
      <EmptyState icon={IconChartDots3} title="The picture cannot be read">
        <ErrorNote error={points.error} onRetry={() => void points.refetch()} />
      </EmptyState>
    </div>
  );
}

function Waiting({ children }: { children: ReactNode }) {
  return (
    <div className={classes.panel} aria-busy="true">
      <p role="status" className={classes.waiting}>
        {children}
      </p>
    </div>
  );
}

/** What is to be computed first, or is being. */
function Missing({ embedding, method, state }: EmbeddingPanelProps & { readonly state: EmbeddingState }) {
  const { client } = useHost();
  const job = useEmbeddingJob(embedding);
  const compute = useMutation({ mutationFn: () => client.embedding.compute({ ...embedding, method }) });
  const name = method.kind === "pca" ? "PCA" : `UMAP of ${method.neighbours} neighbours`;
  const isRunning = job?.status === "running";
  const tiles = Math.min(state.tilesInUse, 100_000);
  return (
    <div className={classes.panel}>
      <EmptyState
        icon={IconChartDots3}
        title={state.embedding ? `${name} of this encoder has not been drawn yet` : "The tiles have not been put through this encoder yet"}
        actions={
          !isRunning && (
            <Button loading={compute.isPending} onClick={() => compute.mutate()}>
              {state.embedding ? `Draw ${counted(tiles, "tile")}` : `Embed ${counted(tiles, "tile")}`}
            </Button>
          )
        }
      >
        {!isRunning && <p>{reasonOf(state)}</p>}
        {compute.error && <ErrorNote error={compute.error} />}
        {job && job.status !== "finished" && (
          <div className={classes.job}>
            <JobCard job={job} />
            {isRunning && <p role="status">{job.message}</p>}
          </div>
        )}
      </EmptyState>
    </div>
  );
}

function reasonOf({ embedding, tilesInUse }: EmbeddingState): string {
  if (embedding) return "The features are there; only the picture is to be made.";
  const sample = tilesInUse > 100_000 ? ` Of ${counted(tilesInUse, "tile")} in use, 100,000 are drawn, the same for every run.` : "";
  return `Each tile goes through the encoder once, without augmentation; the features are kept in the run's folder.${sample}`;
}
