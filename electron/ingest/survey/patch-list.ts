// Patches in little memory: half a million of them differ in their paths and little else.
import { sep } from "node:path";
import { compare } from "../readers/names.ts";
import type { FoundPatch } from "./found-patch.ts";
import { NumberList, TextList } from "./text-list.ts";

/** What many patches have in common. */
type Common = Omit<FoundPatch, "path" | "name" | "member">;

const COMMON = Object.keys({
  kind: 0,
  bands: 0,
  files: 0,
  hasLabelsFile: 0,
  label: 0,
  labels: 0,
  parts: 0,
  samples: 0,
  facts: 0,
  date: 0,
  granule: 0,
  isRaw: 0,
  scene: 0,
} satisfies Record<keyof Common, 0>) as (keyof Common)[];

/** Patches one after another. Those that are taken out are copies. */
export class PatchList implements Iterable<FoundPatch> {
  /** Whether they lie in the order of `comparePatches`. */
  isOrdered = true;
  /** Path, name and member of each. */
  private readonly texts = new TextList();
  /** Of each which of `commons` it has. */
  private readonly kinds = new NumberList();
  private readonly commons: Common[] = [];
  private readonly known = new Map<string, number>();
  private readonly objects = new Map<object, number>();
  private last: FoundPatch | undefined;
  private lastKind = -1;

  static of(patches: Iterable<FoundPatch>): PatchList {
    const list = new PatchList();
    for (const patch of patches) list.push(patch);
    return list;
  }

  get length(): number {
    return this.kinds.length;
  }

  push(patch: FoundPatch): void {
    this.texts.push(textOf(patch.path, patch.name, patch.member));
    this.kinds.push(this.kindOf(patch));
    if (this.last && comparePatches(this.last, patch) > 0) this.isOrdered = false;
    this.last = patch;
  }

  at(index: number): FoundPatch {
    return this.patchOf(this.texts.at(index), index);
  }

  *[Symbol.iterator](): Generator<FoundPatch> {
    yield* this.slice(0, this.length);
  }

  *slice(from: number, end: number): Generator<FoundPatch> {
    let index = from;
    for (const text of this.texts.slice(from, end)) yield this.patchOf(text, index++);
  }

  /** Those that are to be kept: this list itself where it is all. */
  filter(isKept: (patch: FoundPatch) => boolean): PatchList {
    let kept: PatchList | undefined;
    let index = 0;
    for (const patch of this) {
      const isOne = isKept(patch);
      if (!isOne) kept ??= PatchList.of(this.slice(0, index));
      else kept?.push(patch);
      index++;
    }
    return kept ?? this;
  }

  private patchOf(text: string, index: number): FoundPatch {
    const [path, named = "", member] = (text.includes("\0") ? text.split("\0") : [text]) as [string, string?, string?];
    const base = lastPart(path);
    const name = named === "" ? base : named.startsWith("/") ? named.slice(1) : base.slice(0, Number(named));
    const common = this.commons[this.kinds.at(index)]!;
    // Spelt out: spreading takes ten times as long.
    return {
      kind: common.kind,
      path,
      name,
      bands: common.bands,
      files: common.files,
      hasLabelsFile: common.hasLabelsFile,
      label: common.label,
      labels: common.labels,
      parts: common.parts,
      member: member === undefined ? null : Number(member),
      samples: common.samples,
      facts: common.facts,
      date: common.date,
      granule: common.granule,
      isRaw: common.isRaw,
      scene: common.scene,
    };
  }

  private kindOf(patch: FoundPatch): number {
    const last = this.commons[this.lastKind];
    if (last && COMMON.every((field) => last[field] === patch[field])) return this.lastKind;
    const { path: _path, name: _name, member: _member, ...common } = patch;
    const key = COMMON.map((field) => this.keyOf(common[field])).join("\0");
    const kind = this.known.get(key) ?? this.commons.push(common) - 1;
    this.known.set(key, kind);
    this.lastKind = kind;
    return kind;
  }

  /** Objects are the same where they are shared. */
  private readonly keyOf = (value: unknown): string => {
    if (typeof value !== "object" || value === null) return String(value);
    const id = this.objects.get(value) ?? this.objects.size;
    this.objects.set(value, id);
    return `#${id}`;
  };
}

/** As `basename`, of paths that end in no separator. */
function lastPart(path: string): string {
  return path.slice(path.lastIndexOf(sep) + 1);
}

/** The path, and the name where it is not the path's last part. */
function textOf(path: string, name: string, member: number | null): string {
  const base = lastPart(path);
  const named = name === base ? "" : base.startsWith(name) ? String(name.length) : `/${name}`;
  if (member !== null) return `${path}\0${named}\0${member}`;
  return named === "" ? path : `${path}\0${named}`;
}

function comparePatches(a: FoundPatch, b: FoundPatch): number {
  return compare(a.path, b.path) || (a.member ?? 0) - (b.member ?? 0) || compare(a.name, b.name);
}

/** All patches of several lists, in the order of their paths. */
export function inOrder(lists: readonly PatchList[]): PatchList {
  const sources = lists
    .filter(({ length }) => length > 0)
    .map((list) => (list.isOrdered ? list : PatchList.of([...list].sort(comparePatches))));
  if (sources.length <= 1) return sources[0] ?? new PatchList();
  const all = new PatchList();
  const heads = sources.map((list) => {
    const rest = list[Symbol.iterator]();
    return { patch: rest.next().value as FoundPatch, rest };
  });
  while (heads.length > 0) {
    const first = heads.reduce((a, b) => (comparePatches(b.patch, a.patch) < 0 ? b : a));
    all.push(first.patch);
    const { value, done } = first.rest.next();
    if (done) heads.splice(heads.indexOf(first), 1);
    else first.patch = value;
  }
  return all;
}
