// What lies beside BigEarthNet's patches: version 2's metadata with labels, parts and flags, lists of patches to leave out, reference maps.
import { basename, dirname, join } from "node:path";
import { classShares } from "../../../shared/domain/corine.ts";
import type { Problem, SourceKind } from "../../../shared/domain/dataset.ts";
import { SPLITS } from "../../../shared/domain/dataset.ts";
import { messageOf } from "../../../shared/domain/errors.ts";
import { DEFAULT_MINIMUM_SHARE } from "../../../shared/domain/labelling.ts";
import { fileState, listFolder } from "../../files/byte-source.ts";
import { isWithin } from "../../files/source-path.ts";
import { readReferenceMap } from "../labels/reference-map.ts";
import type { PatchFacts } from "../patches/patch.ts";
import {
  type BigEarthNetMetadata,
  EXCLUSION_FILE,
  METADATA_FILE,
  type PatchMetadata,
  readMetadata,
  readPatchList,
} from "../readers/bigearthnet-v2.ts";
import { granuleIn, isoDateIn } from "../readers/names.ts";
import { pause } from "../readers/pace.ts";
import type { FoundPatch } from "./found-patch.ts";
import type { Gathering } from "./gather.ts";
import { NameSet } from "./name-set.ts";
import { PatchList } from "./patch-list.ts";

/** Folders above the one scanned in which such files are looked for. */
const LEVELS_ABOVE = 2;

export interface BigEarthNetOptions {
  readonly problems: Problem[];
  note(kind: SourceKind, text: string): void;
  readonly signal: AbortSignal | undefined;
}

/** BigEarthNet's patches among others with what is told of each; those of version 2 of which nothing tells the labels, though it should, are left out. */
export async function tellBigEarthNet(
  patches: PatchList,
  gathering: Gathering,
  { problems, note, signal }: BigEarthNetOptions,
): Promise<PatchList> {
  const isLabelless = (patch: FoundPatch) => patch.kind !== "bigearthnet-v2" && !patch.hasLabelsFile && V1_NAME.test(patch.name);
  const kinds = new Set<SourceKind>();
  let areLabelless = false;
  for (const patch of patches) {
    kinds.add(patch.kind);
    areLabelless ||= isLabelless(patch);
  }
  const beside = filesBeside(gathering);
  const tables = kinds.has("bigearthnet-v2") || areLabelless ? await readTables(beside, gathering.root, problems) : [];
  const rowOf = (find: (table: BigEarthNetMetadata) => PatchMetadata | null) => {
    for (const table of tables) {
      const row = find(table);
      if (row) return row;
    }
    return null;
  };
  const v1Names = new NameSet();
  if (tables.length > 0) for (const { kind, name } of patches) if (kind === "bigearthnet-v1") v1Names.add(name);
  const shareFacts = sharedFacts();
  const counts = { snow: 0, cloud: 0, both: 0, maps: 0, joined: 0 };
  let rowless = 0;
  let firstRowless: FoundPatch | undefined;
  const areTold = !kinds.has("bigearthnet-v2") && tables.length === 0;
  const told = areTold ? patches : new PatchList();
  let seen = 0;
  for (const patch of areTold ? [] : patches) {
    if (seen++ % 1000 === 0) await pause(signal);
    if (isLabelless(patch)) {
      const row = tables.length > 0 ? rowOf((table) => table.findV1(patch.name)) : null;
      if (row) counts.joined++;
      told.push(row ? ofVersion1(patch, row) : patch);
      continue;
    }
    if (patch.kind !== "bigearthnet-v2") {
      told.push(patch);
      continue;
    }
    const row = rowOf((table) => table.find(patch.name));
    if (!row) {
      const labels = await labelsByMap(patch, problems);
      if (labels) counts.maps++;
      if (labels || tables.length === 0) told.push({ ...patch, labels });
      else {
        rowless++;
        firstRowless ??= patch;
      }
      continue;
    }
    if (row.snow) counts.snow++;
    if (row.cloud) counts.cloud++;
    if (row.v1Name !== null && v1Names.has(row.v1Name)) counts.both++;
    told.push({ ...patch, labels: row.labels, facts: shareFacts(row) });
  }

  if (firstRowless) {
    const what = rowless === 1 ? "has no row" : `and ${rowless - 1} more patches have no row`;
    problems.push({
      path: firstRowless.path,
      reason: `${what} in ${tables.map(({ path }) => path).join(" and ")}, so that nothing tells the labels. Put the file that has them beside it: patches with snow, cloud or shadow have one of their own.`,
    });
  }
  if (kinds.has("bigearthnet-v2") && tables.length === 0)
    note(
      "bigearthnet-v2",
      "There is no metadata.parquet beside the patches, or above: they have no labels, parts or countries. Put it there to have them.",
    );
  if (counts.snow + counts.cloud > 0) {
    const flags = `${counts.snow} patches have seasonal snow and ${counts.cloud} clouds or shadows`;
    note("bigearthnet-v2", `${flags}, by their metadata. ${leaveOut(tables.map(({ path }) => path))}`);
  }
  if (counts.both > 0)
    note(
      "bigearthnet-v2",
      `${counts.both} patches show the same ground as patches of BigEarthNet v1 that are here, too: use one version only.`,
    );
  if (counts.maps > 0)
    note(
      "bigearthnet-v2",
      `${counts.maps} patches have the classes of their reference maps, each from ${DEFAULT_MINIMUM_SHARE * 100} % of the pixels on.`,
    );
  if (counts.joined > 0)
    note("bigearthnet-v1", `${counts.joined} patches without labels of their own have version 2's, of 19 classes instead of 43.`);
  for (const kind of ["bigearthnet-v1", "bigearthnet-v2"] as const) {
    if (!kinds.has(kind)) continue;
    for (const path of beside.exclusions) note(kind, exclusionNote(path));
    if (gathering.referenceMaps > 0)
      note(
        kind,
        `${gathering.referenceMaps} reference ${gathering.referenceMaps === 1 ? "map lies" : "maps lie"} there, too. They are used for patches of version 2 of which no metadata tell.`,
      );
  }
  return told;
}

