// Filters with a name: to apply, save, rename, delete.
import { ActionIcon, Button, Popover, Text, TextInput, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBookmark, IconCheck, IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { SavedFilter } from "../../../shared/domain/saved-filter.ts";
import type { TileFilter } from "../../../shared/domain/tile-query.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { showError } from "../../components/notices.tsx";
import { useHost } from "../../state/host.tsx";
import { isFiltering, isSameFilter } from "./filter.ts";
import classes from "./SavedFilters.module.css";

export interface SavedFiltersProps {
  readonly dataset: string;
  /** The filter that is on. */
  readonly filter: TileFilter;
  readonly onApply: (filter: TileFilter) => void;
}

export function SavedFilters({ dataset, filter, onApply }: SavedFiltersProps) {
  const { client, queries, queryClient } = useHost();
  const [isOpen, setOpen] = useState(false);
  const [renamed, setRenamed] = useState<string | null>(null);
  const input = { dataset };
  const saved = useQuery(queries.filter.list.queryOptions({ input }));
  const tell = (filters: SavedFilter[]) => queryClient.setQueryData(queries.filter.list.queryKey({ input }), filters);
  const save = useMutation({
    mutationFn: (one: { name: string; filter: TileFilter }) => client.filter.save({ dataset, ...one }),
    onSuccess: tell,
  });
  const rename = useMutation({
    mutationFn: (to: string) => client.filter.rename({ dataset, from: renamed!, to }),
    onSuccess: (filters) => {
      tell(filters);
      setRenamed(null);
    },
  });
  const remove = useMutation({
    mutationFn: (one: SavedFilter) => client.filter.delete({ dataset, name: one.name }),
    onError: (error) => showError(error, "The filter is still there"),
    onSuccess: (filters, one) => {
      tell(filters);
      offerUndo(one);
    },
  });
  const offerUndo = ({ name, filter: deleted }: SavedFilter) => {
    const id = `filter ${dataset} ${name}`;
    const undo = () => {
      notifications.hide(id);
      save.mutate({ name, filter: deleted }, { onError: (error) => showError(error, "The filter was not brought back") });
    };
    notifications.show({
      id,
      title: `The filter ${name} is deleted`,
      message: (
        <Button variant="default" mt={6} onClick={undo}>
          Undo
        </Button>
      ),
    });
  };
  const current = saved.data?.find((one) => isSameFilter(one.filter, filter));
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" width={280} trapFocus>
      <Popover.Target>
        <Tooltip label="Saved filters" disabled={isOpen}>
          <ActionIcon
            size="sm"
            aria-label="Saved filters"
            aria-expanded={isOpen}
            color={current && isFiltering(filter) ? "accent" : "gray"}
            onClick={() => setOpen(!isOpen)}
          >
            <IconBookmark size={16} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label="Saved filters">
        {saved.error && <ErrorNote error={saved.error} onRetry={() => void saved.refetch()} />}
        {saved.data?.length === 0 && (
          <Text size="xs" c="dimmed" pb={6}>
            None yet. A saved filter is found by Ctrl-K, too, and by the command line: tiles --saved NAME.
          </Text>
        )}
        <ul className={classes.list}>
          {saved.data?.map((one) =>
            one.name === renamed ? (
              <li key={one.name}>
                <NameForm
                  label={`New name of ${one.name}`}
                  action="Rename"
                  initial={one.name}
                  error={rename.error}
                  onSubmit={(to) => (to === one.name ? setRenamed(null) : rename.mutate(to))}
                />
              </li>
            ) : (
              <li key={one.name} className={classes.row}>
                <button
                  type="button"
                  className={classes.name}
                  aria-current={one === current || undefined}
                  title={one.name}
                  onClick={() => {
                    setOpen(false);
                    onApply(one.filter);
                  }}
                >
                  <span>{one.name}</span>
                  {one === current && <IconCheck size={14} aria-hidden />}
                </button>
                <ActionIcon size="sm" aria-label={`Rename ${one.name}`} onClick={() => setRenamed(one.name)}>
                  <IconPencil size={14} />
                </ActionIcon>
                <ActionIcon size="sm" aria-label={`Delete ${one.name}`} onClick={() => remove.mutate(one)}>
                  <IconTrash size={14} />
                </ActionIcon>
              </li>
            ),
          )}
        </ul>
        {isFiltering(filter) && !current && renamed === null && (
          <NameForm
            label="Name of this filter"
            action="Save"
            initial=""
            error={save.error}
            onSubmit={(name) => save.mutate({ name, filter })}
          />
        )}
        {!isFiltering(filter) && saved.data && (
          <Text size="xs" c="dimmed">
            Filter the tiles to save what is asked for under a name.
          </Text>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

interface NameFormProps {
  readonly label: string;
  readonly action: string;
  readonly initial: string;
  readonly error: Error | null;
  readonly onSubmit: (name: string) => void;
}

function NameForm({ label, action, initial, error, onSubmit }: NameFormProps) {
  const [name, setName] = useState(initial);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "") onSubmit(name.trim());
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        data-autofocus
        aria-label={label}
        placeholder={label}
        maxLength={80}
        value={name}
        error={error?.message}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={name.trim() === ""}>
        {action}
      </Button>
    </form>
  );
}
