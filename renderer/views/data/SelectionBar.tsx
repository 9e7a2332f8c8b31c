// What can be done with the selected tiles. Stands in the line above the grid, so that nothing moves when it comes.
import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { formatTileList } from "../../../shared/domain/tile-list.ts";
import { csvText, download } from "../../components/figure-export.ts";
import { showDone, showError } from "../../components/notices.tsx";
import { useHost } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import type { Store } from "../../state/store.ts";
import { count, counted } from "../../state/words.ts";
import classes from "./SelectionBar.module.css";
import { noSelection, selectedRows, type TileSelection } from "./tile-selection.ts";

/** Tiles whose facts are read at once. */
const PAGE = 1000;

export function SelectionBar({ dataset, selection: selected }: { dataset: Dataset; selection: Store<TileSelection> }) {
  const selection = useSyncExternalStore(selected.subscribe, selected.get);
  const { client, queries, queryClient } = useHost();
  const { setQuery } = useRoute();
  const [read, setRead] = useState<{ done: number; stop: AbortController } | null>(null);
  const { name } = dataset;

  /** All facts of the selected tiles; half a million take a while, which is told and can be stopped. */
  const readSelected = async (): Promise<Tile[]> => {
    const rows = selectedRows(selection);
    const stop = new AbortController();
    const tiles: Tile[] = [];
    try {
      for (let from = 0; from < rows.length; from += PAGE) {
        setRead({ done: from, stop });
        tiles.push(
          ...(await client.dataset.tilesAt({ dataset: name, rows: [...rows.subarray(from, from + PAGE)] }, { signal: stop.signal })),
        );
      }
    } finally {
      setRead(null);
    }
    return tiles;
  };
  const withTiles = (what: string, use: (tiles: Tile[]) => Promise<void> | void) => async () => {
    try {
      await use(await readSelected());
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) showError(error, what);
    }
  };
  const copy = withTiles("The ids were not copied", async (tiles) => {
    await navigator.clipboard.writeText(`${tiles.map(({ id }) => id).join("\n")}\n`);
    showDone("Copied", `${counted(tiles.length, "id")} ${tiles.length === 1 ? "is" : "are"} on the clipboard, one a line.`);
  });
  const save = withTiles("The table was not made", (tiles) =>
    download(`${name}-tiles.csv`, new Blob([tileTable(tiles)], { type: "text/csv;charset=utf-8" })),
  );
  const use = useMutation({
    mutationFn: (inUse: boolean) => client.dataset.use({ dataset: name, tiles: formatTileList(selectedRows(selection)), inUse }),
    onSuccess: ({ excluded }, inUse) => {
      void queryClient.invalidateQueries({ queryKey: queries.dataset.key() });
      const what = counted(selection.count, "tile");
      showDone(
        inUse ? "Back in use" : "Out of use",
        `${what} ${selection.count === 1 ? "is" : "are"} ${inUse ? "in use again" : "left out of new runs"}. Of ${counted(dataset.tiles, "tile")}, ${count(excluded)} are out of use.`,
      );
    },
    onError: (error) => showError(error, "The tiles stay as they were"),
  });

  if (selection.count === 0) return null;
  if (read)
    return (
      <div className={classes.bar} role="status">
        Reading {counted(selection.count, "tile")}: {count(read.done)} done
        <Button size="compact-xs" variant="default" onClick={() => read.stop.abort()}>
          Cancel
        </Button>
      </div>
    );
  const actions: readonly Action[] = [
    { name: "Copy ids", onClick: copy },
    { name: "Save CSV", onClick: save },
    {
      name: "Only these",
      title: "Show only the selected tiles",
      onClick: () => setQuery({ only: formatTileList(selectedRows(selection)), tile: null }),
    },
    { name: "Exclude", title: "Take them out of use: no new run uses them", isBusy: use.isPending, onClick: () => use.mutate(false) },
    { name: "Put back", title: "Put them back into use", isBusy: use.isPending, onClick: () => use.mutate(true) },
    { name: "Clear", title: "Escape", onClick: () => selected.set(noSelection(dataset.tiles)) },
  ];
  return (
    <section className={classes.bar} aria-label="Selection">
      <strong aria-live="polite">{count(selection.count)} selected</strong>
      <div className={classes.wide}>
        {actions.map(({ name: text, title, isBusy = false, onClick }) => (
          <Button key={text} size="compact-xs" variant="default" title={title} disabled={isBusy} onClick={onClick}>
            {text}
          </Button>
        ))}
      </div>
      <div className={classes.narrow}>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="compact-xs" variant="default" rightSection={<IconChevronDown size={12} />}>
              With them
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {actions.map(({ name: text, title, isBusy = false, onClick }) => (
              <Menu.Item key={text} title={title} disabled={isBusy} onClick={onClick}>
                {text}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
    </section>
  );
}

/** What can be done with the selected tiles. */
interface Action {
  readonly name: string;
  readonly title?: string;
  readonly isBusy?: boolean;
  readonly onClick: () => void;
}

/** The tiles as a table, a row each; labels are separated by `;`, as `label --csv` reads them. */
export function tileTable(tiles: readonly Tile[]): string {
  const columns = ["id", "index", "date", "granule", "source", "country", "split", "cloud", "snow", "nodata", "excluded", "path"] as const;
  const rows = tiles.map((tile) => [...columns.map((column) => tile[column]), tile.labels?.join(";")]);
  return csvText([...columns, "labels"], rows);
}
