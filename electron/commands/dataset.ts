// `data`: care of a data set that is there: verify, duplicates, facets, relocate, delete.
import { Command } from "commander";
import { z } from "zod";
import { AppError } from "../../shared/domain/errors.ts";
import { type DatasetLoss, DuplicateQuery, SHARE_LIMITS, TileFilter } from "../../shared/domain/tile-query.ts";
import { datasetLoss, deleteDataset } from "../app/delete-dataset.ts";
import { existingFolderOf, existingWorkspace } from "../app/workspace-folder.ts";
import { addFlags, parseFlags } from "../flags.ts";
import { listDuplicates } from "../ingest/care/duplicates.ts";
import { relocateDataset } from "../ingest/care/relocate.ts";
import { verifyDataset } from "../ingest/care/verify.ts";
import { tileFacets } from "../ingest/catalogue/catalogue.ts";
import { type CommonOptions, EXIT, megabytes, pathOf, runCommand, table, withCommonFlags, workspacePath } from "./context.ts";

const LISTED = 20;

/** The folder of a data set in a workspace that is there. */
async function folderOf(options: CommonOptions, name: string): Promise<string> {
  return existingFolderOf(await existingWorkspace(workspacePath(options)), "datasets", name);
}

/** The first lines of a list that may be long. */
function listed(lines: readonly string[]): string[] {
  const rest = lines.length - LISTED;
  return [...lines.slice(0, LISTED), ...(rest > 0 ? [`and ${rest} more (all with --json)`] : [])].map((line) => `  ${line}`);
}

function verifyCommand(): Command {
  const command = new Command("verify")
    .description("read all of a data set and compare it with its checksums; leaves with 1 when something is damaged")
    .argument("<NAME>", "data set");
  return withCommonFlags(command, { workspace: true }).action((name: string, options: CommonOptions) =>
    runCommand(options, async ({ signal, withProgress, print }) => {
      const folder = await folderOf(options, name);
      const report = await withProgress(`Verifying ${name}`, (update) =>
        verifyDataset(folder, { signal, onProgress: (progress) => update({ ...progress, unit: "tiles" }) }),
      );
      const { tiles, bytes, damagedTiles, damaged, problems, notes } = report;
      print(report, () =>
        [
          `${tiles} tiles, ${megabytes(bytes)} of pixels: ${damagedTiles + problems.length === 0 ? "all is as it was stored" : `${damagedTiles} tiles are damaged`}`,
          ...problems.map(({ path, reason }) => `${path} ${reason}`),
          ...listed(damaged.map(({ index, id, path, reason }) => `row ${index}, ${id ?? "?"} (${path ?? "?"}): ${reason}`)),
          ...(damagedTiles > 0
            ? [
                "Put a copy of the shard back, or delete the data set and ingest its folders again. Until then, no run on these tiles can be trusted.",
              ]
            : []),
          ...notes,
        ].join("\n"),
      );
      if (damagedTiles + problems.length > 0) process.exitCode = EXIT.failed;
    }),
  );
}

const DuplicatesFlags = DuplicateQuery.extend({
  limit: z.int().min(1).default(LISTED).describe("at most so many groups"),
  offset: z.int().min(0).default(0).describe("groups to leave out first"),
});

function duplicatesCommand(): Command {
  const command = new Command("duplicates").description("list groups of tiles that show the same").argument("<NAME>", "data set");
  const read = addFlags(command, DuplicatesFlags);
  return withCommonFlags(command, { workspace: true }).action((name: string, options: CommonOptions & Record<string, unknown>) =>
    runCommand(options, async ({ print }) => {
      const { limit, offset, ...query } = parseFlags(DuplicatesFlags, read(options));
      const found = await listDuplicates(await folderOf(options, name), query, { limit, offset });
      print(found, () =>
        [
          ...found.groups.flatMap(({ kind, acrossSources, tiles }) => [
            `${kind}${acrossSources ? ", across sources" : ""}: ${tiles.length} tiles`,
            ...listed(tiles.map(({ index, id, date, path }) => `row ${index}, ${id}, ${date ?? "no date"}: ${path}`)),
          ]),
          `${found.groups.length} of ${found.total} groups; ${found.tiles} tiles in all of them`,
        ].join("\n"),
      );
    }),
  );
}

