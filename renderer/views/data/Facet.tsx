// The values of one facet with their counts; any of them may be chosen.
import { useState } from "react";
import { count } from "../../state/words.ts";
import classes from "./Facet.module.css";

export interface FacetProps {
  readonly title: string;
  /** null: tiles of which it is not known. */
  readonly values: readonly { readonly value: string | null; readonly tiles: number }[];
  readonly nameOf?: (value: string) => string;
  /** Those that are asked for by name: told even where nothing is left of them. */
  readonly chosen?: readonly string[];
  readonly isChosen: (value: string) => boolean;
  readonly onToggle: (value: string) => void;
}

/** Values shown at first; those chosen always are. */
const SHOWN = 8;

export function Facet({ title, values, nameOf = (value) => value, chosen = [], isChosen, onToggle }: FacetProps) {
  const [isOpen, setOpen] = useState(false);
  const counted = values.flatMap(({ value, tiles }) => (value === null ? [] : [{ value, tiles }]));
  const gone = chosen.filter((value) => counted.every((other) => other.value !== value));
  const known = [...counted, ...gone.map((value) => ({ value, tiles: 0 }))];
  const unknown = values.find(({ value }) => value === null)?.tiles ?? 0;
  if (known.length === 0) return null;
  const shown = isOpen ? known : known.filter(({ value }, i) => i < SHOWN || isChosen(value));
  const most = Math.max(1, ...values.map(({ tiles }) => tiles));
  return (
    <section className={classes.facet} aria-label={title}>
      <h2 className={classes.head}>{title}</h2>
      <ul>
        {shown.map(({ value, tiles }) => (
          <li key={value}>
            <button
              type="button"
              className={classes.row}
              aria-pressed={isChosen(value)}
              title={nameOf(value)}
              onClick={() => onToggle(value)}
            >
              <span className={classes.bar} style={{ width: `${(tiles / most) * 100}%` }} aria-hidden />
              <span className={classes.name}>{nameOf(value)}</span>
              <span className={classes.count}>{count(tiles)}</span>
            </button>
          </li>
        ))}
        {unknown > 0 && (
          <li className={classes.unknown}>
            <span className={classes.name}>not told</span>
            <span className={classes.count}>{count(unknown)}</span>
          </li>
        )}
      </ul>
      {known.length > SHOWN && (
        <button type="button" className={classes.more} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show fewer" : `Show all ${count(known.length)}`}
        </button>
      )}
    </section>
  );
}