/** Patches of version 1; their time may have 5 digits. */
const V1_NAME = /^S2[AB]_MSIL2A_\d{8}T\d{5,6}_\d{1,3}_\d{1,3}$/;

/** A patch of version 1 without labels of its own. */
function ofVersion1(patch: FoundPatch, { labels }: PatchMetadata): FoundPatch {
  return { ...patch, kind: "bigearthnet-v1", labels, date: isoDateIn(patch.name), granule: granuleIn(patch.name) };
}

/** Files that tell of patches, of the folders walked and those above. */
interface Beside {
  readonly tables: readonly string[];
  readonly exclusions: readonly string[];
}

function filesBeside({ root, metadataFiles, exclusionFiles }: Gathering): Beside {
  const tables = [...metadataFiles];
  const exclusions = [...exclusionFiles];
  let folder = root;
  for (let level = 0; level < LEVELS_ABOVE; level++) {
    folder = dirname(folder);
    let files: readonly string[] = [];
    try {
      ({ files } = listFolder(folder));
    } catch {
      // Closed to us, or no folder: not what was asked for.
    }
    for (const file of files) {
      if (METADATA_FILE.test(file)) tables.push(join(folder, file));
      if (EXCLUSION_FILE.test(file)) exclusions.push(join(folder, file));
    }
  }
  // The one of all good patches goes first.
  return { tables: [...new Set(tables)].sort((a, b) => basename(a).length - basename(b).length), exclusions: [...new Set(exclusions)] };
}

async function readTables({ tables }: Beside, root: string, problems: Problem[]): Promise<BigEarthNetMetadata[]> {
  const out: BigEarthNetMetadata[] = [];
  for (const path of tables) {
    try {
      out.push(await readMetadata(path));
    } catch (error) {
      // Above the folder scanned, a file of this name may be anything.
      if (isWithin(root, path)) problems.push({ path, reason: messageOf(error).replace(`${path} `, "") });
    }
  }
  return out;
}

/** One object for all patches with the same facts. */
function sharedFacts(): (row: PatchMetadata) => PatchFacts {
  const known = new Map<string, PatchFacts>();
  return ({ split: told, country }) => {
    const key = `${told}\0${country}`;
    const facts = known.get(key) ?? { split: SPLITS.find((split) => split === told) ?? null, country };
    known.set(key, facts);
    return facts;
  };
}

/** Classes of the reference map in the patch's folder, or in the tree of maps beside that of patches; null without one. */
async function labelsByMap({ path, name }: FoundPatch, problems: Problem[]): Promise<readonly string[] | null> {
  const file = `${name}_reference_map.tif`;
  const product = dirname(path);
  const map = [join(path, file), join(dirname(dirname(product)), "Reference_Maps", basename(product), name, file)].find(fileState);
  if (!map) return null;
  try {
    const shares = classShares(await readReferenceMap(map), 19);
    return [...shares].flatMap(([label, share]) => (share >= DEFAULT_MINIMUM_SHARE ? [label] : []));
  } catch (error) {
    problems.push({ path: map, reason: messageOf(error).replace(`${map} `, "") });
    return null;
  }
}

function exclusionNote(path: string): string {
  try {
    return `${path} lists ${readPatchList(path).size} patches. ${leaveOut([path])}`;
  } catch (error) {
    return `${messageOf(error)} It is not used.`;
  }
}

const leaveOut = (paths: readonly string[]) =>
  `To leave them out of use after the ingest: label <DATASET> ${paths.map((path) => `--exclude "${path}"`).join(" ")}`;
