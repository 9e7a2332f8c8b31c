// `events.jsonl`: one event a line, appended by the one process that holds the run's lease, read by any. The line feed ends an event:
// what follows the last one was torn by a kill and does not count.
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { RunEvent, type RunEventBody } from "../../shared/domain/run-state.ts";
import { writeError } from "../files/atomic-file.ts";

const LINE_FEED = 0x0a;
/** Longer than any event; bounds what is read of a broken file at once. */
const CHUNK_BYTES = 1 << 20;

/** The journal of a run folder. */
export const journalPath = (folder: string) => join(folder, "events.jsonl");

/** What the workers of a run wrote to their output, with nothing added. */
export const outputPath = (folder: string) => join(folder, "worker.log");

/** A run's events, open for appending. */
export interface Journal {
  /** Puts the time on the events and writes them. @throws AppError DISK_FULL .. */
  append(...bodies: readonly RunEventBody[]): RunEvent[];
  /** Flushes to the disk, so that a power cut keeps what was appended. */
  sync(): void;
  close(): void;
}

/** Opens a journal for appending and cuts a torn end off. Only the holder of the run's lease may do so. */
export function openJournal(folder: string, now: () => number = Date.now): Journal {
  const path = journalPath(folder);
  let file: number;
  try {
    file = openSync(path, "a+");
    cutTornEnd(file);
  } catch (error) {
    throw writeError(error, path);
  }
  return {
    append(...bodies) {
      const at = now();
      const events = bodies.map((body) => ({ ...body, at }) as RunEvent);
      const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      } catch (error) {
        throw writeError(error, path);
      }
      return events;
    },
    sync: () => fsyncSync(file),
    close: () => closeSync(file),
  };
}

function cutTornEnd(file: number): void {
  const { size } = fstatSync(file);
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const read = readSync(file, chunk, 0, end - start, start);
    const last = chunk.subarray(0, read).lastIndexOf(LINE_FEED);
    if (last >= 0) {
      if (start + last + 1 < size) ftruncateSync(file, start + last + 1);
      return;
    }
    end = start;
  }
  if (size > 0) ftruncateSync(file, 0);
}

/**
 * Events from a byte offset on, and the offset to go on from. A file that is not there has none. Lines that are no event (zeros after a power
 * cut, a newer version's kinds) are passed over.
 */
export async function readEvents(folder: string, offset = 0): Promise<{ events: RunEvent[]; offset: number }> {
  const file = await open(journalPath(folder), "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!file) return { events: [], offset: 0 };
  try {
    const { size } = await file.stat();
    // Shorter than what was read: the torn end was cut (never past a line feed) or the run was started afresh.
    let at = offset > size ? 0 : offset;
    const events: RunEvent[] = [];
    let rest = Buffer.alloc(0);
    while (at + rest.length < size) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - at - rest.length));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at + rest.length);
      if (bytesRead === 0) break;
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, bytesRead)]) : chunk.subarray(0, bytesRead);
      const whole = bytes.lastIndexOf(LINE_FEED) + 1;
      parseLines(bytes.subarray(0, whole), events);
      at += whole;
      rest = Buffer.from(bytes.subarray(whole));
    }
    return { events, offset: at };
  } finally {
    await file.close();
  }
}

/** The last event of a run, found from the end of the file; `undefined` when there is none. */
export async function lastEvent(folder: string): Promise<RunEvent | undefined> {
  const file = await open(journalPath(folder), "r").catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    for (let span = 4096; ; span *= 16) {
      const start = Math.max(0, size - span);
      const bytes = Buffer.alloc(size - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      const text = bytes.subarray(0, bytesRead);
      const from = start === 0 ? 0 : text.indexOf(LINE_FEED) + 1;
      const events: RunEvent[] = [];
      parseLines(text.subarray(from, text.lastIndexOf(LINE_FEED) + 1), events);
      if (events.length > 0) return events.at(-1);
      if (start === 0) return undefined;
    }
  } finally {
    await file.close();
  }
}

function parseLines(bytes: Buffer, into: RunEvent[]): void {
  for (const line of bytes.toString("utf8").split("\n")) {
    if (line.length === 0) continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue;
    }
    const parsed = RunEvent.safeParse(value);
    if (parsed.success) into.push(parsed.data);
  }
}
