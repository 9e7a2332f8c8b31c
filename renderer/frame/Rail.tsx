// The places, with the keys that lead to them; help and the colour scheme at the end.
import { ActionIcon, Menu, Popover, Table, useMantineColorScheme } from "@mantine/core";
import {
  IconActivity,
  IconAdjustmentsHorizontal,
  IconChartBar,
  IconChartDots3,
  IconDeviceDesktop,
  IconHelp,
  IconMoon,
  IconPhoto,
  IconSun,
} from "@tabler/icons-react";
import icon from "../icon.svg";
import { formatRoute, PLACES, type Place, useRoute } from "../state/router.ts";
import { useCurrentDataset, useCurrentStudy } from "../state/selection.ts";
import classes from "./Frame.module.css";

const NAMES: Readonly<Record<Place, string>> = {
  data: "Data",
  augmentations: "Augment",
  training: "Training",
  comparison: "Compare",
  embeddings: "Embed",
};
/** What each place is for. */
export const PLACE_TITLES: Readonly<Record<Place, string>> = {
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
      <div className={classes.brand}>
        <img src={icon} alt="SimCLR-S2 Studio" width={24} height={24} />
      </div>
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
      </div>
    </nav>
  );
}

const SCHEMES = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop } as const;

function ColourScheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = SCHEMES[colorScheme];
  return (
    <Menu position="right-end" withinPortal>
      <Menu.Target>
        <ActionIcon aria-label="Colour scheme" title="Colour scheme">
          <Icon size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(["light", "dark", "auto"] as const).map((scheme) => {
          const SchemeIcon = SCHEMES[scheme];
          return (
            <Menu.Item
              key={scheme}
              leftSection={<SchemeIcon size={16} />}
              onClick={() => setColorScheme(scheme)}
              aria-current={scheme === colorScheme}
            >
              {{ light: "Light", dark: "Dark", auto: "As the system" }[scheme]}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ["1 to 5", "go to a place"],
  ["Ctrl K, Cmd K", "go to anything by its name"],
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
