// One ingest of a data set at a time: a lock file with a heartbeat. The lock of a dead process is taken over.
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../../shared/domain/errors.ts";
import { fileError } from "../../files/byte-source.ts";

const HEARTBEAT_MS = 5_000;
/** A lock without a heartbeat for so long is dead, whatever process has its number now. */
const DEAD_AFTER_MS = 30_000;

const Holder = z.object({ pid: z.int(), host: z.string(), id: z.string() });

/** Locks that this process holds. */
const held = new Set<string>();

/**
 * Takes the lock of a data set.
 * @returns gives it back
 * @throws AppError BUSY while another live ingest holds it
 */
export async function lockDataset(datasetFolder: string): Promise<() => Promise<void>> {
  const path = join(datasetFolder, "ingest.lock");
  const own = { pid: process.pid, host: hostname(), id: Math.random().toString(36).slice(2) };
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, JSON.stringify(own), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 2) throw fileError(path, error);
      if (await isAlive(path)) {
        throw new AppError(
          "BUSY",
          `Another ingest or labelling is writing ${datasetFolder}. Wait until it ends, or cancel it, then run again.`,
        );
      }
      await rm(path, { force: true });
    }
  }
  held.add(own.id);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    held.delete(own.id);
    await rm(path, { force: true });
  };
}

async function isAlive(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    const { pid, host, id } = Holder.parse(JSON.parse(await readFile(path, "utf8")));
    if (Date.now() - mtimeMs > DEAD_AFTER_MS) return false;
    if (host !== hostname()) return true;
    return pid === process.pid ? held.has(id) : isRunning(pid);
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
