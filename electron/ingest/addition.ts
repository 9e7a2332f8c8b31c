// What a later ingest of the same folders adds to a data set: the patches that it does not have. What it has stays as it is; files that changed or
// went away since are told.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { Dataset, Problem } from "../../shared/domain/dataset.ts";
import { fileState } from "../files/byte-source.ts";
import { absolutePath, relativePaths } from "../files/source-path.ts";
import { streamStoredColumns } from "./catalogue/catalogue.ts";
import { keyFileOf, stampOf, withoutMember } from "./patches/file-stamp.ts";
import type { FileStamp, PatchItem } from "./patches/patch.ts";
import type { Plan, PlannedBatch } from "./plan.ts";
import { pause } from "./readers/pace.ts";
import { NameSet } from "./survey/name-set.ts";
import { TextList } from "./survey/text-list.ts";

export interface Addition {
  /** Of the new patches only. */
  readonly plan: Plan;
  /** Patches of the data set whose files are not what they were. */
  readonly changed: readonly Problem[];
}

type Stamp = Pick<FileStamp, "bytes" | "modified">;

export interface AdditionOptions {
  readonly datasetFolder: string;
  readonly dataset: Dataset;
  /** Of all that lies in the folders now, in the data set's layout. */
  readonly plan: Plan;
  /** The data set's, then new ones. */
  readonly folders: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Takes what a data set has out of a plan. */
export async function planAddition({ datasetFolder, dataset, plan, folders, signal }: AdditionOptions): Promise<Addition> {
  const { known, ids } = await readKnown(datasetFolder, dataset.tiles);
  const skipped = new Set(dataset.skipped.map(({ path }) => path));
  const retried = new Set<string>();
  const problems: Problem[] = [...plan.problems];
  const changed: Problem[] = [];
  /** New patches whose id is taken: the id that they get. */
  const renamed = new Map<string, string>();
  const settled = new Map<string, boolean>();
  /** Which items of a batch are new. */
  const kept = new Map<PlannedBatch, readonly number[]>();
  const hash = createHash("sha256").update(dataset.fingerprint).update(JSON.stringify(folders));

  const isNew = (item: PatchItem): boolean => {
    const file = keyFileOf(item, plan.settings);
    const place = relativePaths(folders, { path: item.path, file });
    const patch = known.see(`${place.root}\0${place.file}`);
    if (patch) {
      const now = stampOf(item, plan.settings);
      const reason = changeOf(patch, now);
      if (reason) changed.push({ path: item.path, reason });
      return false;
    }
    const id = freeId(item, ids);
    if (id !== item.id && (item.kind === "bigearthnet-v1" || item.kind === "bigearthnet-v2")) {
      problems.push({ path: item.path, reason: "is a patch that the data set has already from another place. Leave one of them out." });
      return false;
    }
    if (id !== item.id) renamed.set(file ?? item.path, id);
    for (const name of namesOf(item, id)) ids.add(name);
    if (skipped.has(item.path)) retried.add(item.path);
    hash.update(
      `${item.path}\0${id}\0${item.width}\0${item.height}\0${JSON.stringify([item.conversion, item.isFloat, ...(item.samples ? [item.samples] : [])])}\0`,
    );
    return true;
  };
  const batches: PlannedBatch[] = [];
  for (const batch of plan.batches) {
    await pause(signal);
    const own = plan.itemsOf(batch).flatMap((item, i) => {
      // The parts of a large scene come in several batches.
      const key = `${keyFileOf(item, plan.settings)}\0${item.id}`;
      const answer = settled.get(key) ?? isNew(item);
      if (batch.places) settled.set(key, answer);
      return answer ? [{ i, tiles: item.places.length }] : [];
    });
    if (own.length === 0) continue;
    const left = { ...batch, tiles: own.reduce((sum, { tiles }) => sum + tiles, 0) };
    kept.set(
      left,
      own.map(({ i }) => i),
    );
    batches.push(left);
  }
  const gone = new Set(folders.flatMap((folder, root) => (existsSync(folder) ? [] : [root])));
  for (const key of known.unseen()) {
    const [root, file] = key.split("\0") as [string, string];
    if (gone.has(Number(root))) continue;
    const path = absolutePath(folders, Number(root), file);
    const reason = fileState(withoutMember(path))
      ? "belongs to a patch that can no longer be used as a whole. The data set keeps its tiles."
      : "is gone. The data set keeps the tiles that were made of it.";
    changed.push({ path, reason });
  }
  const remembered = dataset.skipped.filter(({ path }) => !retried.has(path));
  return {
    changed: [...goneFolders(folders), ...changed],
    plan: {
      ...plan,
      batches,
      tiles: batches.reduce((sum, batch) => sum + batch.tiles, 0),
      problems: [...remembered, ...problems],
      hash: hash.digest("hex"),
      itemsOf: (batch) => {
        const items = plan.itemsOf(batch);
        return kept.get(batch)!.map((i) => {
          const item = items[i]!;
          const id = renamed.get(keyFileOf(item, plan.settings) ?? item.path);
          return id === undefined ? item : { ...item, id };
        });
      },
    },
  };
}

/** Folders of a data set that are not there: it is whole without them. */
export function goneFolders(folders: readonly string[]): Problem[] {
  const reason = "is gone. The data set keeps the tiles that were made of it. If the folder moved, name its new place.";
  return folders.filter((folder) => !existsSync(folder)).map((path) => ({ path, reason }));
}

/** The patches of a data set, by their folder and file. */
class KnownPatches {
  private readonly numbers = new NameSet();
  private readonly keys = new TextList();
  /** NaN: not known. */
  private readonly bytes: number[] = [];
  private readonly modified: number[] = [];
  private seen: Uint8Array | undefined;

