// `pretrain` and `finetune`: single runs outside a study.
import { basename, join } from "node:path";
import { Command, Option } from "commander";
import { FinetuneSettings, RunConfig } from "../../shared/domain/run-config.ts";
import { QUEUED, type RunEvent, type RunState, reduceRun } from "../../shared/domain/run-state.ts";
import { existingFolderOf, existingWorkspace } from "../app/workspace-folder.ts";
import { finetuneRun, pretrainOnce, resolveRunConfig } from "../executors/single.ts";
import { addFlags, labelSetOption } from "../flags.ts";
import type { ProgressUpdate } from "../progress.ts";
import { type CommonOptions, runCommand, table, withCommonFlags, workspacePath } from "./context.ts";

/** Follows a run's events under a progress line. */
function follow(update: (progress: ProgressUpdate) => void): (event: RunEvent) => void {
  let state: RunState = QUEUED;
  return (event) => {
    state = reduceRun(state, event);
    const last = state.curve.at(-1);
    if (event.kind === "step") {
      const batch = state.steps > 0 && state.step > 0 && state.startedAt ? (event.at - state.startedAt) / state.step : 0;
      update({
        done: state.step,
        total: state.steps,
        unit: "steps",
        rate: null,
        etaSeconds: (batch * (state.steps - state.step)) / 1000,
        note: `loss ${event.loss.toFixed(3)} (chance ${event.chance.toFixed(2)}), ${Math.round(event.viewsPerSecond)} views/s`,
      });
    } else if (event.kind === "finetune" || event.kind === "phase") {
      update({ done: state.step, total: state.steps, unit: "steps", rate: null, note: state.detail ?? last?.loss.toFixed(3) ?? null });
    }
  };
}

function stateText(folder: string, state: RunState): string {
  const last = state.curve.at(-1);
  const health = state.health.at(-1);
  const lines = [`Run ${basename(folder)}: ${state.status}, ${state.step} steps on ${state.engine}`];
  if (last && state.chance !== null) lines.push(`loss ${last.loss.toFixed(3)}, chance ${state.chance.toFixed(3)}`);
  if (health) lines.push(`${health.verdict}: ${health.reason}`);
  if (state.evaluations.length > 0) {
    lines.push(
      table(
        state.evaluations.map((e) => [
          e.labelSet,
          e.mode,
          `${e.percent} %`,
          e.draw + 1,
          e.train,
          e.test,
          e.f1.toFixed(3),
          e.auc.toFixed(3),
          e.ap.toFixed(3),
        ]),
        ["label set", "mode", "labels", "draw", "train", "test", "F1", "AUC", "AP"],
      ),
    );
  }
  lines.push(`Folder: ${folder}`);
  return lines.join("\n");
}

export function pretrainCommand(): Command {
  const command = new Command("pretrain")
    .description("pretrain one encoder by SimCLR; run again with the same name, it goes on from its last checkpoint")
    .requiredOption("--dataset <NAME>", "data set")
    .option("--name <NAME>", "name of the run (default: the arm and seed)")
    .option("--arm <ARM>", "augmentations: a couplet such as rotation+shift, pixel, geometric, all, none", "all")
    .addOption(new Option("--profile <NAME>", "augmentation parameters").choices(["physical", "published"]).default("physical"))
    .option("--evaluate", "fine-tune and score it afterwards, as a study would")
    .addOption(labelSetOption());
  const read = addFlags(command, RunConfig, {
    prefixes: { pretrain: "", augmentation: "" },
    omit: ["version", "dataset", "arm", "kept"],
  });
  return withCommonFlags(command, { workspace: true }).action(
    (
      options: CommonOptions &
        Record<string, unknown> & {
          dataset: string;
          name?: string;
          arm: string;
          profile: string;
          evaluate?: boolean;
          labelSet?: FinetuneSettings["labelSets"];
        },
    ) =>
      runCommand(options, async ({ signal, withProgress, print }) => {
        const workspace = await existingWorkspace(workspacePath(options));
        await existingFolderOf(workspace, "datasets", options.dataset);
        const settings = read(options);
        const finetune = {
          ...(settings.finetune as object | undefined),
          ...(options.evaluate ? options.labelSet && { labelSets: options.labelSet } : { labelSets: [] }),
        };
        const config = resolveRunConfig({
          ...settings,
          dataset: options.dataset,
          arm: options.arm,
          augmentation: { profile: options.profile },
          finetune,
        });
        const name = options.name ?? `${options.arm}-seed-${config.seed}`.replaceAll("+", "_");
        const { folder, state } = await withProgress(`Pretraining ${name}`, (update) =>
          pretrainOnce({ workspace, name, config, signal, onEvent: follow(update) }),
        );
        print(
          {
            folder,
            status: state.status,
            steps: state.steps,
            chance: state.chance,
            loss: state.curve.at(-1)?.loss ?? null,
            health: state.health.at(-1) ?? null,
            curve: state.curve,
            evaluations: state.evaluations,
          },
          () => stateText(folder, state),
        );
      }),
  );
}

export function finetuneCommand(): Command {
  const command = new Command("finetune")
    .description("fine-tune a pretrained run on labels and score it on the test tiles, as a run of its own")
    .argument("<RUN>", "name of a run made by `pretrain`")
    .option("--name <NAME>", "name of the new run (default: the run's name and the mode)");
  const read = addFlags(command, FinetuneSettings);
  command.addOption(labelSetOption());
  return withCommonFlags(command, { workspace: true }).action(
    (run: string, options: CommonOptions & Record<string, unknown> & { name?: string; labelSet?: FinetuneSettings["labelSets"] }) =>
      runCommand(options, async ({ signal, withProgress, print }) => {
        const workspace = await existingWorkspace(workspacePath(options));
        const from = await existingFolderOf(workspace, "runs", run);
        const given = read(options);
        const { labelSets, mode } = FinetuneSettings.parse(given);
        const name = options.name ?? `${run}-${mode}`;
        const { folder, state } = await withProgress(`Fine-tuning ${run}`, (update) =>
          finetuneRun({
            workspace,
            name,
            from,
            finetune: { ...given, labelSets: options.labelSet ?? labelSets },
            signal,
            onEvent: follow(update),
          }),
        );
        print({ folder, evaluations: state.evaluations, scores: join(folder, "scores.parquet") }, () => stateText(folder, state));
      }),
  );
}
