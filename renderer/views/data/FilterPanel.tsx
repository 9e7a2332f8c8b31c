// What narrows the tiles down: text, shares, facets with the counts of what is left.
import { Button, CloseButton, Slider, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Dataset, SOURCE_TITLES, type SourceKind } from "../../../shared/domain/dataset.ts";
import type { TileFilter } from "../../../shared/domain/tile-query.ts";
import { useHost } from "../../state/host.tsx";
import { count, counted, percent } from "../../state/words.ts";
import { Facet } from "./Facet.tsx";
import classes from "./FilterPanel.module.css";
import { type FacetName, isFiltering, isMonthChosen, LIST_OF, type ShareField, toggled, withMonth, withoutFacet } from "./filter.ts";

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

const SHARES: readonly { readonly field: ShareField; readonly title: string }[] = [
  { field: "maxCloud", title: "Cloud" },
  { field: "maxSnow", title: "Snow" },
  { field: "maxNodata", title: "No data" },
  { field: "maxSaturated", title: "Saturated" },
];

export function FilterPanel({ dataset, filter, total, onChange }: FilterPanelProps) {
  const { queries } = useHost();
  // Most of them are one question, which is asked once.
  const facets = useQueries({
    queries: FACETS.map(({ name }) =>
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
        {isFiltering(filter) && (
          <Button variant="default" size="compact-xs" onClick={() => onChange({})}>
            Show all
          </Button>
        )}
      </div>
      <SearchField text={filter.text ?? ""} onChange={(text) => onChange({ ...filter, text: text || undefined }, true)} />
      {filter.rows && (
        <p className={classes.hint}>
          Only {counted(filter.rows.length, "tile")} picked by hand{" "}
          <CloseButton size="xs" aria-label="Forget the picked tiles" onClick={() => onChange({ ...filter, rows: undefined })} />
        </p>
      )}
      <section className={classes.shares} aria-label="At most">
        {SHARES.map(({ field, title }) => (
          <ShareSlider key={field} title={title} value={filter[field]} onChange={(share) => onChange({ ...filter, [field]: share })} />
        ))}
        {SHARES.some(({ field }) => filter[field] !== undefined) && (
          <p className={classes.hint}>Tiles whose share is not known are left out.</p>
        )}
      </section>
      {dataset.classes.length === 0 && <p className={classes.hint}>No labels: these tiles can be pretrained on, and not fine-tuned.</p>}
      {FACETS.map(({ name, title, nameOf }, i) => (
        <Facet
          key={name}
          title={title}
          values={facets[i]!.data?.[name] ?? []}
          {...(nameOf ? { nameOf } : {})}
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

/** Stops of the sliders, shares: close together where few pixels matter. */
const STOPS: readonly number[] = [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/** The last place: any share, and tiles of which none is known. */
const ANY = STOPS.length;

interface ShareSliderProps {
  readonly title: string;
  readonly value: number | undefined;
  readonly onChange: (share: number | undefined) => void;
}

function ShareSlider({ title, value, onChange }: ShareSliderProps) {
  const [draft, setDraft] = useState<number | null>(null);
  const at = draft ?? (value === undefined ? ANY : STOPS.reduce((best, stop, i) => (stop <= value ? i : best), 0));
  const text = at === ANY ? "any" : `at most ${percent(draft === null && value !== undefined ? value : STOPS[at]!)}`;
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
          onChange(STOPS[next]);
        }}
      />
    </div>
  );
}