  add(key: string, { bytes, modified }: Stamp): void {
    if (this.numbers.has(key)) return;
    this.numbers.add(key);
    this.keys.push(key);
    this.bytes.push(bytes ?? Number.NaN);
    this.modified.push(modified ?? Number.NaN);
  }

  /** As it was when it was read, of a patch that is there still; null: the data set doesn't have it. */
  see(key: string): Stamp | null {
    const number = this.numbers.numberOf(key);
    if (number < 0) return null;
    this.seen ??= new Uint8Array(this.keys.length);
    this.seen[number] = 1;
    const known = (value: number) => (Number.isNaN(value) ? null : value);
    return { bytes: known(this.bytes[number]!), modified: known(this.modified[number]!) };
  }

  *unseen(): Generator<string> {
    let number = 0;
    for (const key of this.keys) if (!this.seen?.[number++]) yield key;
  }
}

/** The patches of a data set, and the ids that are taken. */
async function readKnown(datasetFolder: string, tiles: number): Promise<{ known: KnownPatches; ids: NameSet }> {
  const known = new KnownPatches();
  const ids = new NameSet();
  await streamStoredColumns(datasetFolder, ["id", "root", "file", "bytes", "modified"], {
    end: tiles,
    onColumns: ({ id, root, file, bytes, modified }) => {
      for (let i = 0; i < id.length; i++) {
        ids.add(id[i]!);
        if (file[i] !== null && root[i] !== null) known.add(`${root[i]}\0${file[i]}`, { bytes: bytes[i]!, modified: modified[i]! });
      }
    },
  });
  return { known, ids };
}

function changeOf(then: Stamp, now: FileStamp): string | null {
  const kept = "The data set keeps the tiles as they were read; ingest the folder under another name to have them as they are now.";
  if (then.bytes !== null && now.bytes !== null && then.bytes !== now.bytes)
    return `has ${now.bytes} bytes instead of the ${then.bytes} that were ingested. ${kept}`;
  if (then.modified !== null && now.modified !== null && then.modified !== now.modified)
    return `has changed since it was ingested (${new Date(now.modified).toISOString()}). ${kept}`;
  return null;
}

/** The ids of all tiles of a patch. */
function* namesOf({ columns, rows, isCut }: PatchItem, id: string): Generator<string> {
  if (!isCut) return yield id;
  for (let i = 0; i < columns * rows; i++) yield `${id}_${i % columns}_${Math.floor(i / columns)}`;
}

/** An id for a patch such that none of its tiles has a name that is taken. */
function freeId(item: PatchItem, taken: NameSet): string {
  for (let attempt = 1; ; attempt++) {
    const id = attempt === 1 ? item.id : `${item.id}-${attempt}`;
    let isFree = true;
    for (const name of namesOf(item, id)) isFree &&= !taken.has(name);
    if (isFree) return id;
  }
}
