// Opening another workspace in the place of the present one: asks before running work is paused.
import { Button, Group, Modal, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { desktopBridge } from "../state/desktop.ts";
import { errorText } from "../state/errors.ts";
import { useHost, useWorkspace } from "../state/host.tsx";
import { setLanding } from "../state/landing.ts";
import { parseRoute, useRoute } from "../state/router.ts";
import { ErrorNote } from "./ErrorNote.tsx";

export interface Opening {
  readonly path: string;
  /** `open`: it must be a workspace; `make`: of a new or empty folder; `sample`: the sample project. */
  readonly how: "open" | "make" | "sample";
}

export interface WorkspaceOpener {
  open(opening: Opening): void;
  /** Forgets what went wrong. */
  dismiss(): void;
  readonly isPending: boolean;
  /** The question about running work; to be rendered. */
  readonly question: ReactNode;
  /** What went wrong; to be rendered where it was asked for. */
  readonly problem: ReactNode;
}

/** The study of the sample project. */
const SAMPLE_LANDING = "#/comparison/demo";

export function useOpenWorkspace(): WorkspaceOpener {
  const { client } = useHost();
  const { go } = useRoute();
  const present = useWorkspace()?.path;
  // The desktop application loads its windows anew. A page of the browser door would find itself in the other workspace when it has connected again,
  // which takes a second longer.
  const opening = useMutation({
    mutationFn: ({ path, how, pause = false }: Opening & { pause?: boolean }) => {
      setLanding(how === "sample" ? SAMPLE_LANDING : null);
      return how === "sample"
        ? client.workspace.sample({ folder: path, pause })
        : client.workspace.open({ path, pause, make: how === "make" });
    },
    onError: () => setLanding(null),
    onSuccess: ({ path }, { how }) => {
      if (path !== present) {
        if (!desktopBridge()) window.location.replace(window.location.pathname);
        return;
      }
      // It is open already: nothing is loaded anew.
      setLanding(null);
      opening.reset();
      go(parseRoute(how === "sample" ? SAMPLE_LANDING : "#/data"));
    },
  });
  const { error, variables } = opening;
  const isBusy = error !== null && errorText(error).code === "BUSY";
  return {
    open: opening.mutate,
    dismiss: opening.reset,
    isPending: opening.isPending || opening.isSuccess,
    question: isBusy && variables && (
      <Modal opened onClose={opening.reset} title="Work is running in this workspace">
        <Stack gap="sm">
          <p>
            {errorText(error).message} It is paused after a checkpoint, and what is done is kept. A study goes on by itself when this
            workspace is opened again; other work when it is started again.
          </p>
          <Group justify="flex-end">
            <Button variant="default" onClick={opening.reset}>
              Stay here
            </Button>
            <Button onClick={() => opening.mutate({ ...variables, pause: true })}>Pause it and open the other</Button>
          </Group>
        </Stack>
      </Modal>
    ),
    problem: error && !isBusy && <ErrorNote error={error} />,
  };
}
