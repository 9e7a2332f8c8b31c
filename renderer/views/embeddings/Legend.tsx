// The groups of the points with their counts; a click hides one.
import { Button } from "@mantine/core";
import { useMemo } from "react";
import type { TileGroups } from "../../../shared/domain/embedding.ts";
import { count } from "../../state/words.ts";
import classes from "./EmbeddingsView.module.css";
import { countGroups, shapeOf } from "./looks.ts";

export interface LegendProps {
  readonly title: string;
  readonly groups: TileGroups;
  readonly colours: readonly string[];
  /** Names. */
  readonly hidden: ReadonlySet<string>;
  readonly onHide: (hidden: ReadonlySet<string>) => void;
}

/** Forms as the points have them, in a box of 12. */
const FORMS = [
  <circle key="0" cx="6" cy="6" r="4.6" />,
  <rect key="1" x="2" y="2" width="8" height="8" />,
  <path key="2" d="M6 1.2 11 10H1z" />,
  <path key="3" d="M6 0.8 11.2 6 6 11.2 0.8 6z" />,
];

export function Legend({ title, groups, colours, hidden, onHide }: LegendProps) {
  const { names, codes, isOrdered } = groups;
  const counts = useMemo(() => countGroups(codes, names.length), [codes, names]);
  return (
    <section className={classes.legend} aria-label="Legend">
      <div className={classes.legendHead}>
        <h3>{title}</h3>
        {hidden.size > 0 && (
          <Button variant="subtle" size="compact-xs" onClick={() => onHide(new Set())}>
            Show all
          </Button>
        )}
      </div>
      <ul>
        {names.map((name, i) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={!hidden.has(name)}
              title={hidden.has(name) ? "Show these; double-click shows only these" : "Hide these; double-click shows only these"}
              onClick={() => {
                const next = new Set(hidden);
                if (!next.delete(name)) next.add(name);
                onHide(next);
              }}
              onDoubleClick={() => onHide(new Set(names.filter((other) => other !== name)))}
            >
              <svg width="12" height="12" viewBox="0 0 12 12" fill={colours[i]} aria-hidden="true">
                {FORMS[shapeOf(i, isOrdered)]}
              </svg>
              <span className={classes.legendName}>{name}</span>
              <span className={classes.legendCount}>{count(counts[i]!)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
