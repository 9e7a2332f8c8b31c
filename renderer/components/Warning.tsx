// What to keep in mind, beside what causes it.
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Warning.module.css";

export function Warning({ children }: { children: ReactNode }) {
  return (
    <div className={classes.warning} role="status">
      <IconAlertTriangle size={15} aria-hidden />
      <div>{children}</div>
    </div>
  );
}
