// The workspaces opened before, and a field for another one.
import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type UseQueryResult, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { PathKind, RecentWorkspace } from "../../../shared/domain/settings.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { showError } from "../../components/notices.tsx";
import type { WorkspaceOpener } from "../../components/open-workspace.tsx";
import { PathField } from "../../components/PathField.tsx";
import { useHost } from "../../state/host.tsx";
import { formatRoute } from "../../state/router.ts";
import { baseName, clock, counted } from "../../state/words.ts";
import classes from "./StartView.module.css";

type Recent = UseQueryResult<{ workspaces: RecentWorkspace[]; sampleFolder: string }>;

export function Workspaces({ recent, opener }: { recent: Recent; opener: WorkspaceOpener }) {
  return (
    <section className={classes.workspaces} aria-labelledby="workspaces">
      <h3 id="workspaces">Workspaces</h3>
      {recent.error && <ErrorNote error={recent.error} onRetry={() => void recent.refetch()} />}
      <ul>
        {recent.data?.workspaces.map((workspace) => (
          <Row key={workspace.path} workspace={workspace} opener={opener} onForgotten={() => void recent.refetch()} />
        ))}
      </ul>
      <Another opener={opener} />
      {opener.problem}
    </section>
  );
}

interface RowProps {
  readonly workspace: RecentWorkspace;
  readonly opener: WorkspaceOpener;
  readonly onForgotten: () => void;
}

function Row({ workspace: { path, state, datasets, studies, openedAt }, opener, onForgotten }: RowProps) {
  const { client } = useHost();
  const forget = useMutation({
    mutationFn: () => client.workspace.forget({ path }),
    onSuccess: onForgotten,
    onError: (error) => showError(error, `${path} is still on the list`),
  });
  const name = baseName(path);
  return (
    <li className={classes.row} data-state={state}>
      <div className={classes.rowText}>
        <strong>{name}</strong>
        <span>{lineOf({ state, datasets, studies, openedAt })}</span>
        <p title={path}>{path}</p>
      </div>
      {state === "open" ? (
        <span className={classes.open}>open</span>
      ) : (
        <Button
          variant="default"
          disabled={state !== "there"}
          loading={opener.isPending}
          onClick={() => opener.open({ path, how: "open" })}
        >
          Open
        </Button>
      )}
      <ActionIcon
        aria-label={`Take ${name} off this list`}
        title="Take it off this list. The folder stays."
        disabled={state === "open"}
        loading={forget.isPending}
        onClick={() => forget.mutate()}
      >
        <IconX size={15} />
      </ActionIcon>
    </li>
  );
}

function lineOf({ state, datasets, studies, openedAt }: Omit<RecentWorkspace, "path">): string {
  if (state === "missing") return "not found: moved, deleted, or its disk is not here";
  if (state === "silent") return "its disk does not answer";
  const content = datasets + studies === 0 ? "empty" : `${counted(datasets, "data set")}, ${counted(studies, "study", "studies")}`;
  return `${content}, opened ${clock(openedAt)}`;
}

const MEANING: Readonly<Record<PathKind, string>> = {
  workspace: "A workspace of this application.",
  new: "There is nothing yet: a workspace is made here.",
  empty: "An empty folder: it becomes a workspace.",
  folder: "This is no workspace. If it holds Sentinel-2 data, add it to the open workspace; it is read where it lies.",
  file: "This is a file. A workspace is a folder.",
};

function Another({ opener }: { opener: WorkspaceOpener }) {
  const { queries } = useHost();
  const [typed, setTyped] = useState("");
  const path = typed.trim();
  const look = useQuery(queries.workspace.look.queryOptions({ input: { path }, enabled: path !== "", staleTime: 0 }));
  const kind = path === "" ? undefined : look.data;
  const canOpen = kind === "workspace" || kind === "new" || kind === "empty";
  const open = () => {
    if (canOpen) opener.open({ path, how: kind === "workspace" ? "open" : "make" });
  };
  return (
    <div className={classes.another}>
      <PathField label="Open or make another" value={typed} onChange={setTyped} onSubmit={open} disabled={opener.isPending} />
      <p aria-live="polite">
        {kind ? MEANING[kind] : "A workspace is a folder with data sets, studies and exports. A new one costs nothing."}
      </p>
      {look.error && path !== "" && <ErrorNote error={look.error} />}
      {kind === "folder" ? (
        <LinkButton variant="light" href={formatRoute({ place: "data", subject: null, query: { add: "1", path } })}>
          Look for data in it
        </LinkButton>
      ) : (
        <Button variant="light" disabled={!canOpen} loading={opener.isPending} onClick={open}>
          {kind === "new" || kind === "empty" ? "Make the workspace" : "Open the workspace"}
        </Button>
      )}
    </div>
  );
}
