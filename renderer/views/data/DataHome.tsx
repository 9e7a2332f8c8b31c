// The data sets of the workspace, and the work that fills them.
import { Badge, Button, Group, Loader } from "@mantine/core";
import { IconFolderPlus, IconPhotoPlus, IconSparkles } from "@tabler/icons-react";
import { useState } from "react";
import type { DatasetSummary, Job } from "../../../shared/domain/workspace.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { JobCard } from "../../components/JobCard.tsx";
import { SimulationBadge } from "../../components/SimulationBadge.tsx";
import { useHost, useJobs, useWorkspace } from "../../state/host.tsx";
import { newestJobs } from "../../state/jobs.ts";
import { formatRoute, useRoute } from "../../state/router.ts";
import { count, counted } from "../../state/words.ts";
import { SampleDialog } from "./add/SampleDialog.tsx";
import { DeleteDialog } from "./care/DeleteDialog.tsx";
import { useUpdate } from "./care/update.ts";
import classes from "./DataHome.module.css";

/** Jobs shown: what runs is always among the newest. */
const SHOWN_JOBS = 4;

export function DataHome() {
  const workspace = useWorkspace();
  const jobs = useJobs();
  const { go } = useRoute();
  const [isSampling, setSampling] = useState(false);
  if (!workspace) return <Loading />;
  const work = newestJobs((jobs ?? []).filter(({ kind }) => kind !== "study")).slice(0, SHOWN_JOBS);
  const add = (
    <Button leftSection={<IconFolderPlus size={16} />} onClick={() => go({ place: "data", query: { add: "1" } })}>
      Add a folder
    </Button>
  );
  const simulate = (
    <Button variant="default" leftSection={<IconSparkles size={16} />} onClick={() => setSampling(true)}>
      Make a simulated sample
    </Button>
  );
  const isEmpty = workspace.datasets.length === 0 && work.length === 0;
  return (
    <>
      {isEmpty ? (
        <EmptyState
          icon={IconPhotoPlus}
          title="No data set yet"
          actions={
            <>
              {add}
              {simulate}
            </>
          }
        >
          Pick a folder with Sentinel-2 imagery: products as downloaded, zipped or not, BigEarthNet or EuroSAT patches, GeoTIFFs. You see
          what was found before anything is read. To look around without data, have a sample simulated.
        </EmptyState>
      ) : (
        <div className={classes.page}>
          <div className={classes.head}>
            <h2>Data sets</h2>
            <Group gap="xs">
              {simulate}
              {add}
            </Group>
          </div>
          {work.length > 0 && (
            <div className={classes.jobs}>
              {work.map((job) => (
                <div key={job.id} className={classes.job}>
                  <JobCard job={job} />
                  <NextStep job={job} />
                </div>
              ))}
            </div>
          )}
          <ul className={classes.sets}>
            {workspace.datasets.map((dataset) => (
              <li key={dataset.name}>
                <DatasetCard
                  dataset={dataset}
                  isWorkedOn={work.some(({ status, target }) => status === "running" && target === dataset.name)}
                />
              </li>
            ))}
          </ul>
        </div>
      )}
      <SampleDialog isOpen={isSampling} onClose={() => setSampling(false)} />
    </>
  );
}

/** What a job that ended leads to. */
function NextStep({ job }: { job: Job }) {
  const { go } = useRoute();
  const workspace = useWorkspace();
  const update = useUpdate(job.target);
  if (job.status === "paused" && job.kind === "ingest") {
    return (
      <Button variant="light" loading={update.isPending} onClick={() => update.mutate()}>
        Go on
      </Button>
    );
  }
  if (job.status !== "finished") return null;
  if (job.kind === "sample") {
    return (
      <Button variant="light" onClick={() => go({ place: "data", query: { add: "1", path: job.target } })}>
        Read the sample
      </Button>
    );
  }
  if (!workspace?.datasets.some(({ name, complete }) => complete && name === job.target)) return null;
  return (
    <Button variant="light" onClick={() => go({ place: "data", subject: job.target })}>
      Look at the tiles
    </Button>
  );
}

/** Tiles shown on a card. */
const SAMPLES = 8;

function DatasetCard({ dataset, isWorkedOn }: { dataset: DatasetSummary; isWorkedOn: boolean }) {
  const { tileUrl } = useHost();
  const facts = [
    counted(dataset.tiles, "tile"),
    `${dataset.tilePixels} px`,
    counted(dataset.bands, "band"),
    dataset.classes > 0 ? counted(dataset.classes, "class", "classes") : "no labels",
  ];
  if (!dataset.complete) {
    return (
      <div className={classes.card}>
        <div className={classes.placeholder} />
        <div className={classes.cardText}>
          <strong>{dataset.name}</strong>
          <Badge color="orange" c="var(--warning-text)">
            {isWorkedOn ? "being ingested" : "incomplete"}
          </Badge>
          {!isWorkedOn && <Interrupted name={dataset.name} />}
        </div>
      </div>
    );
  }
  const stride = Math.max(1, Math.floor(dataset.tiles / SAMPLES));
  const samples = Array.from({ length: Math.min(SAMPLES, dataset.tiles) }, (_, i) => i * stride);
  return (
    <a className={classes.card} href={formatRoute({ place: "data", subject: dataset.name, query: {} })}>
      <div className={classes.strip}>
        {samples.map((index) => (
          <img key={index} src={tileUrl(dataset.name, index, "true-colour", 120)} alt="" loading="lazy" decoding="async" />
        ))}
      </div>
      <div className={classes.cardText}>
        <strong>{dataset.name}</strong>
        {dataset.simulated && <SimulationBadge />}
        <p>{facts.join(", ")}</p>
      </div>
      <span className={classes.number} aria-hidden>
        {count(dataset.tiles)}
      </span>
    </a>
  );
}

/** What to do with a data set that no ingest finished. */
function Interrupted({ name }: { name: string }) {
  const update = useUpdate(name);
  const [isDeleting, setDeleting] = useState(false);
  return (
    <>
      <p>Its ingestion was paused or interrupted. It goes on from where it stopped.</p>
      <Group gap="xs" mt={8}>
        <Button size="compact-sm" loading={update.isPending} onClick={() => update.mutate()}>
          Go on
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => setDeleting(true)}>
          Delete
        </Button>
      </Group>
      {isDeleting && <DeleteDialog name={name} onClose={() => setDeleting(false)} />}
    </>
  );
}

function Loading() {
  return (
    <div className={classes.loading}>
      <Loader size="sm" /> Reading the workspace
    </div>
  );
}
