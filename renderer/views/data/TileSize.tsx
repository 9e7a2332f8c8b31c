// How large tiles are drawn; kept in the route.
import { Slider } from "@mantine/core";
import { useRoute } from "../../state/router.ts";
import classes from "./DatasetView.module.css";

/** Least sides of tiles on the screen, px. */
const SMALLEST = 40;
const LARGEST = 240;
const USUAL = 96;

/** The size that a route names. */
export function tileSizeOf({ size }: Readonly<Record<string, string>>): number {
  const asked = Number(size ?? USUAL);
  return Number.isFinite(asked) ? Math.min(LARGEST, Math.max(SMALLEST, asked)) : USUAL;
}

export function TileSize({ value, onChange }: { value: number; onChange: (size: number) => void }) {
  const { setQuery } = useRoute();
  return (
    <Slider
      className={classes.sizing ?? ""}
      aria-label="Tile size"
      thumbLabel="Tile size, px"
      min={SMALLEST}
      max={LARGEST}
      step={4}
      value={value}
      label={(size) => `${size} px`}
      onChange={onChange}
      onChangeEnd={(size) => setQuery({ size: size === USUAL ? null : String(size) }, { replace: true })}
    />
  );
}
