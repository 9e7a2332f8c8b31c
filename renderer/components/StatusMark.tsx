// The state of a run: a shape, a colour and a word.
import { IconAlertTriangle, IconCheck, IconClock, IconPlayerPause, IconPlayerPlay, IconX } from "@tabler/icons-react";
import type { RunStatus } from "../../shared/domain/run-state.ts";
import classes from "./StatusMark.module.css";

const ICONS = {
  queued: IconClock,
  running: IconPlayerPlay,
  paused: IconPlayerPause,
  cancelled: IconX,
  failed: IconAlertTriangle,
  finished: IconCheck,
} as const satisfies Record<RunStatus, unknown>;

/** @param props.hasWord the word beside the shape; else it is its label alone */
export function StatusMark({ status, hasWord = false }: { status: RunStatus; hasWord?: boolean }) {
  const Icon = ICONS[status];
  return (
    <span className={classes.mark} data-status={status}>
      {hasWord ? <Icon size={15} aria-hidden /> : <Icon size={15} role="img" aria-label={status} />}
      {hasWord && status}
    </span>
  );
}
