// Embeddings: features of a data set's tiles by the encoder of a run, and pictures of them in two dimensions.
import { z } from "zod";
import type { Tile } from "./dataset.ts";
import { AppError } from "./errors.ts";
import { ENGINES, PRECISIONS } from "./run-config.ts";
import { NameSchema } from "./workspace.ts";

/** Which weights of a run: `start` before the first step, `step-<n>` a checkpoint that is there, `final` those that it left. */
export const EmbeddingStage = z.string().regex(/^(start|final|step-\d{1,12})$/, "use start, final or step-<number>");

/** One embedding: a run of a study and a stage of it. */
export const EmbeddingRef = z.object({ study: NameSchema, arm: z.string().min(1), seed: z.int(), stage: EmbeddingStage });
export type EmbeddingRef = z.infer<typeof EmbeddingRef>;

/** One name for an embedding: what a job on it works on. */
export const embeddingTarget = ({ study, arm, seed, stage }: EmbeddingRef): string => `${study}/${arm}/seed-${seed}/${stage}`;

/** Tiles of a larger data set that are embedded, drawn by a fixed seed and the same for every run. */
export const MOST_EMBEDDED_TILES = 100_000;

export const UmapSettings = z.strictObject({
  neighbours: z
    .int()
    .min(2)
    .max(200)
    .default(15)
    .describe("tiles that a tile is held near to, itself included: few show detail, many the whole"),
  minDistance: z.number().min(0).max(0.99).default(0.1).describe("least distance of points in the picture: small packs groups tightly"),
});
export type UmapSettings = z.infer<typeof UmapSettings>;

/** How features are brought to two dimensions. */
export const ProjectionMethod = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pca") }),
  UmapSettings.extend({ kind: z.literal("umap") }),
]);
export type ProjectionMethod = z.infer<typeof ProjectionMethod>;

/** `embedding.json`: what the features were made of. Written last: without it they are not there. */
export const EmbeddingRecord = z.object({
  version: z.literal(1),
  key: z
    .string()
    .describe("hash of the weights, the data set and what else decides the features: they are used again while it is the same"),
  created: z.string(),
  step: z.int().describe("steps of pretraining"),
  layer: z.literal("h").describe("output of the encoder"),
  tiles: z.int(),
  tilesInUse: z.int().describe("more than `tiles` where a sample was drawn"),
  width: z.int().describe("numbers a tile"),
  dataset: z.object({ name: z.string(), fingerprint: z.string() }),
  engine: z.enum(ENGINES),
  precision: z.enum(PRECISIONS),
  seconds: z.number(),
});
export type EmbeddingRecord = z.infer<typeof EmbeddingRecord>;

/** `<projection>.json`, beside the points. */
export const ProjectionRecord = z.object({
  version: z.literal(1),
  key: z.string().describe("that of the features"),
  method: ProjectionMethod,
  seconds: z.number(),
  explained: z
    .array(z.number())
    .describe("PCA: share of the variance along each axis; UMAP: along the dimensions that neighbours were found in"),
  componentRows: z.int().describe("tiles that the components were found from"),
  recall: z.number().nullable().describe("UMAP: share of true nearest neighbours that were found; 1 where all pairs were looked at"),
});
export type ProjectionRecord = z.infer<typeof ProjectionRecord>;

/** What points are coloured by. */
export const TileGrouping = z.union([
  z.enum(["date", "source", "split", "cloud", "granule", "country", "product"]),
  z.string().regex(/^(set|class):.+$/, "use set:<label set> or class:<class name>"),
]);
export type TileGrouping = z.infer<typeof TileGrouping>;

/** Groups of tiles by one of their facts. */
export interface TileGroups {
  /** In order; where `isOrdered`, from low to high. */
  readonly names: readonly string[];
  readonly isOrdered: boolean;
  /** Of each tile its group's place among the names. */
  readonly codes: Uint16Array<ArrayBuffer>;
}

/** What groupings look at. */
export type GroupedColumns = Pick<
  { [Key in keyof Tile]: readonly Tile[Key][] },
  "labels" | "date" | "source" | "split" | "cloud" | "granule" | "country" | "product"
>;

