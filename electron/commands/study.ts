// `study create | run | status | select | results | report | embed`: the augmentation study.
import { Command, type Command as CommandType, InvalidArgumentError, Option } from "commander";
import { PRESET_NAMES, PRESETS, type PresetName, StudyConfig } from "../../shared/domain/run-config.ts";
import { ALL_ARMS } from "../../shared/domain/study.ts";
import type { StudyPlan } from "../../shared/domain/workspace.ts";
import type { Host } from "../app/host.ts";
import { addFlags, labelSetOption } from "../flags.ts";
import { formatDuration } from "../progress.ts";
import { type CommonOptions, type Context, runCommand, table, withCommonFlags } from "./context.ts";
import { embedCommand } from "./embed.ts";
import { resultText } from "./result-text.ts";
import { resultsCommand } from "./results.ts";
import { withHost } from "./with-host.ts";

/** A plan in words: what it costs, and what keeps it from running. */
export function planText(plan: StudyPlan): string {
  const { seconds, fullSeconds } = plan;
  const time =
    seconds === null
      ? "time not estimated"
      : `about ${formatDuration(seconds)} for the sweep${fullSeconds === null ? "" : `, ${formatDuration(fullSeconds)} for the second stage`}`;
  return [
    `${plan.runs} runs (${plan.arms} arms), ${plan.stepsPerRun.toLocaleString("en")} steps each; engine ${plan.engine}${plan.viewsPerSecond ? `, ${Math.round(plan.viewsPerSecond)} views/s` : ""}`,
    `${time}; ${(plan.bytes / 1e6).toFixed(0)} MB of ${(plan.freeBytes / 1e9).toFixed(0)} GB free`,
    ...plan.problems.map((problem) => `Cannot run: ${problem}`),
    ...plan.warnings.map((warning) => `Note: ${warning}`),
  ].join("\n");
}

/** Runs a study under a progress line. */
export async function runWithProgress(
  host: Host,
  study: string,
  stage: "sweep" | "full" | "all",
  { signal, note, withProgress }: Pick<Context, "signal" | "note" | "withProgress">,
  gpus?: number,
): Promise<void> {
  const left = await withProgress(`Study ${study}`, (update) =>
    host.studies.run(study, stage, {
      ...{ signal, gpus },
      onProgress: (p) =>
        update({
          done: p.done ?? 0,
          total: p.total ?? 0,
          unit: "runs",
          rate: null,
          etaSeconds: p.etaSeconds ?? null,
          note: p.rate ? `${Math.round(p.rate)} views/s` : (p.message ?? null),
        }),
    }),
  );
  if (left) note(left);
}

const PRESET_HELP = PRESET_NAMES.map((name) => `  ${name.padEnd(10)} ${PRESETS[name].description}`).join("\n");

function createCommand(): CommandType {
  const command = new Command("create")
    .description("make a study: its arms, seeds and settings; shows time and disk before anything runs")
    .argument("<NAME>", "name of the study")
    .requiredOption("--dataset <NAME>", "data set")
    .addOption(new Option("--preset <NAME>", "ready-made settings; flags go over them").choices([...PRESET_NAMES]))
    .option("--no-plan", "do not measure this machine for the estimate")
    .addHelpText("after", `\nPresets:\n${PRESET_HELP}\n\nArms: ${ALL_ARMS.join(", ")}`);
  const read = addFlags(command, StudyConfig, { prefixes: { pretrain: "", augmentation: "" }, omit: ["version", "dataset"] });
  command.addOption(labelSetOption());
  command.addOption(new Option("--profile <NAME>", "augmentation parameters").choices(["physical", "published"]));
  return withCommonFlags(command, { workspace: true }).action(
    (
      name: string,
      options: CommonOptions &
        Record<string, unknown> & {
          dataset: string;
          preset?: PresetName;
          plan: boolean;
          profile?: string;
          labelSet?: StudyConfig["finetune"]["labelSets"];
        },
    ) =>
      runCommand(options, ({ print, note }) =>
        withHost(options, async (host) => {
          const given = read(options);
          const settings = {
            ...given,
            dataset: options.dataset,
            ...(options.profile ? { augmentation: { profile: options.profile } } : {}),
            ...(options.labelSet ? { finetune: { ...(given.finetune as object | undefined), labelSets: options.labelSet } } : {}),
          };
          const preset = options.preset ?? null;
          const plan = await host.studies.plan({ preset, settings }, { measure: options.plan });
          if (!options.json) note(planText(plan));
          const study = await host.studies.create({ name, preset, settings });
          print({ study, plan }, () =>
            plan.problems.length > 0
              ? `Study ${name} made, but it cannot run before the above is put right.`
              : `Study ${name} made. Run it: study run ${name}`,
          );
        }),
      ),
  );
}

