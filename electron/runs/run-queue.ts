// `queue.json` of a study: the order that a user gave its runs, and those left out. Followed by every process that works on the study.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { EMPTY_RUN_QUEUE, RunQueue } from "../../shared/domain/run-queue.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { lastEvent, openJournal } from "./journal.ts";
import { Claimer } from "./lease.ts";
import { readJson } from "./run-folder.ts";

const queuePath = (studyFolder: string) => join(studyFolder, "queue.json");

/** The queue of a study; the empty one where none was written, or a damaged one: an order is no reason not to train. */
export async function readRunQueue(studyFolder: string): Promise<RunQueue> {
  return (await readJson(queuePath(studyFolder), RunQueue).catch(() => undefined)) ?? EMPTY_RUN_QUEUE;
}

/** Replaces the queue of a study. @throws AppError DISK_FULL, NO_ACCESS, NOT_FOUND without the study */
export async function writeRunQueue(studyFolder: string, queue: RunQueue): Promise<void> {
  await writeFileAtomic(queuePath(studyFolder), `${JSON.stringify(queue, null, 2)}\n`);
}

/** The queue of a study, told first and when it has changed. */
export class QueueTail {
  private readonly studyFolder: string;
  private seen = "";

  constructor(studyFolder: string) {
    this.studyFolder = studyFolder;
  }

  /** The queue, or `undefined` while it is the one that was told before. */
  async next(): Promise<RunQueue | undefined> {
    const found = await stat(queuePath(this.studyFolder)).catch(() => undefined);
    const stamp = found ? `${found.mtimeMs} ${found.size} ${found.ino}` : "none";
    if (stamp === this.seen) return undefined;
    this.seen = stamp;
    return readRunQueue(this.studyFolder);
  }
}

/**
 * Takes a failed run back into the queue: it goes on from its last checkpoint when its turn comes, in a study that is running, too.
 * @returns false for a run that has not failed, or that another process has in hand
 */
export async function retryRun(runFolder: string): Promise<boolean> {
  if ((await lastEvent(runFolder))?.kind !== "failed") return false;
  const lease = await new Claimer().claim(runFolder);
  if (!lease) return false;
  try {
    const journal = openJournal(runFolder);
    try {
      journal.append({ kind: "interrupted", step: 0, reason: "paused" });
      journal.sync();
    } finally {
      journal.close();
    }
    return true;
  } finally {
    await lease.release();
  }
}
