// An error where it happened: what, where, what to do.
import { Alert, Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { errorText } from "../state/errors.ts";

const TITLES: Readonly<Record<string, string>> = {
  BAD_ARGUMENT: "A setting is not allowed",
  NOT_FOUND: "Not found",
  NOT_A_FOLDER: "Not a folder",
  NO_ACCESS: "No access",
  ALREADY_EXISTS: "The name is taken",
  NO_DATA: "Not enough data",
  BAD_FILE: "A file cannot be read",
  UNSUPPORTED: "Not supported",
  DISK_FULL: "The disk is full",
  OUT_OF_MEMORY: "Not enough memory",
  ENGINE_UNAVAILABLE: "The engine cannot be used",
  BUSY: "In use",
  CANCELLED: "Cancelled",
  WORKER_LOST: "A worker ended before it answered",
  UNREACHABLE: "The host does not answer",
  BUG: "The host failed",
};

/** @param props.onRetry offered as a button when given */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { code, message } = errorText(error);
  return (
    <Alert color="red" icon={<IconAlertTriangle size={18} />} title={TITLES[code]} role="alert">
      {message}
      {onRetry && (
        <div>
          <Button variant="default" mt={8} onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
    </Alert>
  );
}
