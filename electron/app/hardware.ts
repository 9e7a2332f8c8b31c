// Samples of processor, memory, disk and GPUs, taken while a stream of them is open.
import { readFile, statfs } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { GpuSample, HardwareSample } from "../../shared/domain/hardware.ts";
import { type Exec, exec as realExec } from "../training/engines/exec.ts";
import { hasNvidiaGpu } from "../training/engines/runtime.ts";

export interface SampleHardwareOptions {
  /** Whose disk is told. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  readonly everyMs?: number;
  readonly exec?: Exec;
  readonly hasGpu?: boolean;
}

const EVERY_MS = 1_500;
const MEBIBYTE = 2 ** 20;
const GPU_FIELDS = ["name", "utilization.gpu", "memory.used", "memory.total", "power.draw", "temperature.gpu"] as const;

/** Samples until the signal aborts; rates are of the time since the sample before. */
export async function* sampleHardware(options: SampleHardwareOptions): AsyncGenerator<HardwareSample> {
  const { folder, signal, everyMs = EVERY_MS, exec = realExec, hasGpu = hasNvidiaGpu() } = options;
  let before = await counters();
  while (!signal?.aborted) {
    await sleep(everyMs, undefined, signal ? { signal } : {}).catch(() => {});
    if (signal?.aborted) return;
    const now = await counters();
    const [gpus, disk] = await Promise.all([hasGpu ? sampleGpus(exec) : [], statfs(folder).catch(() => undefined)]);
    const seconds = Math.max(1e-3, (now.at - before.at) / 1000);
    const rate = (key: "readBytes" | "writtenBytes") => {
      const [from, to] = [before[key], now[key]];
      return from === null || to === null ? null : Math.max(0, to - from) / seconds;
    };
    const cores = cpus().length;
    yield {
      at: Date.now(),
      cores,
      machineBusy: clamped((now.busyMs - before.busyMs) / Math.max(1, now.allMs - before.allMs)),
      ownBusy: clamped((now.ownMs - before.ownMs) / 1000 / seconds / cores),
      ownBytes: process.memoryUsage.rss(),
      freeBytes: freemem(),
      totalBytes: totalmem(),
      diskFreeBytes: disk ? disk.bavail * disk.bsize : null,
      readBytesPerSecond: rate("readBytes"),
      writtenBytesPerSecond: rate("writtenBytes"),
      gpus,
    };
    before = now;
  }
}

const clamped = (share: number) => Math.min(1, Math.max(0, share));

async function counters() {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const allMs = sum(times.flatMap((time) => Object.values(time)));
  const { user, system } = process.cpuUsage();
  const io = await readFile("/proc/self/io", "utf8").catch(() => "");
  const bytes = (name: string) => {
    const found = new RegExp(`^${name}: (\\d+)$`, "m").exec(io);
    return found ? Number(found[1]) : null;
  };
  return {
    at: performance.now(),
    allMs,
    busyMs: allMs - sum(times.map(({ idle }) => idle)),
    ownMs: (user + system) / 1000,
    readBytes: bytes("read_bytes"),
    writtenBytes: bytes("write_bytes"),
  };
}

/** What the driver tells of the GPUs; none when it does not answer. */
async function sampleGpus(exec: Exec): Promise<GpuSample[]> {
  const { code, stdout } = await exec("nvidia-smi", [`--query-gpu=${GPU_FIELDS.join()}`, "--format=csv,noheader,nounits"], {
    timeoutMs: 5_000,
  });
  if (code !== 0) return [];
  return stdout.split("\n").flatMap((line) => {
    const [name, ...values] = line.split(",").map((value) => value.trim());
    if (!name || values.length !== GPU_FIELDS.length - 1) return [];
    // `[N/A]` where the device does not measure it.
    const [busy, used, total, watts, celsius] = values.map((value) => (Number.isFinite(Number(value)) && value ? Number(value) : null));
    return [
      {
        name,
        busy: busy == null ? null : clamped(busy / 100),
        usedBytes: used == null ? null : used * MEBIBYTE,
        totalBytes: total == null ? null : total * MEBIBYTE,
        watts: watts ?? null,
        celsius: celsius ?? null,
      },
    ];
  });
}