const UNKNOWN = "not known";
/** Upper ends of the groups of cloud, shares of pixels. */
const CLOUD_ENDS = [0, 0.01, 0.05, 0.2, 0.5, 1];
const CLOUD_NAMES = ["none", "up to 1 %", "1 to 5 %", "5 to 20 %", "20 to 50 %", "over 50 %"];
/** Months are told apart up to so many, then years. */
const MOST_MONTHS = 18;
/** Groups of names; rarer ones share the last. */
const MOST_GROUPS = 250;

/**
 * Groups tiles.
 * @param rows which of the columns' rows
 * @param labelSets those that `set:` names
 * @throws AppError NOT_FOUND for another label set
 */
export function groupTiles(
  by: TileGrouping,
  columns: GroupedColumns,
  rows: ArrayLike<number>,
  labelSets: readonly { readonly name: string; readonly classes: readonly string[] }[],
): TileGroups {
  const [kind, name] = by.includes(":") ? [by.slice(0, by.indexOf(":")), by.slice(by.indexOf(":") + 1)] : [by, ""];
  if (kind === "set" || kind === "class") {
    const set = labelSets.find((one) => one.name === name);
    if (kind === "set" && !set)
      throw new AppError(
        "NOT_FOUND",
        `The study has no label set "${name}". It has: ${labelSets.map((one) => one.name).join(", ") || "none"}.`,
      );
    const classes = set && kind === "set" ? set.classes : [name];
    const names = kind === "class" ? [`has ${name}`, "has not", "no labels"] : ["positive", "negative", "no labels"];
    return coded(names, false, rows, (row) => {
      const labels = columns.labels[row];
      return names[labels ? (labels.some((label) => classes.includes(label)) ? 0 : 1) : 2]!;
    });
  }
  if (kind === "cloud") {
    const nameOf = (cloud: number | null | undefined) =>
      cloud == null ? UNKNOWN : CLOUD_NAMES[CLOUD_ENDS.findIndex((end) => cloud <= end)]!;
    return coded([...CLOUD_NAMES, UNKNOWN], true, rows, (row) => nameOf(columns.cloud[row]));
  }
  if (kind === "date") {
    const months = new Set(Array.from(rows, (row) => columns.date[row]?.slice(0, 7)));
    const length = months.size > MOST_MONTHS ? 4 : 7;
    const nameOf = (row: number) => columns.date[row]?.slice(0, length) ?? UNKNOWN;
    const names = [...new Set(Array.from(rows, nameOf))].sort((a, b) => Number(a === UNKNOWN) - Number(b === UNKNOWN) || (a < b ? -1 : 1));
    return coded(names, true, rows, nameOf);
  }
  const values = columns[kind as "source" | "split" | "granule" | "country" | "product"];
  const nameOf = (row: number) => values[row] ?? UNKNOWN;
  const counts = new Map<string, number>();
  for (let i = 0; i < rows.length; i++) counts.set(nameOf(rows[i]!), (counts.get(nameOf(rows[i]!)) ?? 0) + 1);
  const names = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([value]) => value);
  if (names.length <= MOST_GROUPS) return coded(names, false, rows, nameOf);
  const kept = new Set(names.slice(0, MOST_GROUPS - 1));
  return coded([...kept, "others"], false, rows, (row) => (kept.has(nameOf(row)) ? nameOf(row) : "others"));
}

/** Names that no tile has are left out. */
function coded(names: readonly string[], isOrdered: boolean, rows: ArrayLike<number>, nameOf: (row: number) => string): TileGroups {
  const of = Array.from(rows, nameOf);
  const present = new Set(of);
  const used = names.filter((name) => present.has(name));
  const places = new Map(used.map((name, i) => [name, i]));
  return { names: used, isOrdered, codes: Uint16Array.from(of, (name) => places.get(name)!) };
}

/** A separation of classes in one space. */
const Separation = z.object({ accuracy: z.number(), silhouette: z.number() });

/** How far a picture can be trusted for a grouping; see `pictureQuality`. */
export const EmbeddingQuality = z.object({
  points: z.int().describe("tiles that were compared, drawn by a fixed seed"),
  classes: z.int(),
  neighbours: z.int(),
  features: Separation,
  picture: Separation,
  kept: z.number().describe("share of nearest neighbours in the features that are among the nearest in the picture"),
});
export type EmbeddingQuality = z.infer<typeof EmbeddingQuality>;