function facetsCommand(): Command {
  const command = new Command("facets")
    .description("count the tiles of a data set by source, granule, month, country, split, class and shares of pixels")
    .argument("<NAME>", "data set");
  const read = addFlags(command, TileFilter);
  return withCommonFlags(command, { workspace: true }).action((name: string, options: CommonOptions & Record<string, unknown>) =>
    runCommand(options, async ({ print }) => {
      const found = await tileFacets(await folderOf(options, name), parseFlags(TileFilter, read(options)));
      const { total, cloud, snow, nodata, saturated, ...facets } = found;
      print(found, () =>
        [
          `${total} tiles`,
          ...Object.entries(facets).flatMap(([kind, counts]) => [
            "",
            table(
              counts.slice(0, LISTED).map(({ value, tiles }) => [value ?? "not known", tiles]),
              [kind, "tiles"],
            ),
            ...(counts.length > LISTED ? [`and ${counts.length - LISTED} more (all with --json)`] : []),
          ]),
          ...Object.entries({ cloud, snow, nodata, saturated }).flatMap(([kind, counts]) => [
            "",
            table(
              counts.map((tiles, i) => [`${100 * SHARE_LIMITS[i]!} %`, tiles]),
              [`${kind} at most`, "tiles"],
            ),
          ]),
        ].join("\n"),
      );
    }),
  );
}

function relocateCommand(): Command {
  const command = new Command("relocate")
    .description("say where a folder of a data set lies now; a later ingest adds from there")
    .argument("<NAME>", "data set")
    .argument("<OLD>", "folder as it was ingested")
    .argument("<NEW>", "the same folder now");
  return withCommonFlags(command, { workspace: true }).action((name: string, from: string, to: string, options: CommonOptions) =>
    runCommand(options, async ({ signal, print }) => {
      const move = { from: pathOf(from), to: pathOf(to) };
      const { patches, found } = await relocateDataset(await folderOf(options, name), move, signal);
      print({ dataset: name, ...move, patches, found }, () => `${found} of ${patches} patches are in ${move.to}`);
    }),
  );
}

function lossText(name: string, { tiles, bytes, studies, runs }: DatasetLoss): string {
  const users = [...studies.map((study) => `study ${study}`), ...runs.map((run) => `run ${run}`)];
  const used = users.length > 0 ? `; used by ${users.join(", ")}, whose results stay but cannot go on` : "; nothing uses it";
  return `data set ${name}: ${tiles} tiles, ${megabytes(bytes)}${used}`;
}

function deleteCommand(): Command {
  const command = new Command("delete")
    .description("delete a data set; without --yes, only say what would be lost")
    .argument("<NAME>", "data set")
    .option("--yes", "delete it");
  return withCommonFlags(command, { workspace: true }).action((name: string, options: CommonOptions & { yes?: boolean }) =>
    runCommand(options, async ({ print }) => {
      const workspace = await existingWorkspace(workspacePath(options));
      const loss = await datasetLoss(workspace, name);
      if (!options.yes)
        throw new AppError("BAD_ARGUMENT", `This would delete the ${lossText(name, loss)}. Give --yes to delete it.`, {
          data: { ...loss },
        });
      await deleteDataset(workspace, name);
      print({ deleted: name, ...loss }, () => `Deleted the ${lossText(name, loss)}`);
    }),
  );
}

export function dataCommand(): Command {
  const command = new Command("data").description("care of a data set: verify, duplicates, facets, relocate, delete");
  for (const child of [verifyCommand(), duplicatesCommand(), facetsCommand(), relocateCommand(), deleteCommand()])
    command.addCommand(child);
  return command;
}
