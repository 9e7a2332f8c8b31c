// Columns of a data set's tiles as bytes, by their path (`columnPaths` of the contract): what the map draws.
import { CODED_COLUMNS, type Columns, encodeColumns, NO_CODE, SHARE_COLUMNS } from "../../shared/contract/columns.ts";
import { mercatorX, mercatorY } from "../../shared/domain/mercator.ts";
import { FinetuneSettings } from "../../shared/domain/run-config.ts";
import { PARTS } from "../../shared/domain/splits.ts";
import { readAllTiles, readTileUse } from "../ingest/catalogue/catalogue.ts";
import { readStudy } from "../runs/study-store.ts";
import { splitLabelled } from "../training/run-tiles.ts";
import { existingFolderOf } from "./workspace-folder.ts";

/**
 * The columns at a path; `undefined` when it is none of them.
 * @throws AppError NOT_FOUND for a data set or study that is not there, BAD_FILE
 */
export async function readColumns(workspace: string, pathAndQuery: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { pathname, searchParams } = new URL(pathAndQuery, "columns://host");
  const [, dataset, name] = /^\/columns\/([^/]+)\/([a-z]+)$/.exec(pathname) ?? [];
  if (dataset === undefined || name === undefined) return undefined;
  const folder = await existingFolderOf(workspace, "datasets", decodeURIComponent(dataset));
  const columns = await columnsOf(folder, { name, searchParams, workspace });
  return columns && encodeColumns(columns);
}

interface Asked {
  readonly name: string;
  readonly searchParams: URLSearchParams;
  readonly workspace: string;
}

async function columnsOf(folder: string, { name, searchParams, workspace }: Asked): Promise<Columns | undefined> {
  const isOneOf = <T extends string>(names: readonly T[]): T | undefined => names.find((known) => known === name);
  const [coded, share] = [isOneOf(CODED_COLUMNS), isOneOf(SHARE_COLUMNS)];
  if (coded) return codes((await readAllTiles(folder, [coded]))[coded]);
  if (share) {
    const shares = (await readAllTiles(folder, [share]))[share] as (number | null)[];
    return { facts: {}, arrays: { shares: Float32Array.from(shares, (value) => value ?? Number.NaN) } };
  }
  switch (name) {
    case "footprints":
      return footprintColumns((await readAllTiles(folder, ["footprint"])).footprint);
    case "labels":
      return labels((await readAllTiles(folder, ["labels"])).labels);
    case "parts":
      return parts(folder, await splitSettings(workspace, searchParams.get("study")));
    default:
      return undefined;
  }
}

/**
 * Corners of tiles from their common middle: so a float32 is a metre at most beside the truth within a continent.
 * @param places as `Tile.footprint`
 */
export function footprintColumns(places: readonly (readonly number[] | null)[]): Columns {
  const known = places.filter((place) => place !== null);
  const middle = (i: number) => known.reduce((sum, place) => sum + place[i]! / known.length, 0);
  const origin = known.length > 0 ? [mercatorX(middle(0)), mercatorY(middle(1))] : [0.5, 0.5];
  const corners = new Float32Array(places.length * 8).fill(Number.NaN);
  places.forEach((place, row) => {
    if (!place) return;
    for (let i = 0; i < 8; i += 2) {
      // A tile across the antimeridian lies whole beside its first corner.
      const turns = Math.round((place[0]! - place[i]!) / 360);
      corners[row * 8 + i] = mercatorX(place[i]! + 360 * turns) - origin[0]!;
      corners[row * 8 + i + 1] = mercatorY(place[i + 1]!) - origin[1]!;
    }
  });
  return { facts: { origin }, arrays: { corners } };
}

/** Numbers for values, in the order of their first tile. Beyond 65,535 different ones they are not known. */
class Codes {
  readonly values: string[] = [];
  private readonly known = new Map<string, number>();

  of(value: string | null): number {
    if (value === null) return NO_CODE;
    const code = this.known.get(value);
    if (code !== undefined) return code;
    if (this.values.length === NO_CODE) return NO_CODE;
    this.known.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}

function codes(values: readonly (string | null)[]): Columns {
  const all = new Codes();
  return { arrays: { codes: Uint16Array.from(values, (value) => all.of(value)) }, facts: { values: all.values } };
}

function labels(tiles: readonly (readonly string[] | null)[]): Columns {
  const all = new Codes();
  const starts = new Uint32Array(tiles.length + 1);
  tiles.forEach((classes, row) => {
    starts[row + 1] = starts[row]! + (classes?.length ?? 0);
  });
  const flat = Uint16Array.from(
    tiles.flatMap((classes) => classes ?? []),
    (label) => all.of(label),
  );
  return { facts: { values: all.values }, arrays: { starts, codes: flat } };
}

async function splitSettings(workspace: string, study: string | null): Promise<FinetuneSettings> {
  return study === null ? FinetuneSettings.parse({}) : (await readStudy(workspace, study)).config.finetune;
}

/** The parts that runs would use: tiles without labels and those out of use are in none. */
async function parts(folder: string, settings: FinetuneSettings): Promise<Columns> {
  const { crs, transform, granule, labels: classes, excluded } = await readTileUse(folder);
  const labelled = excluded.flatMap((isExcluded, index) =>
    isExcluded || classes[index] === null
      ? []
      : [{ index, crs: crs[index]!, transform: transform[index]!, granule: granule[index]!, labels: classes[index]! }],
  );
  const split = splitLabelled(labelled, settings);
  const of = new Uint16Array(excluded.length).fill(NO_CODE);
  PARTS.forEach((part, code) => {
    for (const row of split[part]) of[row] = code;
  });
  const { split: rule, blockMetres } = settings;
  return { facts: { values: PARTS, rule, blockMetres }, arrays: { codes: of } };
}
