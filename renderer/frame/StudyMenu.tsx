// What can be done to a study as a whole.
import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { StudySummary } from "../../shared/domain/workspace.ts";
import { ConfirmDialog } from "../components/ConfirmDialog.tsx";
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
      <ConfirmDialog
        isOpen={isAsking}
        title={`Delete the study ${summary.name}?`}
        confirm={summary.finished > 0 ? `Delete ${done}` : "Delete the study"}
        refuse="Keep it"
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsking(false)}
      >
        <p>
          Its record{summary.finished > 0 && `, ${done} with curves and scores,`} and all checkpoints are removed from the disk, and cannot
          be brought back. The data set stays.
        </p>
      </ConfirmDialog>
    </>
  );
}
