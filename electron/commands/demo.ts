// `demo`: the whole way in minutes, on a simulation, by settings that any user could give: sample -> ingest -> all arms -> selection -> full pretraining -> report.
import { join } from "node:path";
import { Command } from "commander";
import { AppError } from "../../shared/domain/errors.ts";
import { SampleOptions } from "../../shared/domain/sample-options.ts";
import { createHost } from "../app/host.ts";
import { addFlags } from "../flags.ts";
import { writeSample } from "../ingest/sample/write-sample.ts";
import { formatDuration } from "../progress.ts";
import { type CommonOptions, pathOf, runCommand, withCommonFlags } from "./context.ts";
import { resultText } from "./result-text.ts";
import { planText, runWithProgress } from "./study.ts";

const DATASET = "simulated";
const STUDY = "demo";

export function demoCommand(): Command {
  const command = new Command("demo")
    .description("simulate data, run a whole small study on it, write the report")
    .option("--folder <FOLDER>", "where the sample and the workspace go; run again, it goes on", "demo");
  const read = addFlags(command, SampleOptions.pick({ patches: true }));
  return withCommonFlags(command, { workspace: false }).action((options: CommonOptions & Record<string, unknown> & { folder: string }) =>
    runCommand(options, async (context) => {
      const { signal, withProgress, note, print } = context;
      const started = Date.now();
      const folder = pathOf(options.folder);
      const sample = join(folder, "sample");
      const settings = SampleOptions.parse(read(options));
      await withProgress("Simulating Sentinel-2 patches", (update) =>
        writeSample(sample, { ...settings, signal, onProgress: (progress) => update({ ...progress, unit: "patches" }) }),
      );
      const host = await createHost({ workspace: join(folder, "workspace"), door: "cli" });
      try {
        await withProgress("Ingesting", (update) =>
          host.datasets.ingest(
            { folders: [sample], dataset: DATASET },
            {
              signal,
              onProgress: (p) =>
                update({ done: p.done ?? 0, total: p.total ?? 0, unit: "tiles", rate: p.rate ?? null, etaSeconds: p.etaSeconds ?? null }),
            },
          ),
        );
        const input = { preset: "demo" as const, settings: { dataset: DATASET } };
        note(planText(await host.studies.plan(input)));
        await host.studies.create({ name: STUDY, ...input }).catch((error: unknown) => {
          if (!(error instanceof AppError && error.code === "ALREADY_EXISTS")) throw error;
        });
        await runWithProgress(host, STUDY, "all", context);
        const files = await host.studies.report(STUDY);
        const result = await host.studies.result(STUDY);
        const text = await resultText(host, STUDY, result);
        const seconds = (Date.now() - started) / 1000;
        print({ report: files.html, seconds, result }, () =>
          [
            text,
            "",
            `All of it on simulated data, in ${formatDuration(seconds)}.`,
            `Report: ${files.html}`,
            `See it in the application: npm start -- --workspace ${join(options.folder, "workspace")}`,
          ].join("\n"),
        );
      } finally {
        await host.close();
      }
    }),
  );
}
