// What the colours of the tiles mean, and of how many.
import { ActionIcon, Select } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useState } from "react";
import { count, counted } from "../../../state/words.ts";
import type { ColourChoice } from "./colour-choice.ts";
import type { Colouring } from "./colouring.ts";
import classes from "./Legend.module.css";

export interface LegendProps {
  readonly choices: readonly ColourChoice[];
  readonly choice: ColourChoice;
  readonly onChoose: (key: string) => void;
  readonly colouring: Colouring | undefined;
  readonly counts: readonly number[] | undefined;
  readonly palette: readonly string[];
  /** Tiles that the filter leaves out, and of those it lets through the ones without a place. */
  readonly leftOut: number;
  readonly unplaced: number;
  /** Folded until it is asked for, where it would cover the map. */
  readonly isFolded: boolean;
}

export function Legend({ choices, choice, onChoose, colouring, counts, palette, leftOut, unplaced, isFolded }: LegendProps) {
  const [asked, setOpen] = useState<boolean | null>(null);
  const isOpen = asked ?? !isFolded;
  return (
    <section className={classes.legend} aria-label="Legend">
      <div className={classes.head}>
        <Select
          aria-label="Colour by"
          data={choices.map(({ key, title }) => ({ value: key, label: title }))}
          value={choice.key}
          onChange={(key) => key && onChoose(key)}
          comboboxProps={{ width: 200, position: "top-start" }}
        />
        <ActionIcon aria-label={isOpen ? "Fold the legend" : "Unfold the legend"} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? <IconChevronDown size={16} /> : <IconChevronUp size={16} />}
        </ActionIcon>
      </div>
      {isOpen && (
        <>
          <ul>
            {colouring?.legend.map(({ name, colour }, i) => {
              const tiles = counts?.[i];
              return (
                (tiles !== 0 || i < colouring.legend.length - 1) && (
                  <li key={name} data-none={tiles === 0 || undefined}>
                    <span className={classes.swatch} style={{ background: palette[colour] }} aria-hidden />
                    <span className={classes.name} title={name}>
                      {name}
                    </span>
                    <span className={classes.count}>{tiles !== undefined && count(tiles)}</span>
                  </li>
                )
              );
            })}
            {leftOut > 0 && (
              <li>
                <span className={`${classes.swatch} ${classes.faint}`} aria-hidden />
                <span className={classes.name}>left out by the filter</span>
                <span className={classes.count}>{count(leftOut)}</span>
              </li>
            )}
          </ul>
          {colouring?.note && <p>{colouring.note}</p>}
          {unplaced > 0 && <p>{counted(unplaced, "tile")} without a known place</p>}
        </>
      )}
    </section>
  );
}
