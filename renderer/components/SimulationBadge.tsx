// Stands wherever simulated data are shown, so that nobody takes them for measurements.
import { Badge, Tooltip } from "@mantine/core";
import { useWorkspace } from "../state/host.tsx";
import classes from "./SimulationBadge.module.css";

/** The badge, if a data set of the workspace is simulated. */
export function SimulationBadgeOf({ dataset }: { dataset: string }) {
  const workspace = useWorkspace();
  return workspace?.datasets.some(({ name, simulated }) => simulated && name === dataset) ? <SimulationBadge /> : null;
}

export function SimulationBadge() {
  return (
    <Tooltip label="These tiles were made by this application's simulator. They are no measurement of Sentinel-2.">
      <Badge className={classes.badge} variant="outline">
        simulation
      </Badge>
    </Tooltip>
  );
}
