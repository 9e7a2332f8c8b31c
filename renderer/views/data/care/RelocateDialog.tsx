// A folder of a data set that lies elsewhere now.
import { Button, Group, Modal, Select, Stack } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { PathField } from "../../../components/PathField.tsx";
import { useHost } from "../../../state/host.tsx";
import { count, counted } from "../../../state/words.ts";
import classes from "./Care.module.css";

export function RelocateDialog({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const { client, queries, queryClient } = useHost();
  const folders = dataset.folders ?? [];
  const [from, setFrom] = useState(folders[0] ?? "");
  const [to, setTo] = useState("");
  const move = useMutation({
    mutationFn: () => client.dataset.relocate({ dataset: dataset.name, from, to: to.trim() }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.dataset.key() }),
  });
  return (
    <Modal opened onClose={onClose} size="lg" title={`A folder of ${dataset.name} moved`}>
      {move.data ? (
        <Stack gap="sm">
          <p className={classes.good}>
            <IconCircleCheck size={18} aria-hidden />
            {count(move.data.found)} of {counted(move.data.patches, "patch", "patches")} are in the new place.
          </p>
          <Group justify="flex-end">
            <Button onClick={onClose}>Close</Button>
          </Group>
        </Stack>
      ) : (
        <Stack gap="sm">
          <p>The tiles are the data set's own and stay as they are. Where its imagery lies is asked when you add what is new.</p>
          <Select label="Folder as it was read" data={folders} value={from} onChange={(next) => next && setFrom(next)} />
          <PathField label="Where it lies now" value={to} onChange={setTo} />
          {move.error && <ErrorNote error={move.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button disabled={to.trim() === ""} loading={move.isPending} onClick={() => move.mutate()}>
              Use the new place
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
