// Classes of a data set with their counts; one may be chosen to see its tiles alone.
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { count } from "../../state/words.ts";
import classes from "./ClassFacet.module.css";

export interface ClassFacetProps {
  readonly dataset: Dataset;
  readonly chosen: string | null;
  readonly onChoose: (name: string | null) => void;
}

export function ClassFacet({ dataset, chosen, onChoose }: ClassFacetProps) {
  if (dataset.classes.length === 0) {
    return (
      <nav className={classes.facet} aria-label="Classes">
        <p className={classes.none}>No labels: these tiles can be pretrained on, and not fine-tuned.</p>
      </nav>
    );
  }
  return (
    <nav className={classes.facet} aria-label="Classes">
      <h2 className={classes.head}>Class</h2>
      <ul>
        <Row name="all tiles" tiles={dataset.tiles} share={0} isChosen={chosen === null} onClick={() => onChoose(null)} />
        {dataset.classes.map(({ name, tiles }) => (
          <Row
            key={name}
            name={name}
            tiles={tiles}
            share={tiles / dataset.tiles}
            isChosen={chosen === name}
            onClick={() => onChoose(chosen === name ? null : name)}
          />
        ))}
      </ul>
    </nav>
  );
}

interface RowProps {
  readonly name: string;
  readonly tiles: number;
  readonly share: number;
  readonly isChosen: boolean;
  readonly onClick: () => void;
}

function Row({ name, tiles, share, isChosen, onClick }: RowProps) {
  return (
    <li>
      <button type="button" className={classes.row} aria-pressed={isChosen} title={name} onClick={onClick}>
        <span className={classes.bar} style={{ width: `${share * 100}%` }} aria-hidden />
        <span className={classes.name}>{name}</span>
        <span className={classes.count}>{count(tiles)}</span>
      </button>
    </li>
  );
}
