// From a draft to a study: its settings, what it will cost, then it is made, and run.
import { Button, Group, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { NameSchema } from "../../../../shared/domain/workspace.ts";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { showError } from "../../../components/notices.tsx";
import { useHost, useWorkspace } from "../../../state/host.tsx";
import { useRoute } from "../../../state/router.ts";
import { checkSettings } from "../../../state/study-draft.ts";
import type { DraftControl } from "../../../state/use-study-draft.ts";
import classes from "./CreateStudy.module.css";
import { PlanSummary, useStudyPlan } from "./PlanSummary.tsx";
import { SettingsForm } from "./SettingsForm.tsx";

export interface CreateStudyProps {
  readonly isOpen: boolean;
  readonly dataset: string;
  readonly draft: DraftControl;
  readonly onClose: () => void;
}

export function CreateStudy({ isOpen, ...rest }: CreateStudyProps) {
  return (
    <Modal opened={isOpen} onClose={rest.onClose} size={1080} title="Create a study" padding={0} classNames={{ header: classes.header }}>
      {isOpen && <CreateForm {...rest} />}
    </Modal>
  );
}

function CreateForm({ dataset, draft, onClose }: Omit<CreateStudyProps, "isOpen">) {
  const { client } = useHost();
  const { go } = useRoute();
  const workspace = useWorkspace();
  const { name, preset, settings } = draft.draft;
  const chosenDataset = typeof settings.dataset === "string" ? settings.dataset : dataset;
  const { config, faults } = checkSettings(draft.effective, chosenDataset);
  const nameFault = faultOfName(name, workspace?.studies.some((study) => study.name === name) ?? false);
  const plan = useStudyPlan({ preset, settings: { ...settings, dataset: chosenDataset } }, config !== null);
  const create = useMutation({
    mutationFn: (_: { readonly andRun: boolean }) =>
      client.study.create({ name, preset, settings: { ...settings, dataset: chosenDataset } }),
    onSuccess: (study, { andRun }) => {
      onClose();
      draft.clear();
      go({ place: "training", subject: study.name });
      if (andRun)
        client.study.run({ study: study.name }).catch((error: unknown) => showError(error, `${study.name} was made, but did not start`));
    },
  });
  const isReady = config !== null && nameFault === null && !create.isPending && (plan.data?.problems.length ?? 0) === 0;
  return (
    <>
      <div className={classes.columns}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
        <section className={classes.settings} aria-label="Settings" tabIndex={0}>
          <SettingsForm draft={draft} dataset={chosenDataset} faults={faults} nameFault={name === "" ? null : nameFault} />
        </section>
        <section className={classes.plan} aria-label="Plan">
          <PlanSummary plan={plan} isValid={config !== null} faults={faults} />
        </section>
      </div>
      <div className={classes.foot}>
        {create.error && <ErrorNote error={create.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Go on designing
          </Button>
          <Button variant="default" disabled={!isReady} onClick={() => create.mutate({ andRun: false })}>
            Create
          </Button>
          <Button disabled={!isReady} loading={create.isPending} onClick={() => create.mutate({ andRun: true })}>
            Create and run
          </Button>
        </Group>
      </div>
    </>
  );
}

function faultOfName(name: string, isTaken: boolean): string | null {
  const parsed = NameSchema.safeParse(name);
  if (!parsed.success) return parsed.error.issues[0]!.message;
  return isTaken ? "There is a study of this name. Give another." : null;
}
