// Work that a dialog waits for: how far it is, and the way out.
import { Button } from "@mantine/core";
import { IconPlayerStop } from "@tabler/icons-react";
import { ProgressBar } from "../../../components/ProgressBar.tsx";
import { count, counted } from "../../../state/words.ts";
import classes from "./Care.module.css";

export interface WorkProgressProps {
  readonly label: string;
  /** `Reading`. */
  readonly doing: string;
  readonly unit: string;
  readonly done: number;
  /** 0: not known yet. */
  readonly total: number;
  readonly onCancel: () => void;
}

export function WorkProgress({ label, doing, unit, done, total, onCancel }: WorkProgressProps) {
  return (
    <div className={classes.progress} role="status">
      <ProgressBar label={label} done={done} total={total} />
      <span>{total > 0 ? `${doing}: ${count(done)} of ${counted(total, unit)}` : doing}</span>
      <Button variant="default" size="compact-xs" leftSection={<IconPlayerStop size={13} />} onClick={onCancel}>
        Cancel
      </Button>
    </div>
  );
}
