// Tiles that show the same, group by group: copies, and near copies of the same ground.
import { Badge, Button, Checkbox, Select, Skeleton } from "@mantine/core";
import { IconArrowLeft, IconCopyOff } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { type DuplicateGroup, DuplicateQuery } from "../../../shared/domain/tile-query.ts";
import { formatStretch } from "../../../shared/domain/tile-stretch.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { useHost } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import { count, counted } from "../../state/words.ts";
import { stretchOf } from "./DisplayMenu.tsx";
import classes from "./Duplicates.module.css";

export interface DuplicatesProps {
  readonly dataset: Dataset;
  readonly combination: string;
  /** Side of a tile on the screen, px. */
  readonly size: number;
  /** The control of the size. */
  readonly sizing: ReactNode;
  readonly picked: number | null;
  readonly onPick: (index: number) => void;
}

/** Groups asked for at once. */
const PAGE = 50;
/** Tiles shown of a group. */
const SHOWN_TILES = 24;

const MOST_BITS = 3;
/** How alike tiles must be: bits of the hash that may differ. */
const DISTANCES = [
  { value: "0", label: "with equal hashes" },
  { value: "1", label: "up to 1 of 64 bits off" },
  { value: "2", label: "up to 2 of 64 bits off" },
  { value: "3", label: "up to 3 of 64 bits off" },
];

export function Duplicates({ dataset, combination, size, sizing, picked, onPick }: DuplicatesProps) {
  const { route, setQuery } = useRoute();
  const { queries } = useHost();
  const query = DuplicateQuery.parse({
    distance: DISTANCES.some(({ value }) => value === route.query.distance) ? Number(route.query.distance) : MOST_BITS,
    place: route.query.place === "any" ? "any" : "same",
    sameDate: route.query.sameDate === "1",
    acrossSources: route.query.across === "1",
  });
  const found = useInfiniteQuery(
    queries.dataset.duplicates.infiniteOptions({
      input: (offset: number) => ({ dataset: dataset.name, query, offset, limit: PAGE }),
      initialPageParam: 0,
      getNextPageParam: (last, pages) => {
        const shown = pages.reduce((sum, { groups }) => sum + groups.length, 0);
        return shown < last.total ? shown : undefined;
      },
    }),
  );
  const isWidest = query.distance === MOST_BITS && query.place === "any" && !query.sameDate && !query.acrossSources;
  const stretch = formatStretch(stretchOf(route.query));
  const groups = found.data?.pages.flatMap((page) => page.groups) ?? [];
  const [first] = found.data?.pages ?? [];
  const change = (changes: Readonly<Record<string, string | null>>) => setQuery(changes, { replace: true });
  return (
    <div className={classes.view}>
      <div className={classes.bar}>
        <Button
          variant="default"
          leftSection={<IconArrowLeft size={15} />}
          onClick={() => setQuery({ view: null, distance: null, place: null, sameDate: null, across: null, tile: null })}
        >
          All tiles
        </Button>
        <Select
          aria-label="How alike"
          w={180}
          data={DISTANCES}
          value={String(query.distance)}
          onChange={(distance) => change({ distance })}
        />
        <Select
          aria-label="Where near duplicates lie"
          w={170}
          data={[
            { value: "same", label: "at the same place" },
            { value: "any", label: "anywhere" },
          ]}
          value={query.place}
          onChange={(place) => change({ place })}
        />
        <Checkbox
          label="of the same date"
          checked={query.sameDate}
          onChange={(event) => change({ sameDate: event.currentTarget.checked ? "1" : null })}
        />
        <Checkbox
          label="across sources"
          checked={query.acrossSources}
          onChange={(event) => change({ across: event.currentTarget.checked ? "1" : null })}
        />
        <p className={classes.sum} aria-live="polite">
          {first && `${counted(first.total, "group")} with ${counted(first.tiles, "tile")}`}
        </p>
        {sizing}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.groups} tabIndex={0} aria-label="Groups of duplicates">
        {found.error && <ErrorNote error={found.error} onRetry={() => void found.refetch()} />}
        {found.isPending && !found.error && <Skeleton height={160} />}
        {first?.total === 0 && (
          <EmptyState icon={IconCopyOff} title="No duplicates">
            {isWidest
              ? "No two tiles have the same pixels, or look the same, as far as is looked here."
              : "No two tiles have the same pixels, or look as much the same as is asked for. Allow more differing bits, any place, any date or one source to look further."}
          </EmptyState>
        )}
        {groups.map((group) => (
          <Group
            key={group.tiles[0]!.index}
            group={group}
            dataset={dataset.name}
            combination={combination}
            stretch={stretch}
            size={size}
            picked={picked}
            onPick={onPick}
          />
        ))}
        {found.hasNextPage && (
          <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            Show more of {counted(first?.total ?? 0, "group")}
          </Button>
        )}
      </section>
    </div>
  );
}

interface GroupProps extends Omit<DuplicatesProps, "dataset" | "sizing"> {
  readonly stretch: string;
  readonly group: DuplicateGroup;
  readonly dataset: string;
}

function Group({ group, dataset, combination, stretch, size, picked, onPick }: GroupProps) {
  const { tileUrl } = useHost();
  const { tiles, kind, acrossSources } = group;
  const dates = [...new Set(tiles.flatMap(({ date }) => date ?? []))].sort();
  return (
    <section className={classes.group} aria-label={`${kind} duplicates of ${tiles[0]!.id}`}>
      <p className={classes.facts}>
        <Badge color={kind === "exact" ? "accent" : "gray"}>{kind === "exact" ? "same pixels" : "near"}</Badge>
        {acrossSources && <Badge color="gray">across sources</Badge>}
        <span>
          {counted(tiles.length, "tile")}
          {dates.length > 0 && `, ${dates.length === 1 ? dates[0] : `${dates[0]} to ${dates.at(-1)}`}`}
        </span>
      </p>
      <div className={classes.tiles}>
        {tiles.slice(0, SHOWN_TILES).map(({ index, id, date, path }) => (
          <button
            key={index}
            type="button"
            className={classes.tile}
            aria-pressed={index === picked}
            title={`${id}\n${path}`}
            style={{ width: size }}
            onClick={() => onPick(index)}
          >
            <img
              src={tileUrl(dataset, index, combination, 120, stretch)}
              alt=""
              width={size}
              height={size}
              loading="lazy"
              decoding="async"
            />
            <span>{id}</span>
            {date && <span className={classes.date}>{date}</span>}
          </button>
        ))}
        {tiles.length > SHOWN_TILES && <p className={classes.rest}>and {count(tiles.length - SHOWN_TILES)} more</p>}
      </div>
    </section>
  );
}
