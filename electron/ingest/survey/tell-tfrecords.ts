// TFRecord files as patches: an example each.
import { basename } from "node:path";
import type { Problem } from "../../../shared/domain/dataset.ts";
import { messageOf } from "../../../shared/domain/errors.ts";
import { openByteSource } from "../../files/byte-source.ts";
import { granuleIn, isoDateIn, sanitise } from "../readers/names.ts";
import { pause } from "../readers/pace.ts";
import { isTfRecord, openTfRecords, TFRECORD_NAME } from "../readers/tfrecord.ts";
import { type FoundPatch, patchOf } from "./found-patch.ts";
import type { Gathering } from "./gather.ts";

/** Bytes by which a file is known. */
const HEAD_BYTES = 12;

export interface TfRecordOptions {
  readonly problems: Problem[];
  readonly signal: AbortSignal | undefined;
}

/** The examples of all files that are TFRecords by their first bytes, or should be by their names. */
export async function tellTfRecords({ records }: Gathering, { problems, signal }: TfRecordOptions): Promise<FoundPatch[]> {
  const found: FoundPatch[] = [];
  const names = new Set<string>();
  for (const path of records) {
    await pause(signal);
    try {
      const source = openByteSource(path);
      if (!TFRECORD_NAME.test(path) && !isTfRecord(source.read(0, Math.min(source.size, HEAD_BYTES)))) {
        source.close();
        continue;
      }
      const file = await openTfRecords(source, signal ? { signal } : {});
      file.close();
      for (const problem of file.problems) problems.push(problem);
      for (const [member, { name, labels, bands }] of file.examples.entries()) {
        const told = sanitise(name ?? basename(path));
        const unique = name === null || names.has(told) ? `${told}_${member}` : told;
        names.add(unique);
        const patch = { ...patchOf("tfrecords", path, unique), bands, labels, member };
        found.push({ ...patch, date: isoDateIn(told), granule: granuleIn(told) });
      }
    } catch (error) {
      signal?.throwIfAborted();
      problems.push({ path, reason: messageOf(error).replace(`${path} `, "") });
    }
  }
  return found;
}
