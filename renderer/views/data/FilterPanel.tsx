// What narrows the tiles down: text, shares, facets with the counts of what is left.
import { Button, CloseButton, Group, Slider, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Dataset, SOURCE_TITLES, type SourceKind } from "../../../shared/domain/dataset.ts";
import { SHARE_LIMITS, type TileFilter } from "../../../shared/domain/tile-query.ts";
import { useHost } from "../../state/host.tsx";
import { count, counted, percent } from "../../state/words.ts";
import { Facet } from "./Facet.tsx";
import classes from "./FilterPanel.module.css";
import {
  type FacetName,
  firstDay,
  isFiltering,
  isMonthChosen,
  LIST_OF,
  lastDay,
  SHARES,
  type ShareName,
  toggled,
  withMonth,
  withoutFacet,
} from "./filter.ts";
import { SavedFilters } from "./SavedFilters.tsx";

export interface FilterPanelProps {
  readonly dataset: Dataset;
  readonly filter: TileFilter;
  /** Tiles that the filter leaves; null while they are counted. */
  readonly total: number | null;
  /** @param isPassing the change goes on: no step of the history for each */
  readonly onChange: (filter: TileFilter, isPassing?: boolean) => void;
}

const FACETS: readonly { readonly name: FacetName; readonly title: string; readonly nameOf?: (value: string) => string }[] = [
  { name: "classes", title: "Class" },
  { name: "sources", title: "Source", nameOf: (value) => SOURCE_TITLES[value as SourceKind] ?? value },
  { name: "granules", title: "Granule" },
  { name: "months", title: "Month" },
  { name: "countries", title: "Country" },
  { name: "splits", title: "Split" },
];

const SHARE_TITLES: Readonly<Record<ShareName, string>> = { cloud: "Cloud", snow: "Snow", nodata: "No data", saturated: "Saturated" };
const SHARE_NAMES = Object.keys(SHARES) as ShareName[];

export function FilterPanel({ dataset, filter, total, onChange }: FilterPanelProps) {
  const { queries } = useHost();
  // Most of them are one question, which is asked once.
  const facets = useQueries({
    queries: [...FACETS.map(({ name }) => name), ...SHARE_NAMES].map((name) =>
      queries.dataset.facets.queryOptions({
        input: { dataset: dataset.name, filter: withoutFacet(filter, name) },
        placeholderData: keepPreviousData,
      }),
    ),
  });
  const toggle = (name: FacetName, value: string) =>
    onChange(name === "months" ? withMonth(filter, value) : toggled(filter, LIST_OF[name], value));
  return (
    <nav className={classes.panel} aria-label="Filter">
      <div className={classes.head}>
        <span aria-live="polite">
          {total === null
            ? "counting"
            : isFiltering(filter)
              ? `${count(total)} of ${counted(dataset.tiles, "tile")}`
              : counted(total, "tile")}
        </span>
        <Group gap={4} wrap="nowrap">
          {isFiltering(filter) && (
            <Button variant="default" size="compact-xs" onClick={() => onChange({})}>
              Show all
            </Button>
          )}
          <SavedFilters dataset={dataset.name} filter={filter} onApply={onChange} />
        </Group>
      </div>
      <SearchField text={filter.text ?? ""} onChange={(text) => onChange({ ...filter, text: text || undefined }, true)} />
      <section className={classes.shares} aria-label="At most">
        {SHARE_NAMES.map((name, i) => (
          <ShareSlider
            key={name}
            title={SHARE_TITLES[name]}
            value={filter[SHARES[name]]}
            counts={facets[FACETS.length + i]!.data?.[name]}
            onChange={(share) => onChange({ ...filter, [SHARES[name]]: share })}
          />
        ))}
        {SHARE_NAMES.some((name) => filter[SHARES[name]] !== undefined) && (
          <p className={classes.hint}>Tiles whose share is not known are left out.</p>
        )}
      </section>
      <section className={classes.dates} aria-label="Dates">
        <DayField label="From" value={firstDay(filter.from)} onChange={(day) => onChange({ ...filter, from: day })} />
        <DayField label="To" value={lastDay(filter.to)} onChange={(day) => onChange({ ...filter, to: day })} />
      </section>
      {(filter.bounds || filter.area) && (
        <div className={classes.place}>
          <span>Only in {filter.area ? "a shape" : "a box"} of the map</span>
          <CloseButton
            size="xs"
            aria-label="All places again"
            onClick={() => {
              const { bounds, area, ...rest } = filter;
              onChange(rest);
            }}
          />
        </div>
      )}
      {dataset.classes.length === 0 && <p className={classes.hint}>No labels: these tiles can be pretrained on, and not fine-tuned.</p>}
      {FACETS.map(({ name, title, nameOf }, i) => (
        <Facet
          key={name}
          title={title}
          values={facets[i]!.data?.[name] ?? []}
          {...(nameOf ? { nameOf } : {})}
          chosen={name === "months" ? [] : (filter[LIST_OF[name]] ?? [])}
          isChosen={(value) =>
            name === "months"
              ? isMonthChosen(filter, value)
              : (filter[LIST_OF[name]] as readonly string[] | undefined)?.includes(value) === true
          }
          onToggle={(value) => toggle(name, value)}
        />
      ))}
    </nav>
  );
}

