// A folder or a file on the host's machine: typed, chosen in the native dialog, or browsed.
import { ActionIcon, Button, Group, Modal, ScrollArea, TextInput } from "@mantine/core";
import { IconArrowUp, IconFile, IconFolder, IconFolderOpen } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useHost } from "../state/host.tsx";
import { ErrorNote } from "./ErrorNote.tsx";
import { showError } from "./notices.tsx";
import classes from "./PathField.module.css";

export interface PathFieldProps {
  readonly what?: "folder" | "file";
  readonly label: string;
  readonly description?: string;
  readonly value: string;
  readonly onChange: (path: string) => void;
  /** Enter in the field. */
  readonly onSubmit?: () => void;
  readonly disabled?: boolean;
}

export function PathField({ what = "folder", label, description, value, onChange, onSubmit, disabled = false }: PathFieldProps) {
  const { client, queries } = useHost();
  const info = useQuery(queries.app.info.queryOptions({ staleTime: Number.POSITIVE_INFINITY }));
  const [isBrowsing, setBrowsing] = useState(false);
  const choose = useMutation({
    mutationFn: () => client.folder.choose({ what }),
    onSuccess: (path) => {
      if (path !== null) onChange(path);
    },
    onError: (error) => showError(error, `The ${what} dialog did not open`),
  });
  return (
    <>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          className={classes.field}
          label={label}
          description={description}
          value={value}
          disabled={disabled}
          spellCheck={false}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") onSubmit?.();
          }}
        />
        <Button
          variant="default"
          leftSection={<IconFolderOpen size={16} />}
          disabled={disabled}
          loading={choose.isPending}
          onClick={() => (info.data?.nativeDialogs ? choose.mutate() : setBrowsing(true))}
        >
          Choose
        </Button>
      </Group>
      {isBrowsing && (
        <Browser
          what={what}
          start={value.trim() === "" ? null : value.trim()}
          onClose={() => setBrowsing(false)}
          onChoose={(path) => {
            onChange(path);
            setBrowsing(false);
          }}
        />
      )}
    </>
  );
}

interface BrowserProps {
  readonly what: "folder" | "file";
  readonly start: string | null;
  readonly onClose: () => void;
  readonly onChoose: (path: string) => void;
}

function Browser({ what, start, onClose, onChoose }: BrowserProps) {
  const { queries } = useHost();
  const [path, setPath] = useState(start);
  const listing = useQuery(
    queries.folder.list.queryOptions({
      input: { path, withFiles: what === "file" },
      staleTime: 0,
      placeholderData: (previous) => previous,
    }),
  );
  const shown = listing.data;
  return (
    <Modal opened onClose={onClose} size="lg" title={`Choose a ${what}`}>
      <Group gap="xs" wrap="nowrap" mb="xs">
        <ActionIcon
          aria-label="To the folder above"
          disabled={!shown?.parent}
          onClick={() => {
            if (shown?.parent) setPath(shown.parent);
          }}
        >
          <IconArrowUp size={16} />
        </ActionIcon>
        <code className={classes.path}>{shown?.path ?? path ?? ""}</code>
      </Group>
      <ScrollArea h={320} className={classes.list} viewportProps={{ tabIndex: 0 }}>
        {listing.error && (
          <ErrorNote
            error={listing.error}
            onRetry={() => {
              if (path === null) void listing.refetch();
              else setPath(null);
            }}
          />
        )}
        {!listing.error && shown && shown.folders.length + shown.files.length === 0 && (
          <p className={classes.none}>There is no {what === "file" ? "file or folder" : "folder"} in this folder.</p>
        )}
        {!listing.error &&
          shown?.folders.map((folder) => (
            <button key={folder.path} type="button" className={classes.folder} onClick={() => setPath(folder.path)}>
              <IconFolder size={16} stroke={1.6} aria-hidden />
              {folder.name}
            </button>
          ))}
        {!listing.error &&
          shown?.files.map((file) => (
            <button key={file.path} type="button" className={classes.folder} onClick={() => onChoose(file.path)}>
              <IconFile size={16} stroke={1.6} aria-hidden />
              {file.name}
            </button>
          ))}
      </ScrollArea>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        {what === "folder" && (
          <Button disabled={!shown || listing.isError} onClick={() => shown && onChoose(shown.path)}>
            Choose this folder
          </Button>
        )}
      </Group>
    </Modal>
  );
}
