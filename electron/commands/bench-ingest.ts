// `bench ingest`: patches a second from files to a data set, beside rasterio reading the same patches.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { addFlags } from "../flags.ts";
import { ingestFolders, MAXIMUM_THREADS } from "../ingest/ingest.ts";
import { writeSample } from "../ingest/sample/write-sample.ts";
import { type Contender, hasModules, median, runContender, spreadOf } from "./contender.ts";
import { type CommonOptions, type Context, pathOf, runCommand, table, withCommonFlags } from "./context.ts";

const IngestBenchFlags = z.strictObject({
  folder: z.string().optional().describe("folder with BigEarthNet v1 patches; a simulated sample when left out"),
  patches: z.int().min(1).max(200_000).default(1000).describe("patches of the simulated sample"),
  workers: z.int().min(1).max(MAXIMUM_THREADS).default(2).describe("reading threads"),
  repeats: z.int().min(1).max(100).default(3).describe("times that each is run, in turn"),
  python: z.string().default("python3").describe("a Python that has rasterio and numpy"),
  peer: z
    .string()
    .default(join("test", "bench", "rasterio_ingest.py"))
    .describe("the peer's script"),
  peerWorkers: z.int().min(1).max(MAXIMUM_THREADS).default(1).describe("processes of the peer"),
});
type IngestBenchFlags = z.infer<typeof IngestBenchFlags>;

/** What one run prints. */
interface Once {
  readonly patches: number;
  /** From the start to the described data set. */
  readonly patchesPerSecond: number;
  /** Reading and writing alone: without the survey, the catalogue and the record. Only ours tells it. */
  readonly readPerSecond?: number;
  /** Of all cores, a patch; on a machine with other work it says more. */
  readonly cpuMs: number;
  readonly peakRssMb: number;
}

interface Figures {
  readonly contender: string;
  readonly runs: Once[];
}

/** Ingests into a workspace that goes when it ends. */
async function ingestOnce(folder: string, workers: number, signal: AbortSignal): Promise<Once> {
  const workspace = await mkdtemp(join(tmpdir(), "simclr-s2-bench-"));
  let readPerSecond = 0;
  const cpu = process.cpuUsage();
  try {
    const { tiles, seconds } = await ingestFolders({
      folders: [folder],
      workspace,
      dataset: "bench",
      workers,
      signal,
      onProgress: ({ tilesPerSecond }) => {
        readPerSecond = tilesPerSecond;
      },
    });
    const { user, system } = process.cpuUsage(cpu);
    return {
      patches: tiles,
      patchesPerSecond: tiles / seconds,
      readPerSecond,
      cpuMs: (user + system) / 1000 / tiles,
      peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    };
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function compare(folder: string, flags: IngestBenchFlags, context: Context): Promise<Figures[]> {
  const { workers, repeats, python, peer, peerWorkers } = flags;
  const contenders: Contender[] = [
    {
      name: `ingest, ${workers} ${workers === 1 ? "thread" : "threads"}`,
      command: process.execPath,
      args: [process.argv[1]!, "bench", "ingest", "--once", "--json", "--folder", folder, "--workers", `${workers}`],
    },
  ];
  if (existsSync(peer) && (await hasModules(python, "numpy, rasterio", context.signal)))
    contenders.push({
      name: `rasterio, ${peerWorkers} ${peerWorkers === 1 ? "process" : "processes"}`,
      command: python,
      args: [peer, folder, "--workers", `${peerWorkers}`],
    });
  else context.note(`No peer: ${python} has no rasterio, or ${peer} is not there. Name one with --python.`);
  const figures = contenders.map(({ name }) => ({ contender: name, runs: [] as Once[] }));
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const [i, contender] of contenders.entries()) {
      context.note(`${contender.name}: ${repeat + 1} of ${repeats}`);
      figures[i]!.runs.push(await runContender<Once>(contender, context.signal));
    }
  return figures;
}

/** Min, median and max of the repeats; the ratio is of medians. */
function compareText(figures: readonly Figures[]): string {
  const rate = ({ runs }: Figures) => runs.map(({ patchesPerSecond }) => patchesPerSecond);
  const [, peer] = figures;
  const rows = figures.map((each) => {
    const reads = each.runs.flatMap(({ readPerSecond }) => readPerSecond ?? []);
    return [
      each.contender,
      ...spreadOf(rate(each)).map((value) => value.toFixed(0)),
      reads.length > 0 ? median(reads).toFixed(0) : "",
      peer && each !== peer ? (median(rate(each)) / median(rate(peer))).toFixed(1) : "",
      median(each.runs.map(({ cpuMs }) => cpuMs)).toFixed(2),
      Math.max(...each.runs.map(({ peakRssMb }) => peakRssMb)),
    ];
  });
  const title = `${figures[0]!.runs[0]!.patches} patches of BigEarthNet v1's layout`;
  return `${title}\n${table(rows, ["", "min patches/s", "median", "max", "reading alone", "x rasterio", "CPU ms a patch", "peak MB"])}`;
}

/** The folder named, else a simulated sample that goes when the work ends. */
async function withPatches<T>(flags: IngestBenchFlags, context: Context, work: (folder: string) => Promise<T>): Promise<T> {
  if (flags.folder !== undefined) return work(pathOf(flags.folder));
  const folder = await mkdtemp(join(tmpdir(), "simclr-s2-patches-"));
  try {
    await context.withProgress("Writing the simulation", (update) =>
      writeSample(folder, {
        patches: flags.patches,
        signal: context.signal,
        onProgress: (progress) => update({ ...progress, unit: "patches" }),
      }),
    );
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function ingestBenchCommand(): Command {
  const command = new Command("ingest").description("time ingestion, from files to a data set, beside rasterio; several times in turn");
  const read = addFlags(command, IngestBenchFlags);
  command.option("--once", "one ingest in this process, without the peer");
  return withCommonFlags(command, { workspace: false }).action((options: CommonOptions & Record<string, unknown> & { once?: boolean }) =>
    runCommand(options, async (context) => {
      const flags = IngestBenchFlags.parse(read(options));
      await withPatches(flags, context, async (folder) => {
        if (options.once) {
          const once = await ingestOnce(folder, flags.workers, context.signal);
          context.print(once, () => compareText([{ contender: "ingest", runs: [once] }]));
          return;
        }
        const figures = await compare(folder, flags, context);
        context.print(figures, () => compareText(figures));
      });
    }),
  );
}
