// A trial: a few tiles of a source are read as an ingest would, to tell how long it will take and how many tiles its limits will keep.
import type { ReadingTrial } from "../../shared/domain/dataset.ts";
import type { ReaderPool } from "./patches/reader-pool.ts";
import { trialJobs } from "./plan.ts";
import { bytesPerTile } from "./store/store-writer.ts";
import type { SurveyedSource } from "./survey/survey.ts";

/** A source's trial ends with the block that passes this. */
const TRIAL_MS = 1500;
const BLOCKS = 8;

/** @returns null where no tile could be read */
export async function tryReading(source: SurveyedSource, pool: ReaderPool, signal?: AbortSignal): Promise<ReadingTrial | null> {
  const shares: [cloud: number | null, nodata: number][] = [];
  const rates: { bytes: number; ms: number }[] = [];
  let spent = 0;
  for (const job of trialJobs(source, BLOCKS)) {
    signal?.throwIfAborted();
    const started = performance.now();
    const { tiles, empty, pixels } = await pool.read(job, 0);
    const ms = performance.now() - started;
    pool.recycle(pixels, 0);
    const without = empty.reduce((sum, one) => sum + one.tiles, 0);
    for (const { cloud, nodata } of tiles) shares.push([cloud, nodata]);
    for (let i = 0; i < without; i++) shares.push([null, 1]);
    const read = tiles.length + without;
    if (read > 0) rates.push({ bytes: read * bytesPerTile(job.settings.groups), ms });
    spent += ms;
    if (spent > TRIAL_MS) break;
  }
  // The first block loads code and decoders, too.
  const counted = rates.length > 1 ? rates.slice(1) : rates;
  const [bytes, ms] = counted.reduce(([b, t], one) => [b + one.bytes, t + one.ms], [0, 0]);
  return bytes > 0 ? { bytesPerSecond: (1000 * bytes) / ms, shares } : null;
}
