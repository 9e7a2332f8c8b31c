// `sample-project`: the finished study that comes with the application, with its tiles simulated anew.
import { Command } from "commander";
import { lacksSampleTiles, makeSampleTiles, unpackSampleProject } from "../app/sample-project.ts";
import { type CommonOptions, pathOf, runCommand, withCommonFlags } from "./context.ts";

export function sampleProjectCommand(): Command {
  const command = new Command("sample-project")
    .description("make a workspace with a finished study of 41 arms to look around in; its tiles are simulated")
    .argument("<folder>", "where; new or empty, or a sample project that goes on")
    .option("--no-tiles", "the results only; the tiles are made when the workspace is opened");
  return withCommonFlags(command, { workspace: false }).action((folder: string, options: CommonOptions & { tiles: boolean }) =>
    runCommand(options, async ({ signal, withProgress, print }) => {
      const path = await unpackSampleProject(pathOf(folder));
      if (options.tiles && (await lacksSampleTiles(path))) {
        await withProgress("Simulating the sample's tiles", (update) =>
          makeSampleTiles(path, {
            signal,
            onProgress: ({ done = 0, total = 0, rate = null }) => update({ done, total, rate, unit: "tiles" }),
          }),
        );
      }
      print({ workspace: path }, () => `The sample project is in ${path}. See it: npm start -- --workspace ${path}`);
    }),
  );
}
