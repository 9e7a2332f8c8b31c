// Asks before something ends or goes, and names what is lost and what is kept.
import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { ErrorNote } from "./ErrorNote.tsx";

export interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly title: string;
  /** What is lost, what is kept. */
  readonly children: ReactNode;
  /** The deed, in its own words. */
  readonly confirm: string;
  readonly refuse: string;
  readonly isPending?: boolean;
  readonly error?: unknown;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export function ConfirmDialog({ isOpen, title, children, confirm, refuse, isPending, error, onConfirm, onClose }: ConfirmDialogProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={title}>
      <Stack gap="sm">
        {children}
        {error != null && <ErrorNote error={error} />}
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {refuse}
          </Button>
          <Button color="red.9" loading={isPending ?? false} onClick={onConfirm}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
