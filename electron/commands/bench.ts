// `bench`: the speed and memory of the training step here, part by part, beside PyTorch's in the same run.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import type { AugmentationName } from "../../shared/domain/augmentations.ts";
import { ENCODERS, PRECISIONS } from "../../shared/domain/run-config.ts";
import { addFlags } from "../flags.ts";
import type { BenchmarkResult } from "../training/benchmark.ts";
import { ingestBenchCommand } from "./bench-ingest.ts";
import { type Contender, hasModules, median, runContender, spreadOf } from "./contender.ts";
import { type CommonOptions, type Context, runCommand, table, withCommonFlags } from "./context.ts";

/** With `--augment`: two geometric operations and one on pixels, of every view. */
const AUGMENT: readonly AugmentationName[] = ["rotation", "shift", "blur"];

/** From so many steps on, growth tells of a leak rather than of the start. */
const GROWTH_STEPS = 100;

const StepFlags = z.strictObject({
  encoder: z.enum(ENCODERS).default("resnet18").describe("encoder"),
  batch: z.int().min(2).max(4096).default(32).describe("tiles a step; each gives two views"),
  size: z.int().min(16).max(512).default(120).describe("side of a tile, px"),
  precision: z
    .enum(["auto", ...PRECISIONS])
    .default("auto")
    .describe("numbers of the step; auto: bf16 where the machine is faster with it"),
  engine: z
    .enum(["auto", "tensorflow", "eager", "wasm"])
    .default("auto")
    .describe("compute engine; eager: tensorflow an operation at a time, not compiled"),
  threads: z.int().min(1).max(256).nullable().default(null).describe("compute threads; all cores when empty"),
  steps: z.int().min(1).max(100_000).default(9).describe("steps that are timed"),
});
type StepFlags = z.infer<typeof StepFlags>;

/** What `bench step --json` prints. */
type StepReport = BenchmarkResult & { readonly engine: string; readonly threads: number; readonly augment: boolean } & Pick<
    StepFlags,
    "encoder" | "batch" | "size" | "precision" | "steps"
  >;

async function measureStep(
  flags: StepFlags,
  { augment, parts, recompute }: { augment: boolean; parts: boolean; recompute: boolean },
  signal: AbortSignal,
): Promise<StepReport> {
  const { encoder, batch, size, threads, steps } = flags;
  const isEager = flags.engine === "eager";
  // Engines are loaded by the commands that compute.
  const [{ EAGER_PROGRAMS }, { benchmark }, { precisionOf }, { createPrograms }, { loadEngine }] = await Promise.all([
    import("../../shared/learning/program.ts"),
    import("../training/benchmark.ts"),
    import("../training/engines/precision.ts"),
    import("../training/engines/programs.ts"),
    import("../training/engines/select.ts"),
  ]);
  const engine = await loadEngine(flags.engine === "eager" ? "tensorflow" : flags.engine, threads === null ? {} : { threads });
  const precision = isEager ? "f32" : precisionOf(flags.precision, engine);
  const programs = isEager ? EAGER_PROGRAMS : createPrograms(engine)(precision);
  const operations = augment ? AUGMENT : [];
  const result = await benchmark(
    { encoder, pixels: size, channels: 10, batchSize: batch, operations, steps, parts, recompute, programs },
    signal,
  );
  return { engine: isEager ? "eager" : engine.name, threads: engine.threads, encoder, batch, size, precision, steps, augment, ...result };
}

function stepText(report: StepReport): string {
  const { engine, threads, encoder, batch, size, precision, augment, viewsPerSecond, stepMs, peakRssMb, growthMb, steps, parts } = report;
  const lines = [
    `${encoder}, ${batch} tiles of ${size} px, ${precision}${augment ? `, ${AUGMENT.join(" + ")}` : ""}; ${engine} on ${threads} threads`,
    `${viewsPerSecond.toFixed(1)} views/s, ${stepMs.toFixed(0)} ms a step, peak ${peakRssMb} MB${steps >= GROWTH_STEPS ? `, ${growthMb} MB more after ${steps} steps` : ""}`,
  ];
  if (parts)
    lines.push(
      Object.entries(parts)
        .map(([name, ms]) => `${name} ${(ms as number).toFixed(1)} ms`)
        .join(", "),
    );
  return lines.join("\n");
}

function stepCommand(): Command {
  const command = new Command("step").description("time the training step on random tiles");
  const read = addFlags(command, StepFlags, {});
  command.option("--augment", `${AUGMENT.join(" + ")} in every view; else views are the tiles themselves`);
  command.option("--recompute", "compute activations again for the gradient");
  command.option("--no-parts", "do not time the parts of a step");
  return withCommonFlags(command, { workspace: false }).action(
    (options: CommonOptions & Record<string, unknown> & { augment?: boolean; recompute?: boolean; parts: boolean }) =>
      runCommand(options, async ({ print, signal }) => {
        const report = await measureStep(
          StepFlags.parse(read(options)),
          { augment: options.augment ?? false, parts: options.parts, recompute: options.recompute ?? false },
          signal,
        );
        print(report, () => stepText(report));
      }),
  );
}

// ---- all of it, beside the peer

const CompareFlags = z.strictObject({
  repeats: z.int().min(1).max(100).default(3).describe("times that each is run, in turn"),
  encoders: z
    .array(z.enum(["resnet18", "resnet50"]))
    .min(1)
    .default(["resnet18", "resnet50"])
    .describe("encoders"),
  batch: z.int().min(2).max(4096).default(32).describe("tiles a step; each gives two views"),
  size: z.int().min(16).max(512).default(120).describe("side of a tile, px"),
  threads: z.int().min(1).max(256).default(2).describe("compute threads of each"),
  torchCompile: z.boolean().default(true).describe("whether torch.compile is measured too: it compiles for a minute each time"),
  python: z.string().default("python3").describe("a Python that has torch and torchvision, and kornia for augmentation"),
  peer: z
    .string()
    .default(join("test", "bench", "torch_step.py"))
    .describe("the peer's script"),
});
type CompareFlags = z.infer<typeof CompareFlags>;

