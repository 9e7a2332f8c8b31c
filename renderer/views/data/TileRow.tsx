// A few tiles in a row, to go on to: those near by, or those that look alike.
import { useHost } from "../../state/host.tsx";
import classes from "./TileRow.module.css";

export interface TileRowProps {
  readonly label: string;
  readonly dataset: string;
  readonly combination: string;
  readonly stretch: string;
  /** With what is written under each. */
  readonly tiles: readonly { readonly index: number; readonly id: string; readonly caption: string }[];
  readonly onPick: (index: number) => void;
}

/** Side of a tile, px. */
const SIDE = 60;

export function TileRow({ label, dataset, combination, stretch, tiles, onPick }: TileRowProps) {
  const { tileUrl } = useHost();
  return (
    <ul className={classes.row} aria-label={label}>
      {tiles.map(({ index, id, caption }) => (
        <li key={index}>
          <button type="button" className={classes.tile} title={id} aria-label={`${id}, ${caption}`} onClick={() => onPick(index)}>
            <img src={tileUrl(dataset, index, combination, 2 * SIDE, stretch)} alt="" width={SIDE} height={SIDE} />
            <span>{caption}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
