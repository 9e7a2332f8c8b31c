// How tiles are shown: what is black and what is white, and what is written on them.
import { Button, Checkbox, NumberInput, Popover, SegmentedControl, Stack } from "@mantine/core";
import { IconContrast } from "@tabler/icons-react";
import type { BandCombination } from "../../../shared/domain/band-combinations.ts";
import { DEFAULT_STRETCH, formatStretch, parseStretch, type TileStretch } from "../../../shared/domain/tile-stretch.ts";
import { useRoute } from "../../state/router.ts";
import classes from "./DisplayMenu.module.css";
import { BADGES, type BadgeKind, badgesOf, badgesText } from "./tile-badges.ts";

const SCOPES = [
  { value: "shared", label: "All tiles alike" },
  { value: "tile", label: "Each tile" },
] as const;
const HELP: Readonly<Record<TileStretch["scope"], string>> = {
  shared: "From percentiles of the whole data set, of a sample of its tiles: colours compare from tile to tile.",
  tile: "From percentiles of each tile: dark ones show what they have, and colours do not compare.",
};
const BADGE_TITLES: Readonly<Record<BadgeKind, string>> = { cloud: "Cloud", labels: "Labels" };
/** Percentiles are chosen in halves. */
const STEP = 0.5;

/** The stretch of a route. */
export const stretchOf = (query: Readonly<Record<string, string>>): TileStretch => parseStretch(query.stretch ?? "") ?? DEFAULT_STRETCH;

export function DisplayMenu({ combination }: { combination: BandCombination }) {
  const { route, setQuery } = useRoute();
  const stretch = stretchOf(route.query);
  const badges = badgesOf(route.query.badges);
  const change = (changes: Partial<TileStretch>) => {
    const text = formatStretch({ ...stretch, ...changes });
    setQuery({ stretch: text === formatStretch(DEFAULT_STRETCH) ? null : text }, { replace: true });
  };
  const limit = (title: string, key: "low" | "high", [min, max]: readonly [number, number]) => (
    <NumberInput
      label={title}
      suffix=" %"
      w={112}
      min={min}
      max={max}
      step={STEP}
      decimalScale={2}
      clampBehavior="blur"
      value={stretch[key]}
      onChange={(value) => {
        if (typeof value === "number" && value >= min && value <= max) change({ [key]: value });
      }}
    />
  );
  return (
    <Popover position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" px={8} leftSection={<IconContrast size={16} />}>
          Display
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Display">
        <Stack
          gap="sm"
          w={264}
          // It closes this, and not the inspector, too.
          onKeyDownCapture={(event) => {
            if (event.key === "Escape") event.preventDefault();
          }}
        >
          <div>
            <p className={classes.title}>Stretch</p>
            <SegmentedControl
              fullWidth
              aria-label="Stretch"
              data={[...SCOPES]}
              value={stretch.scope}
              onChange={(scope) => change({ scope: scope as TileStretch["scope"] })}
            />
            <p className={classes.help}>
              {combination.kind === "index"
                ? `${combination.name} is always shown from ${combination.range[0]} to ${combination.range[1]}.`
                : HELP[stretch.scope]}
            </p>
          </div>
          <div className={classes.limits}>
            {limit("Black up to", "low", [0, stretch.high - STEP])}
            {limit("White from", "high", [stretch.low + STEP, 100])}
          </div>
          <Checkbox.Group
            label="Written on tiles"
            value={badges}
            onChange={(next) => setQuery({ badges: badgesText(BADGES.filter((badge) => next.includes(badge))) }, { replace: true })}
          >
            <div className={classes.badges}>
              {BADGES.map((badge) => (
                <Checkbox key={badge} value={badge} label={BADGE_TITLES[badge]} />
              ))}
            </div>
          </Checkbox.Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