interface Case {
  readonly encoder: CompareFlags["encoders"][number];
  readonly augment: boolean;
}

interface Figures {
  readonly contender: string;
  readonly viewsPerSecond: readonly number[];
  readonly peakRssMb: readonly number[];
}

type CaseReport = Case & Pick<CompareFlags, "batch" | "size" | "threads"> & { readonly contenders: readonly Figures[] };

function contendersOf({ encoder, augment }: Case, flags: CompareFlags, python: string | null): Contender[] {
  const { batch, size, threads, peer, torchCompile } = flags;
  const own = (name: string, engine: string, precision: string): Contender => ({
    name,
    command: process.execPath,
    args: [
      ...[process.argv[1]!, "bench", "step", "--json", "--no-parts", "--engine", engine, "--precision", precision, "--encoder", encoder],
      ...["--batch", `${batch}`, "--size", `${size}`, "--threads", `${threads}`, ...(augment ? ["--augment"] : [])],
    ],
  });
  const torch = (name: string, ...more: string[]): Contender => ({
    name,
    command: python!,
    args: [
      peer,
      "--depth",
      encoder.slice(6),
      "--batch",
      `${batch}`,
      "--size",
      `${size}`,
      "--threads",
      `${threads}`,
      ...(augment ? ["--augment"] : []),
      ...more,
    ],
  });
  return [
    own("compiled f32", "tensorflow", "f32"),
    ...(python ? [torch("torch f32")] : []),
    own("compiled bf16", "tensorflow", "bf16"),
    ...(python ? [torch("torch bf16", "--dtype", "bf16")] : []),
    ...(python && !augment && torchCompile
      ? [torch("torch.compile f32", "--compile"), torch("torch.compile bf16", "--compile", "--dtype", "bf16")]
      : []),
  ];
}

/** What `bench step` and the peer print of a run. */
interface Once {
  readonly viewsPerSecond: number;
  readonly peakRssMb: number;
}

async function compare(flags: CompareFlags, python: string | null, context: Context): Promise<CaseReport[]> {
  const { batch, size, threads, repeats } = flags;
  const cases = flags.encoders.flatMap((encoder): Case[] => [false, true].map((augment) => ({ encoder, augment })));
  const reports: CaseReport[] = [];
  for (const each of cases) {
    const contenders = contendersOf(each, flags, python);
    const figures = contenders.map(({ name }) => ({ contender: name, viewsPerSecond: [] as number[], peakRssMb: [] as number[] }));
    for (let repeat = 0; repeat < repeats; repeat++)
      for (const [i, contender] of contenders.entries()) {
        context.note(`${each.encoder}${each.augment ? " with augmentation" : ""}: ${contender.name}, ${repeat + 1} of ${repeats}`);
        const { viewsPerSecond, peakRssMb } = await runContender<Once>(contender, context.signal);
        figures[i]!.viewsPerSecond.push(viewsPerSecond);
        figures[i]!.peakRssMb.push(peakRssMb);
      }
    reports.push({ ...each, batch, size, threads, contenders: figures });
  }
  return reports;
}

/** Min, median and max of the repeats, and ratios of medians to PyTorch's of the same precision. */
function compareText({ encoder, batch, augment, size, threads, contenders }: CaseReport): string {
  const ratio = (own: readonly number[], theirs: readonly number[] | undefined) =>
    theirs ? (median(own) / median(theirs)).toFixed(2) : "";
  const rows = contenders.map(({ contender, viewsPerSecond, peakRssMb }) => {
    const [kind, precision] = contender.split(" ");
    const peer = (name: string) =>
      kind === "compiled" ? contenders.find((other) => other.contender === `${name} ${precision}`) : undefined;
    return [
      contender,
      ...spreadOf(viewsPerSecond).map((value) => value.toFixed(1)),
      ratio(viewsPerSecond, peer("torch")?.viewsPerSecond),
      ratio(viewsPerSecond, peer("torch.compile")?.viewsPerSecond),
      median(peakRssMb),
      ratio(peakRssMb, peer("torch")?.peakRssMb),
    ];
  });
  const title = `${encoder}, ${batch} tiles of ${size} px, ${threads} threads${augment ? `, ${AUGMENT.join(" + ")}` : ""}`;
  return `${title}\n${table(rows, ["", "min views/s", "median", "max", "x torch", "x torch.compile", "peak MB", "x torch"])}`;
}

export function benchCommand(): Command {
  const command = new Command("bench").description(
    "time the training step in each precision, beside PyTorch where a Python has it; several times in turn",
  );
  const read = addFlags(command, CompareFlags, {});
  withCommonFlags(command, { workspace: false }).action((options: CommonOptions & Record<string, unknown>) =>
    runCommand(options, async (context) => {
      const flags = CompareFlags.parse(read(options));
      const python = existsSync(flags.peer) && (await hasModules(flags.python, "torch", context.signal)) ? flags.python : null;
      if (!python) context.note(`No peer: ${flags.python} has no torch, or ${flags.peer} is not there. Name one with --python.`);
      const reports = await compare(flags, python, context);
      context.print(reports, () => reports.map(compareText).join("\n\n"));
    }),
  );
  command.addCommand(stepCommand());
  command.addCommand(ingestBenchCommand());
  return command;
}