function gpuCount(text: string): number | undefined {
  if (text === "all") return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("give a whole number from 1, or all");
  return Number(text);
}

function runStudyCommand(): CommandType {
  const command = new Command("run")
    .description("run what is not finished; run again after a stop of any kind, it goes on")
    .argument("<NAME>", "study")
    .addOption(
      new Option("--stage <STAGE>", "sweep: all arms; full: second stage with the couplets that are left")
        .choices(["sweep", "full", "all"])
        .default("all"),
    )
    .addOption(new Option("--gpus <NUMBER>", "use so many NVIDIA GPUs, a process each (default: all)").argParser(gpuCount));
  return withCommonFlags(command, { workspace: true }).action(
    (name: string, options: CommonOptions & { stage: "sweep" | "full" | "all"; gpus?: number }) =>
      runCommand(options, (context) =>
        withHost(options, async (host) => {
          await runWithProgress(host, name, options.stage, context, options.gpus);
          const result = await host.studies.result(name);
          const text = await resultText(host, name, result);
          context.print(result, () => text);
        }),
      ),
  );
}

function statusCommand(): CommandType {
  const command = new Command("status").description("tell where every run of a study stands").argument("<NAME>", "study");
  return withCommonFlags(command, { workspace: true }).action((name: string, options: CommonOptions) =>
    runCommand(options, ({ print }) =>
      withHost(options, async (host) => {
        const { study, summary } = await host.studies.get(name);
        const runs = await host.studies.runs(name);
        print(
          {
            study,
            summary,
            runs: runs.map(({ arm, seed, state }) => ({
              arm,
              seed,
              status: state.status,
              step: state.step,
              steps: state.steps,
              f1: state.f1,
              error: state.error,
            })),
          },
          () =>
            [
              `${name}: ${summary.finished} of ${summary.runs} runs finished, ${summary.running} running, ${summary.failed} failed`,
              table(
                runs.map(({ arm, seed, state }) => [
                  arm,
                  seed,
                  state.status,
                  state.steps ? `${state.step}/${state.steps}` : "",
                  state.f1?.toFixed(3) ?? "",
                  state.error?.message ?? "",
                ]),
                ["arm", "seed", "status", "steps", "F1", ""],
              ),
            ].join("\n"),
        );
      }),
    ),
  );
}

function selectCommand(): CommandType {
  const command = new Command("select")
    .description("say which couplets are dropped before the second stage; the bottom quarter by F1 when none are named")
    .argument("<NAME>", "study")
    .option("--drop <LIST>", "couplets to drop, such as blur+gain,flip+blur");
  return withCommonFlags(command, { workspace: true }).action((name: string, options: CommonOptions & { drop?: string }) =>
    runCommand(options, ({ print }) =>
      withHost(options, async (host) => {
        const study = await host.studies.selectCouplets(name, options.drop ? options.drop.split(",").map((part) => part.trim()) : null);
        const { selection } = await host.studies.result(name);
        print(
          { study: study.name, ...selection },
          () =>
            `Kept ${selection.kept.length} of ${selection.kept.length + selection.dropped.length} couplets; dropped: ${selection.dropped.join(", ") || "none"}`,
        );
      }),
    ),
  );
}

function reportCommand(): CommandType {
  const command = new Command("report")
    .description("write the report: one HTML file, tables as CSV, figures as SVG and PNG")
    .argument("<NAME>", "study");
  return withCommonFlags(command, { workspace: true }).action((name: string, options: CommonOptions) =>
    runCommand(options, ({ print }) =>
      withHost(options, async (host) => {
        const files = await host.studies.report(name);
        const result = await host.studies.result(name);
        const text = await resultText(host, name, result);
        print({ ...files, result }, () => `${text}\n\nReport: ${files.html}`);
      }),
    ),
  );
}

export function studyCommand(): Command {
  const command = new Command("study").description("the augmentation study: create, run, status, select, results, report, embed");
  const children = [
    createCommand(),
    runStudyCommand(),
    statusCommand(),
    selectCommand(),
    resultsCommand(),
    reportCommand(),
    embedCommand(),
  ];
  for (const child of children) command.addCommand(child);
  return command;
}
