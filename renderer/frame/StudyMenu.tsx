// What can be done to a study as a whole.
import { ActionIcon, Button, Group, Menu, Modal, Stack } from "@mantine/core";
import { IconDots, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { StudySummary } from "../../shared/domain/workspace.ts";
import { ErrorNote } from "../components/ErrorNote.tsx";
import { useHost } from "../state/host.tsx";
import { useRoute } from "../state/router.ts";
import { counted } from "../state/words.ts";

export function StudyMenu({ summary }: { summary: StudySummary }) {
  const { client } = useHost();
  const { route, go } = useRoute();
  const [isAsking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => client.study.delete({ study: summary.name }),
    onSuccess: () => {
      setAsking(false);
      go({ place: route.place, subject: null }, { replace: true });
    },
  });
  const done = counted(summary.finished, "finished run");
  return (
    <>
      <Menu position="bottom-start" withinPortal>
        <Menu.Target>
          <ActionIcon aria-label="More about this study">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            Data set {summary.dataset}, {counted(summary.runs, "run")}
          </Menu.Label>
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => setAsking(true)}>
            Delete this study
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isAsking} onClose={() => setAsking(false)} title={`Delete the study ${summary.name}?`}>
        <Stack gap="sm">
          <p>Its record, {done} with curves and scores, and all checkpoints are removed from the disk. The data set stays.</p>
          {remove.error && <ErrorNote error={remove.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsking(false)}>
              Keep it
            </Button>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              Delete {done}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
