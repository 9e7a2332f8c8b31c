// What the tiles of a data set can be coloured by, as the route names it.
import { columnPaths } from "../../../../shared/contract/columns.ts";
import type { StudySummary } from "../../../../shared/domain/workspace.ts";
import { COLOURING_TITLES, COLOURINGS, type ColouringName } from "./colouring.ts";

export interface ColourChoice {
  /** In the route: the colouring, and for parts the study after a colon. */
  readonly key: string;
  readonly title: string;
  readonly by: ColouringName;
  /** Whose settings split the tiles; null: the usual ones. */
  readonly study: string | null;
}

/** The choices, the first of which is the usual one. */
export function colourChoices(dataset: string, studies: readonly StudySummary[]): ColourChoice[] {
  return COLOURINGS.flatMap((by): ColourChoice[] => {
    const title = COLOURING_TITLES[by];
    if (by !== "parts") return [{ key: by, title, by, study: null }];
    const own = studies.filter((study) => study.dataset === dataset);
    return [
      ...own.map(({ name }) => ({ key: `parts:${name}`, title: `Parts in ${name}`, by, study: name })),
      { key: by, title, by, study: null },
    ];
  });
}

/** Where its column lies. */
export function columnPathOf(dataset: string, { by, study }: ColourChoice): string {
  if (by === "parts") return columnPaths.parts(dataset, study);
  return columnPaths.column(dataset, by === "classes" ? "labels" : by);
}
