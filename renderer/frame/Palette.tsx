// Everything that has a route, found by a few letters: Ctrl-K or Cmd-K.
import { Modal, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { skipToken, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { ALL_ARMS } from "../../shared/domain/study.ts";
import type { Workspace } from "../../shared/domain/workspace.ts";
import { useHost, useWorkspace } from "../state/host.tsx";
import { PLACES, type Place, parseRoute, type Route, useRoute } from "../state/router.ts";
import { PUBLISHED_STUDY, useCurrentDataset, useCurrentStudy } from "../state/selection.ts";
import { useWindowRequests } from "../state/window-requests.ts";
import { queryOf } from "../views/data/filter.ts";
import classes from "./Palette.module.css";
import { PLACE_TITLES } from "./Rail.tsx";

interface Target {
  readonly kind: string;
  /** That leads there, too. */
  readonly shortcut?: string;
  readonly name: string;
  readonly route: Route;
}

/** Places that show one study. */
const OF_A_STUDY: ReadonlySet<Place> = new Set(["augmentations", "training", "comparison", "embeddings"]);
/** Rows made; more are found by more letters. */
const SHOWN = 60;

export function Palette() {
  const [isOpen, setOpen] = useState(false);
  const { go } = useRoute();
  useHotkeys([["mod+K", () => setOpen(true)]], []);
  useWindowRequests((request) => {
    if (request.kind === "palette") setOpen(true);
    else go(parseRoute(request.hash));
  });
  return (
    <Modal.Root opened={isOpen} onClose={() => setOpen(false)} size={560} yOffset="14vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Go to">
        <Modal.Body p={0}>{isOpen && <Search onClose={() => setOpen(false)} />}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Search({ onClose }: { onClose: () => void }) {
  const { go } = useRoute();
  const workspace = useWorkspace();
  const study = useCurrentStudy();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const filters = useFilterTargets();
  const targets = useMemo(() => [...targetsOf(workspace, study.name), ...filters], [workspace, study.name, filters]);
  const found = targets.filter(({ kind, name }) => matches(`${kind} ${name}`, text)).slice(0, SHOWN);
  const choose = (target: Target | undefined) => {
    if (!target) return;
    onClose();
    go(target.route);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") choose(found[at]);
    else if (event.key === "ArrowDown") setAt(Math.min(found.length - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        size="md"
        variant="unstyled"
        className={classes.field}
        leftSection={<IconSearch size={18} aria-hidden />}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        aria-label="Go to a place, data set, filter, study or arm"
        placeholder="Go to a place, data set, filter, study or arm"
        value={text}
        onKeyDown={press}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <div id={id} role="listbox" aria-label="Found" className={classes.list}>
        {found.map((target, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          <div
            key={`${target.kind} ${target.name}`}
            id={`${id}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === at}
            ref={i === at ? intoView : undefined}
            className={classes.row}
            onMouseMove={() => setAt(i)}
            onClick={() => choose(target)}
          >
            <span>{target.name}</span>
            <span className={classes.kind}>
              {target.kind}
              {target.shortcut && <kbd>{target.shortcut}</kbd>}
            </span>
          </div>
        ))}
        {found.length === 0 && <p className={classes.none}>Nothing has a name like this.</p>}
      </div>
    </>
  );
}

const intoView = (row: HTMLElement | null) => row?.scrollIntoView({ block: "nearest" });

/** The saved filters of the data set in hand; its view stays as it is. */
function useFilterTargets(): readonly Target[] {
  const { queries } = useHost();
  const { route } = useRoute();
  const dataset = useCurrentDataset()?.name;
  const saved = useQuery(queries.filter.list.queryOptions({ input: dataset === undefined ? skipToken : { dataset } })).data;
  return useMemo(() => {
    if (dataset === undefined || !saved) return [];
    const view = route.place === "data" && route.subject === dataset ? route.query : {};
    return saved.map(({ name, filter }): Target => {
      const all: Record<string, string | null> = { ...view, ...queryOf(filter), follow: null };
      const query = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
      return { kind: `filter of ${dataset}`, name, route: { place: "data", subject: dataset, query: Object.fromEntries(query) } };
    });
  }, [dataset, saved, route]);
}

function targetsOf(workspace: Workspace | null, study: string | null): Target[] {
  const places = [...PLACES, "start" as const, "settings" as const].map((place: Place, i): Target => {
    const shortcut = i < PLACES.length ? String(i + 1) : place === "settings" ? "Ctrl ," : null;
    return {
      kind: "place",
      name: PLACE_TITLES[place],
      route: { place, subject: OF_A_STUDY.has(place) ? study : null, query: {} },
      ...(shortcut === null ? {} : { shortcut }),
    };
  });
  const datasets = (workspace?.datasets ?? [])
    .filter(({ complete }) => complete)
    .map(({ name }): Target => ({ kind: "data set", name, route: { place: "data", subject: name, query: {} } }));
  const studies = (workspace?.studies ?? []).map(
    ({ name, finished }): Target => ({
      kind: "study",
      name,
      route: { place: finished > 0 ? "comparison" : "training", subject: name, query: {} },
    }),
  );
  const published: Target = {
    kind: "study",
    name: "Published sweep (2021)",
    route: { place: "comparison", subject: PUBLISHED_STUDY, query: {} },
  };
  const add: Target = { kind: "data", name: "Add a folder", route: { place: "data", subject: null, query: { add: "1" } } };
  const arms =
    study === null
      ? []
      : ALL_ARMS.map((arm): Target => ({ kind: "arm", name: arm, route: { place: "comparison", subject: study, query: { arm } } }));
  return [...places, ...datasets, ...studies, published, add, ...arms];
}

/** Whether every word of the text is somewhere in the name. */
const matches = (name: string, text: string) =>
  text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.toLowerCase().includes(word));
