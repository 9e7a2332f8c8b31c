// Stands wherever simulated data are shown, so that nobody takes them for measurements.
import { Badge, Tooltip } from "@mantine/core";
import classes from "./SimulationBadge.module.css";

export function SimulationBadge() {
  return (
    <Tooltip label="These tiles were made by this application's simulator. They are no measurement of Sentinel-2.">
      <Badge className={classes.badge} variant="outline">
        simulation
      </Badge>
    </Tooltip>
  );
}
