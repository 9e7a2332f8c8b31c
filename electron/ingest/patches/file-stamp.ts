// By what the files of a patch are known again: the first band's path, their size and their time. A later ingest tells new, changed and vanished ones by it.

import { type ByteSource, fileState } from "../../files/byte-source.ts";
import type { FileStamp, PatchItem, ReadSettings } from "./patch.ts";

/** The file by which a patch is known. */
export function keyFileOf({ files, member }: PatchItem, { groups }: Pick<ReadSettings, "groups">): string | null {
  const file = files[groups[0]!.bands[0]!] ?? null;
  return file === null || member === null ? file : `${file}#${member}`;
}

/** The file itself. */
export function withoutMember(keyFile: string): string {
  return keyFile.replace(/#\d+$/, "");
}

/** The state of a patch's files, added up while they are read: each is then asked for it but once. */
export class StampSum {
  private bytes = 0;
  private modified = 0;

  add({ path, size, modified }: ByteSource): void {
    this.bytes += size;
    this.modified = Math.max(this.modified, modified ?? fileState(path)?.modified ?? 0);
  }

  /** @param item of which every file was added, as in `stampOf` */
  stamp(item: PatchItem, settings: Pick<ReadSettings, "groups">): FileStamp {
    return { file: keyFileOf(item, settings), bytes: this.bytes, modified: this.modified };
  }
}

/** The state of a patch's files now; without size and time when one of them is gone. */
export function stampOf(item: PatchItem, settings: Pick<ReadSettings, "groups">): FileStamp {
  let bytes = 0;
  let modified = 0;
  for (const path of new Set([...Object.values(item.files), ...(item.parts ?? []), ...(item.labelsFile ? [item.labelsFile] : [])])) {
    const found = fileState(path);
    if (!found) return { file: keyFileOf(item, settings), bytes: null, modified: null };
    bytes += found.bytes;
    modified = Math.max(modified, found.modified);
  }
  return { file: keyFileOf(item, settings), bytes, modified };
}
