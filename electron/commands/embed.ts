// `study embed`: features of the tiles by the encoders of a study, and pictures of them, as the window computes them.
import { Command, InvalidArgumentError, Option } from "commander";
import { type EmbeddingRef, MOST_EMBEDDED_TILES, ProjectionMethod, UmapSettings } from "../../shared/domain/embedding.ts";
import { AppError } from "../../shared/domain/errors.ts";
import type { Host } from "../app/host.ts";
import { addFlags, parseFlags } from "../flags.ts";
import { type CommonOptions, runCommand, withCommonFlags } from "./context.ts";
import { withHost } from "./with-host.ts";

interface EmbedOptions extends CommonOptions {
  readonly arm?: string[];
  readonly seed?: number;
  readonly stage: string;
  readonly method: "pca" | "umap";
  readonly csv: boolean;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("give a whole number");
  return Number(text);
}

/** The runs that are asked for. @throws AppError NOT_FOUND naming what there is */
async function chosenRuns(host: Host, study: string, { arm: arms, seed, stage }: EmbedOptions): Promise<EmbeddingRef[]> {
  const runs = await host.embeddings.runs(study);
  const chosen = runs.filter((run) => (!arms || arms.includes(run.arm)) && (seed === undefined || run.seed === seed));
  const refs = chosen
    .filter(({ stages }) => stages.some((one) => one.stage === stage))
    .map(({ arm, seed: of }) => ({ study, arm, seed: of, stage }));
  const lacking = arms?.find((arm) => !refs.some((ref) => ref.arm === arm));
  if (lacking === undefined && refs.length > 0) return refs;
  const there = [...new Set(runs.map(({ arm }) => arm))].join(", ");
  const what = `${lacking ?? "no run"}${seed === undefined ? "" : `, seed ${seed}`}`;
  throw new AppError(
    "NOT_FOUND",
    `There are no weights "${stage}" of ${what} in the study "${study}". There are some of: ${there || "none yet"}.`,
  );
}

/** `study embed`. */
export function embedCommand(): Command {
  const command = new Command("embed")
    .description("put the tiles through the encoders of a study and draw them in two dimensions; what is there already is used again")
    .argument("<NAME>", "study")
    .option("--arm <ARM...>", "arms; all that have weights when left out")
    .option("--seed <NUMBER>", "seed of the runs; all when left out", wholeNumber)
    .option("--stage <STAGE>", "start: before training; step-<number>: a checkpoint; final", "final")
    .addOption(new Option("--method <METHOD>", "picture").choices(["pca", "umap"]).default("umap"))
    .option("--csv", "also write the picture as a table: tile, x, y", false)
    .addHelpText(
      "after",
      `\nAt most ${MOST_EMBEDDED_TILES.toLocaleString("en")} tiles, drawn by a fixed seed where there are more. docs/formats.md tells of the files.`,
    );
  const read = addFlags(command, UmapSettings);
  return withCommonFlags(command, { workspace: true }).action((name: string, options: EmbedOptions & Record<string, unknown>) =>
    runCommand(options, ({ signal, withProgress, print }) =>
      withHost(options, async (host) => {
        const umap = parseFlags(UmapSettings, read(options));
        const method = ProjectionMethod.parse(options.method === "pca" ? { kind: "pca" } : { kind: "umap", ...umap });
        const made: (EmbeddingRef & Awaited<ReturnType<Host["embeddings"]["files"]>>)[] = [];
        for (const ref of await chosenRuns(host, name, options)) {
          await withProgress(`${ref.arm}, seed ${ref.seed}`, (update) =>
            host.embeddings.compute(
              { ...ref, method },
              {
                signal,
                onProgress: ({ done = 0, message = null, etaSeconds = null }) =>
                  update({ done, total: 100, unit: "%", rate: null, etaSeconds, note: message }),
              },
            ),
          );
          made.push({ ...ref, ...(await host.embeddings.files({ ...ref, method }, { csv: options.csv })) });
        }
        print(made, () =>
          made
            .map(({ arm, seed, points, tiles, width }) => `${arm}, seed ${seed}: ${tiles} tiles, ${width} features; ${points}`)
            .join("\n"),
        );
      }),
    ),
  );
}
