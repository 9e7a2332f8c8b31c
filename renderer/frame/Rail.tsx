// The places, with the keys that lead to them; help and the colour scheme at the end.
import { ActionIcon, Menu, Popover, Table } from "@mantine/core";
import {
  IconActivity,
  IconAdjustmentsHorizontal,
  IconChartBar,
  IconChartDots3,
  IconDeviceDesktop,
  IconHelp,
  IconMoon,
  IconPhoto,
  IconSettings,
  IconSun,
} from "@tabler/icons-react";
import { APPEARANCES } from "../../shared/domain/settings.ts";
import { showError } from "../components/notices.tsx";
import icon from "../icon.svg";
import { useHost, useSettings } from "../state/host.tsx";
import { formatRoute, PLACES, type Place, useRoute } from "../state/router.ts";
import { useCurrentDataset, useCurrentStudy } from "../state/selection.ts";
import classes from "./Frame.module.css";

const NAMES: Readonly<Record<(typeof PLACES)[number], string>> = {
  data: "Data",
  augmentations: "Augment",
  training: "Training",
  comparison: "Compare",
  embeddings: "Embed",
};
/** What each place is for. */
export const PLACE_TITLES: Readonly<Record<Place, string>> = {
  start: "Start: workspaces, the first study",
  settings: "Settings and what this machine can do",
  data: "Data: sources, tiles, spectra",
  augmentations: "Augmentations and study design",
  training: "Training: what runs now",
  comparison: "Comparison of the arms",
  embeddings: "Embeddings: tiles as an encoder sees them",
};
const ICONS = {
  data: IconPhoto,
  augmentations: IconAdjustmentsHorizontal,
  training: IconActivity,
  comparison: IconChartBar,
  embeddings: IconChartDots3,
} as const;

export function Rail() {
  const { route } = useRoute();
  const study = useCurrentStudy();
  const dataset = useCurrentDataset();
  return (
    <nav className={classes.rail} aria-label="Places">
      <a
        className={classes.brand}
        href={formatRoute({ place: "start", subject: null, query: {} })}
        title={PLACE_TITLES.start}
        aria-current={route.place === "start" ? "page" : undefined}
      >
        <img src={icon} alt="Start" width={24} height={24} />
      </a>
      <ul className={classes.places}>
        {PLACES.map((place, i) => {
          const Icon = ICONS[place];
          const subject = place === "data" ? (dataset?.name ?? null) : study.name;
          return (
            <li key={place}>
              <a
                className={classes.place}
                href={formatRoute({ place, subject, query: {} })}
                title={`${PLACE_TITLES[place]} (${i + 1})`}
                aria-current={route.place === place ? "page" : undefined}
              >
                <Icon size={22} stroke={1.6} aria-hidden />
                {NAMES[place]}
              </a>
            </li>
          );
        })}
      </ul>
      <div className={classes.railEnd}>
        <ColourScheme />
        <Help />
        <ActionIcon
          component="a"
          href={formatRoute({ place: "settings", subject: null, query: {} })}
          aria-label="Settings"
          title={`${PLACE_TITLES.settings} (Ctrl comma)`}
          aria-current={route.place === "settings" ? "page" : undefined}
        >
          <IconSettings size={18} stroke={1.6} />
        </ActionIcon>
      </div>
    </nav>
  );
}

const SCHEMES = { light: IconSun, dark: IconMoon, system: IconDeviceDesktop } as const;

function ColourScheme() {
  const { client } = useHost();
  const appearance = useSettings()?.settings.appearance ?? "system";
  const Icon = SCHEMES[appearance];
  return (
    <Menu position="right-end" withinPortal>
      <Menu.Target>
        <ActionIcon aria-label="Colour scheme" title="Colour scheme">
          <Icon size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {APPEARANCES.map((scheme) => {
          const SchemeIcon = SCHEMES[scheme];
          return (
            <Menu.Item
              key={scheme}
              leftSection={<SchemeIcon size={16} />}
              onClick={() =>
                void client.settings.change({ appearance: scheme }).catch((error) => showError(error, "The colours were not changed"))
              }
              aria-current={scheme === appearance}
            >
              {{ light: "Light", dark: "Dark", system: "As the system" }[scheme]}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

/** What the keyboard does everywhere. */
export const KEYS: readonly (readonly [string, string])[] = [
  [`1 to ${PLACES.length}`, `go to ${PLACES.map((place) => NAMES[place]).join(", ")}`],
  ["Ctrl K, Cmd K", "go to anything by its name"],
  ["Ctrl comma, Cmd comma", "settings"],
  ["/", "search the tiles of a data set"],
  ["Arrows", "move in the tile grid, the matrix, the charts and the plot of an embedding"],
  ["Space", "put a cell of the matrix into the study or take it out"],
  ["Enter", "pick what has the focus"],
  ["D", "draw the views again"],
  ["Esc", "close the inspector"],
];

function Help() {
  return (
    <Popover position="right-end" withinPortal>
      <Popover.Target>
        <ActionIcon aria-label="Keyboard" title="Keyboard">
          <IconHelp size={18} stroke={1.6} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Table verticalSpacing={4} horizontalSpacing="xs" withRowBorders={false}>
          <Table.Tbody>
            {KEYS.map(([key, what]) => (
              <Table.Tr key={key}>
                <Table.Td>
                  <strong>{key}</strong>
                </Table.Td>
                <Table.Td>{what}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Popover.Dropdown>
    </Popover>
  );
}
