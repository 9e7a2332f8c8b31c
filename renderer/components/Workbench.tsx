// A view and, beside it, the inspector of what is picked in it.
import { ActionIcon } from "@mantine/core";
import { useWindowEvent } from "@mantine/hooks";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Workbench.module.css";

/** @param props.side the inspector, or what stands there when nothing is picked */
export function Workbench({ children, side }: { children: ReactNode; side?: ReactNode }) {
  return (
    <div className={classes.workbench}>
      <div className={classes.main}>{children}</div>
      {side}
    </div>
  );
}

export interface InspectorProps {
  readonly title: ReactNode;
  /** What kind of thing is shown: `Tile`, `Arm`. */
  readonly kind: string;
  /** Left out: it cannot be closed. */
  readonly onClose?: () => void;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** CSS; a number is px. */
  readonly width?: number | string;
}

/** The panel on the right. Escape closes it, unless a dialog is open over it. */
export function Inspector({ title, kind, onClose, actions, children, width }: InspectorProps) {
  useWindowEvent("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !onClose) return;
    if (document.querySelector("[role=dialog], [role=menu], [role=listbox][data-portal]")) return;
    onClose();
  });
  return (
    <aside className={classes.inspector} aria-label={kind} style={width === undefined ? undefined : { width }}>
      <div className={classes.head}>
        <div className={classes.title}>
          <span className={classes.kind}>{kind}</span>
          <h2>{title}</h2>
        </div>
        {actions}
        {onClose && (
          <ActionIcon aria-label={`Close the inspector of this ${kind.toLowerCase()}`} title="Close (Esc)" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.body} tabIndex={0} aria-label={`${kind} details`}>
        {children}
      </section>
    </aside>
  );
}
