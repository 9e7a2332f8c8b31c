// `doctor`: which engine runs here, why not a better one, what to install; what fits its memory, and how long a study takes.
import { Command } from "commander";
import { z } from "zod";
import type { EngineReport } from "../../shared/domain/engine.ts";
import { ENCODERS, RunConfig } from "../../shared/domain/run-config.ts";
import { gigabytes } from "../../shared/domain/step-memory.ts";
import { ALL_ARMS } from "../../shared/domain/study.ts";
import { type MeasuredStudy, measureStudy, type StudyTime } from "../app/study-time.ts";
import { addFlags } from "../flags.ts";
import { formatDuration } from "../progress.ts";
import { diagnose } from "../training/engines/doctor.ts";
import { type CommonOptions, type Context, runCommand, withCommonFlags } from "./context.ts";

const MARKS = { ok: "ok     ", info: "       ", missing: "missing", problem: "problem" } as const;

/** The study that is asked about; the published sweep when nothing else is. */
const StudyFlags = z.strictObject({
  encoder: z.enum(ENCODERS).nullable().default(null).describe("encoder; when empty resnet50 on a GPU, else resnet18"),
  size: z.int().min(16).max(512).default(120).describe("side of a tile, px"),
  batch: z.int().min(2).max(4096).default(32).describe("tiles a step; each gives two views"),
  precision: RunConfig.shape.precision,
  arms: z.int().min(1).max(ALL_ARMS.length).default(ALL_ARMS.length).describe("arms, the control among them"),
  seeds: z.int().min(1).max(1000).default(3).describe("seeds; every arm runs once with each"),
  epochs: z.int().min(1).max(10_000).default(50).describe("passes over the pretraining tiles"),
  tiles: z.int().min(2).max(100_000_000).default(5903).describe("tiles used for pretraining; 1 % of BigEarthNet by default"),
});

const counted = (count: number, noun: string) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

function timeText({ arms, seeds, epochs, tiles, pretrainings, views, viewsPerSecond, seconds }: StudyTime): string {
  const study = `${counted(arms, "arm")}, ${counted(seeds, "seed")}, ${counted(epochs, "epoch")} of ${counted(tiles, "tile")}`;
  return `${formatDuration(seconds)} (${study}: ${pretrainings} pretrainings, ${(views / 1e6).toFixed(1)} million views at ${viewsPerSecond.toFixed(0)} a second; fine-tuning on top)`;
}

function measuredText({ encoder, pixels, precision, viewsPerSecond, holds, study, demo }: MeasuredStudy): string[] {
  const lines = [""];
  for (const { device, memoryBytes, largestBatch: batches } of holds) {
    const each = Object.entries(batches).map(([name, batch]) => `${name} ${batch === 0 ? "none" : counted(batch, "tile")}`);
    if (each.length > 0)
      lines.push(`${device}, ${gigabytes(memoryBytes)}: the largest step of ${pixels} px in ${precision}: ${each.join(", ")}.`);
  }
  lines.push(
    study && viewsPerSecond !== null
      ? `${encoder} pretrains ${viewsPerSecond.toFixed(1)} views/s here. This study takes ${timeText(study)}.`
      : `${encoder} does not fit with this batch.`,
  );
  if (demo) lines.push(`The demo takes ${timeText(demo)}.`);
  return lines;
}

function text({ engine, checks }: EngineReport, measured: MeasuredStudy | null): string {
  const lines = [
    `Engine: ${engine.name} ${engine.version} on ${engine.device}, ${engine.threads} ${engine.threads === 1 ? "thread" : "threads"}`,
  ];
  if (engine.reason) lines.push(engine.reason);
  lines.push("");
  for (const check of checks) {
    lines.push(`${MARKS[check.status]}  ${check.name}: ${check.detail}`);
    if (check.advice) lines.push(`         ${check.advice}`);
  }
  if (measured) lines.push(...measuredText(measured));
  return lines.join("\n");
}

function measure(
  report: EngineReport,
  { size, batch, ...flags }: z.infer<typeof StudyFlags>,
  { signal, withProgress }: Context,
): Promise<MeasuredStudy> {
  return withProgress("Measuring", (update) =>
    measureStudy(report, {
      ...flags,
      ...{ pixels: size, batchSize: batch, signal },
      onProgress: (progress) => update({ ...progress, unit: "parts", rate: null }),
    }),
  );
}

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "tell which compute engine runs here, why not a better one, what to install; what fits its memory, and how long a study takes",
    )
    .option("--no-measure", "do not measure: what is here only")
    .option("--verify", "read every byte of the TensorFlow runtime, which takes seconds");
  const read = addFlags(command, StudyFlags);
  return withCommonFlags(command, { workspace: false }).action(
    (options: CommonOptions & Record<string, unknown> & { measure: boolean; verify?: boolean }) =>
      runCommand(options, async (context) => {
        const report = await diagnose({ verify: options.verify ?? false });
        const measured = options.measure ? await measure(report, StudyFlags.parse(read(options)), context) : null;
        context.print({ ...report, measured }, () => text(report, measured));
      }),
  );
}