interface DayFieldProps {
  readonly label: string;
  /** Empty: none. */
  readonly value: string;
  readonly onChange: (day: string | undefined) => void;
}

function DayField({ label, value, onChange }: DayFieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the input is in it
    <label className={classes.day}>
      <span>{label}</span>
      <TextInput type="date" value={value} onChange={(event) => onChange(event.currentTarget.value || undefined)} />
    </label>
  );
}

const TYPING_MS = 250;

function SearchField({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState<string | null>(null);
  useHotkeys([["/", () => field.current?.focus()]]);
  useEffect(() => {
    if (draft === null) return;
    const timer = setTimeout(() => {
      onChange(draft);
      setDraft(null);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft, onChange]);
  const shown = draft ?? text;
  return (
    <div className={classes.search}>
      <TextInput
        ref={field}
        aria-label="Part of the id"
        placeholder="Part of the id ( / )"
        leftSection={<IconSearch size={14} />}
        rightSection={shown !== "" && <CloseButton size="xs" aria-label="Empty the search" onClick={() => setDraft("")} />}
        value={shown}
        spellCheck={false}
        onChange={(event) => setDraft(event.currentTarget.value)}
      />
    </div>
  );
}

/** The last place: any share, and tiles of which none is known. */
const ANY = SHARE_LIMITS.length - 1;

interface ShareSliderProps {
  readonly title: string;
  readonly value: number | undefined;
  /** Tiles that each limit keeps. */
  readonly counts?: readonly number[] | undefined;
  readonly onChange: (share: number | undefined) => void;
}

export function ShareSlider({ title, value, counts, onChange }: ShareSliderProps) {
  const [draft, setDraft] = useState<number | null>(null);
  const at = draft ?? (value === undefined ? ANY : SHARE_LIMITS.reduce((best, limit, i) => (limit <= value && i < ANY ? i : best), 0));
  const kept = at === ANY || counts === undefined ? "" : `, keeps ${count(counts[at]!)}`;
  const text = at === ANY ? "any" : `at most ${percent(draft === null && value !== undefined ? value : SHARE_LIMITS[at]!)}${kept}`;
  return (
    <div className={classes.share}>
      <span>{title}</span>
      <span className={classes.value}>{text}</span>
      <Slider
        className={classes.slider ?? ""}
        thumbLabel={`${title}, at most`}
        thumbValueText={text}
        label={null}
        min={0}
        max={ANY}
        step={1}
        value={at}
        onChange={setDraft}
        onChangeEnd={(next) => {
          setDraft(null);
          onChange(next === ANY ? undefined : SHARE_LIMITS[next]);
        }}
      />
    </div>
  );
}
