// The start: the way to the first study, a finished one to look around in, and the workspaces.
import { Button, Loader } from "@mantine/core";
import { IconArrowRight, IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { LinkButton } from "../../components/LinkButton.tsx";
import { useOpenWorkspace } from "../../components/open-workspace.tsx";
import { SimulationBadge } from "../../components/SimulationBadge.tsx";
import { useHost, useJobs, useWorkspace } from "../../state/host.tsx";
import { formatRoute } from "../../state/router.ts";
import { baseName } from "../../state/words.ts";
import classes from "./StartView.module.css";
import { firstSteps, type Step } from "./steps.ts";
import { Workspaces } from "./Workspaces.tsx";

export default function StartView() {
  const workspace = useWorkspace();
  const jobs = useJobs();
  const { queries } = useHost();
  const recent = useQuery(queries.workspace.recent.queryOptions({ staleTime: 0 }));
  const opener = useOpenWorkspace();
  if (!workspace) {
    return (
      <div className={classes.loading}>
        <Loader size="sm" /> Reading the workspace
      </div>
    );
  }
  const steps = firstSteps(workspace, jobs);
  const isFirst = steps.some(({ state }) => state !== "done");
  const { isSample } = workspace;
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <h2>Which augmentations help on your Sentinel-2 data?</h2>
        <p>
          An encoder is pretrained without labels once for each pair of augmentations, tuned on your labels, and scored on held-out tiles.
          The scores are compared with their uncertainty.
        </p>
      </header>
      <section className={classes.first} aria-labelledby="first-study">
        <h3 id="first-study">
          {isFirst ? "The first study in" : "The study in"} {baseName(workspace.path)}
        </h3>
        <ol className={classes.steps}>
          {steps.map((step, i) => (
            <StepCard key={step.title} step={step} number={i + 1} />
          ))}
        </ol>
      </section>
      <div className={classes.columns}>
        <Workspaces recent={recent} opener={opener} />
        <section className={classes.sample} aria-labelledby="sample">
          <h3 id="sample">
            A finished study to look around in <SimulationBadge />
          </h3>
          <p>
            All 41 arms of a small study, run by this application on 2,048 simulated tiles. Curves, scores and figures are there at once;
            the tiles are simulated again in the background, which takes about a minute and 0.7 GB.
          </p>
          {isSample ? (
            <LinkButton href={formatRoute({ place: "comparison", subject: workspace.studies[0]?.name ?? null, query: {} })}>
              Go to its results
            </LinkButton>
          ) : (
            <Button
              variant="light"
              disabled={!recent.data}
              loading={opener.isPending}
              onClick={() => recent.data && opener.open({ path: recent.data.sampleFolder, how: "sample" })}
            >
              Open the sample project
            </Button>
          )}
          {recent.data && !isSample && <p className={classes.where}>in {recent.data.sampleFolder}</p>}
        </section>
      </div>
      {opener.question}
    </div>
  );
}

const STATES = { done: "done", now: "next", running: "running", later: "later" } as const;

function StepCard({ step, number }: { step: Step; number: number }) {
  return (
    <li className={classes.step} data-state={step.state} aria-current={step.state === "now" ? "step" : undefined}>
      <div className={classes.stepHead}>
        <span className={classes.number} aria-hidden>
          {step.state === "done" ? <IconCheck size={15} /> : step.state === "running" ? <Loader size={13} color="white" /> : number}
        </span>
        <strong>{step.title}</strong>
        <span className={classes.state}>{STATES[step.state]}</span>
      </div>
      <p>{step.text}</p>
      <LinkButton
        href={formatRoute(step.route)}
        variant={step.state === "now" ? "filled" : "default"}
        rightSection={<IconArrowRight size={14} />}
      >
        {step.action}
      </LinkButton>
    </li>
  );
}
