// Deleting a data set: what goes with it is named first.
import { Button, Checkbox, Group, Modal, Skeleton, Stack } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DatasetLoss } from "../../../../shared/domain/tile-query.ts";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { useHost } from "../../../state/host.tsx";
import { useRoute } from "../../../state/router.ts";
import { bytes, counted } from "../../../state/words.ts";
import classes from "./Care.module.css";

export function DeleteDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { client, queries } = useHost();
  const { go } = useRoute();
  const [isAgreed, setAgreed] = useState(false);
  const loss = useQuery(queries.dataset.loss.queryOptions({ input: { dataset: name }, staleTime: 0 }));
  const isUsed = loss.data !== undefined && loss.data.studies.length + loss.data.runs.length > 0;
  const remove = useMutation({
    mutationFn: () => client.dataset.delete({ dataset: name, evenIfUsed: isUsed }),
    onSuccess: () => {
      onClose();
      go({ place: "data" }, { replace: true });
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Delete the data set ${name}?`}>
      <Stack gap="sm">
        {loss.isPending && <Skeleton height={60} />}
        {loss.error && <ErrorNote error={loss.error} onRetry={() => void loss.refetch()} />}
        {loss.data && (
          <>
            <p>
              {loss.data.tiles > 0 ? counted(loss.data.tiles, "tile") : "What an unfinished ingest has read"} with their catalogue,{" "}
              {bytes(loss.data.bytes)}, are removed from the workspace. The files that they were read from stay.
            </p>
            {isUsed && (
              <>
                <Users loss={loss.data} />
                <Checkbox
                  label="Delete it although they use it"
                  checked={isAgreed}
                  onChange={(event) => setAgreed(event.currentTarget.checked)}
                />
              </>
            )}
          </>
        )}
        {remove.error && <ErrorNote error={remove.error} />}
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            Keep it
          </Button>
          <Button color="red" disabled={!loss.data || (isUsed && !isAgreed)} loading={remove.isPending} onClick={() => remove.mutate()}>
            Delete {loss.data?.tiles ? `${counted(loss.data.tiles, "tile")}, ${bytes(loss.data.bytes)}` : name}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Users({ loss: { studies, runs } }: { loss: DatasetLoss }) {
  const users = [...studies.map((study) => `study ${study}`), ...runs.map((run) => `run ${run}`)];
  return (
    <div>
      <p>These use it. Their results stay, but they cannot go on without it:</p>
      <ul className={classes.users}>
        {users.map((user) => (
          <li key={user}>{user}</li>
        ))}
      </ul>
    </div>
  );
}
