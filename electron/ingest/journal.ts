// `ingest.jsonl`: what an ingest was asked and what it has done, a line a batch. A killed ingest goes on behind the last whole line.
// Of a complete data set it keeps what an addition starts from; while tiles are added, their batches follow.
import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { BandNameSchema, Problem, Tile } from "../../shared/domain/dataset.ts";
import { TileSample } from "../../shared/domain/ingest-settings.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { fileError } from "../files/byte-source.ts";
import { journalFile } from "./catalogue/dataset-folder.ts";

/** The first line: what was asked, and the hash of the plan that followed from it. */
export const IngestRequest = z.object({
  kind: z.literal("request"),
  version: z.literal(1),
  folders: z.array(z.string()),
  tilePixels: z.int().nullable(),
  bands: z.array(BandNameSchema).nullable(),
  stridePixels: z.int().nullable().default(null),
  sample: TileSample.nullable().default(null),
  radiometry: z.object({ offset: z.number(), quantification: z.number() }).nullable().default(null),
  only: z.array(z.string()).nullable().default(null),
  maxCloud: z.number().nullable().default(null),
  maxNodata: z.number().nullable().default(null),
  plan: z.string(),
  created: z.string(),
});
export type IngestRequest = z.infer<typeof IngestRequest>;

const StoredMomentsSchema = z.tuple([z.number(), z.string(), z.string(), z.number(), z.number()]);

/** The second line where tiles are added to a data set: what it holds already. */
export const BaseLine = z.object({
  kind: z.literal("base"),
  rows: z.int(),
  moments: z.partialRecord(BandNameSchema, StoredMomentsSchema),
});
export type BaseLine = z.infer<typeof BaseLine>;

/** A row of the catalogue, as `StoredTile`. */
const JournalTile = Tile.extend({
  root: z.int().nullable(),
  file: z.string().nullable(),
  bytes: z.number().nullable(),
  modified: z.number().nullable(),
  crc: z.int(),
});

/** A line for every batch, in order. */
export const BatchLine = z.object({
  kind: z.literal("batch"),
  batch: z.int(),
  tiles: z.array(JournalTile),
  moments: z.partialRecord(BandNameSchema, StoredMomentsSchema),
  skipped: z.array(Problem),
  empty: z.array(z.object({ path: z.string(), tiles: z.int() })),
  isSimulated: z.boolean().default(false),
  beyond: z.int().default(0),
});
export type BatchLine = z.infer<typeof BatchLine>;

/** An open journal. */
export class Journal {
  private readonly path: string;
  private readonly file: FileHandle;
  private size: number;

  private constructor(path: string, file: FileHandle, size: number) {
    this.path = path;
    this.file = file;
    this.size = size;
  }

  /** Starts a journal; an old one is replaced. @param base what the data set holds already, where tiles are added to one */
  static async start(datasetFolder: string, request: IngestRequest, base: BaseLine | null): Promise<Journal> {
    return Journal.reopen(datasetFolder, await writeHead(datasetFolder, request, base));
  }

  /** Goes on behind the first `size` bytes. */
  static async reopen(datasetFolder: string, size: number): Promise<Journal> {
    const path = journalFile(datasetFolder);
    try {
      const file = await open(path, "r+");
      await file.truncate(size);
      return new Journal(path, file, size);
    } catch (error) {
      throw fileError(path, error);
    }
  }

  /** @throws AppError DISK_FULL; the line is then taken back */
  async append(line: BatchLine): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      for (let done = 0; done < bytes.length; )
        done += (await this.file.write(bytes, done, bytes.length - done, this.size + done)).bytesWritten;
    } catch (error) {
      await this.file.truncate(this.size).catch(() => {});
      throw fileError(this.path, error);
    }
    this.size += bytes.length;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** How a journal begins. */
export interface JournalHead {
  readonly request: IngestRequest;
  readonly base: BaseLine | null;
}

/** Reads how a journal begins; null when there is none, or none of ours. */
export async function readJournalHead(datasetFolder: string): Promise<JournalHead | null> {
  let request: IngestRequest | undefined;
  for await (const { text } of lines(journalFile(datasetFolder))) {
    if (request) return { request, base: BaseLine.safeParse(parse(text)).data ?? null };
    request = IngestRequest.safeParse(parse(text)).data;
    if (!request) return null;
  }
  return request ? { request, base: null } : null;
}

/**
 * Reads the batches of a journal up to the first line that is torn, broken or out of turn.
 * @param onBatch called for each, in order
 * @returns bytes of the journal up to there
 */
export async function replayJournal(datasetFolder: string, onBatch: (line: BatchLine) => void): Promise<number> {
  let size = 0;
  let isHead = true;
  let expected = 0;
  for await (const { text, bytes } of lines(journalFile(datasetFolder))) {
    const value = parse(text);
    if (!isHead && !(expected === 0 && BaseLine.safeParse(value).success)) {
      const line = BatchLine.safeParse(value).data;
      if (!line || line.batch !== expected) break;
      onBatch(line);
      expected++;
    }
    isHead = false;
    size += bytes;
  }
  return size;
}

/** Leaves only what an addition starts from: the tiles are in the catalogue by then. */
export async function closeJournal(datasetFolder: string, request: IngestRequest, base: BaseLine): Promise<void> {
  await writeHead(datasetFolder, request, base);
}

async function writeHead(datasetFolder: string, request: IngestRequest, base: BaseLine | null): Promise<number> {
  const text = [request, ...(base ? [base] : [])].map((line) => `${JSON.stringify(line)}\n`).join("");
  await writeFileAtomic(journalFile(datasetFolder), text);
  return Buffer.byteLength(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whole lines, those that end in a line feed, with their sizes in bytes. */
async function* lines(path: string): AsyncGenerator<{ text: string; bytes: number }> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw fileError(path, error);
  }
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
      const bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield { text: bytes.toString("utf8", start, end), bytes: end + 1 - start };
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
  } finally {
    await file.close();
  }
}
