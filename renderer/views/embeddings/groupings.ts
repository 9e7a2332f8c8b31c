// What points can be coloured by, and the command that makes what is on the screen.
import type { EmbeddingRef, ProjectionMethod } from "../../../shared/domain/embedding.ts";
import { shellCommand } from "../../../shared/domain/results-command.ts";

interface Grouping {
  readonly value: string;
  readonly label: string;
}

const FACTS: readonly Grouping[] = [
  { value: "date", label: "Date" },
  { value: "cloud", label: "Cloud" },
  { value: "split", label: "Split of the source" },
  { value: "granule", label: "Granule" },
  { value: "country", label: "Country" },
  { value: "source", label: "Source" },
  { value: "product", label: "Product" },
];

export function groupingsOf(
  labelSets: readonly { readonly name: string }[],
  classes: readonly { readonly name: string }[],
): readonly { readonly group: string; readonly items: readonly Grouping[] }[] {
  return [
    { group: "Label sets", items: labelSets.map(({ name }) => ({ value: `set:${name}`, label: `Labels: ${name}` })) },
    { group: "Facts of the tile", items: FACTS },
    { group: "One class", items: classes.map(({ name }) => ({ value: `class:${name}`, label: name })) },
  ].filter(({ items }) => items.length > 0);
}

/** The command that makes the same picture and its table. */
export function commandOf(workspace: string, { study, arm, seed, stage }: EmbeddingRef, method: ProjectionMethod): string {
  return shellCommand([
    ...["study", "embed", study, "--workspace", workspace, "--arm", arm, "--seed", String(seed)],
    ...(stage === "final" ? [] : ["--stage", stage]),
    ...["--method", method.kind],
    ...(method.kind === "umap" ? ["--neighbours", String(method.neighbours), "--min-distance", String(method.minDistance)] : []),
    "--csv",
  ]);
}
