// `label`: labels for the tiles of a data set, from a CSV file or polygons; and tiles taken out of use by a list.
import { existsSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { AppError } from "../../shared/domain/errors.ts";
import { DEFAULT_MINIMUM_SHARE, type LabelReport, LabelRequest } from "../../shared/domain/labelling.ts";
import { existingFolderOf, existingWorkspace } from "../app/workspace-folder.ts";
import { readClassMap } from "../ingest/labels/class-name.ts";
import { labelDataset } from "../ingest/labels/label-dataset.ts";
import { type CommonOptions, pathOf, runCommand, table, withCommonFlags, workspacePath } from "./context.ts";

interface LabelFlags extends CommonOptions {
  readonly csv?: string;
  readonly idColumn?: string;
  readonly vector?: string;
  readonly attribute?: string;
  readonly layer?: string;
  readonly map?: readonly string[];
  readonly minimumShare?: number;
  readonly exclude?: readonly string[];
  readonly replace?: boolean;
  readonly add?: boolean;
  readonly complete?: boolean;
  readonly dryRun?: boolean;
}

const LISTED_CLASSES = 30;
const collect = (text: string, previous: readonly string[] = []) => [...previous, text];

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === "" || !(share > 0 && share <= 1)) throw new InvalidArgumentError("Give a share above 0, to 1.");
  return share;
}

export function labelCommand(): Command {
  const command = new Command("label")
    .description("give the tiles of a data set labels from a CSV file or from polygons, or leave listed tiles out of use")
    .argument("<DATASET>", "data set")
    .option("--csv <FILE>", "a row a tile: its id, and labels separated by ; or |, or a column of 0 and 1 for each class")
    .option("--id-column <NAME>", "column of the CSV with the tiles' ids (default: id, patch_id, patch_name, patch, tile or name)")
    .option("--vector <FILE>", "polygons: GeoJSON, GeoPackage, Shapefile, or a zip with a Shapefile")
    .option("--attribute <NAME>", "attribute that holds the class; left out, the attributes are listed")
    .option("--layer <NAME>", "layer, where the file has several")
    .addOption(
      new Option(
        "--map <VALUE=CLASS|FILE>",
        "class of a value, or a JSON or CSV file of such pairs; repeat for more; VALUE= leaves it out",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        "--minimum-share <SHARE>",
        `least share of a tile's area by which it has a class (default: ${DEFAULT_MINIMUM_SHARE})`,
      ).argParser(parseShare),
    )
    .addOption(
      new Option(
        "--exclude <FILE>",
        "list of tiles to leave out of use, one id a line, or BigEarthNet v2's metadata.parquet for what it flags; repeat for more",
      ).argParser(collect),
    )
    .option("--replace", "put the labels in the place of those that are there; tiles that the file does not tell of lose theirs")
    .addOption(new Option("--add", "add to the labels that are there").conflicts("replace"))
    .option("--complete", "the file tells of every tile: the others have no class, instead of being unlabelled")
    .option("--dry-run", "tell what would be done, and change nothing");
  return withCommonFlags(command, { workspace: true }).action((dataset: string, flags: LabelFlags) =>
    runCommand(flags, async ({ signal, withProgress, print }) => {
      const request = requestOf(flags);
      const datasetFolder = await existingFolderOf(await existingWorkspace(workspacePath(flags)), "datasets", dataset);
      const report = await withProgress(`Labelling ${dataset}`, (update) =>
        labelDataset({
          ...request,
          datasetFolder,
          dryRun: flags.dryRun ?? false,
          signal,
          onProgress: (progress) => update({ ...progress, unit: "tiles" }),
        }),
      );
      print(report, () => reportText(report, flags.dryRun ?? false));
    }),
  );
}

function requestOf(flags: LabelFlags): LabelRequest {
  const { csv, vector, exclude } = flags;
  if ([csv, vector, exclude].filter((given) => given !== undefined).length !== 1)
    throw new AppError("BAD_ARGUMENT", "Give one of --csv, --vector and --exclude.");
  const ofVector = (["attribute", "layer", "map", "minimumShare"] as const).filter((name) => flags[name] !== undefined);
  if (vector === undefined && ofVector.length > 0)
    throw new AppError("BAD_ARGUMENT", `--${ofVector[0] === "minimumShare" ? "minimum-share" : ofVector[0]} goes with --vector.`);
  if (csv === undefined && flags.idColumn !== undefined) throw new AppError("BAD_ARGUMENT", "--id-column goes with --csv.");
  const source =
    csv !== undefined
      ? { kind: "csv", path: pathOf(csv), idColumn: flags.idColumn }
      : vector !== undefined
        ? {
            kind: "vector",
            path: pathOf(vector),
            layer: flags.layer,
            attribute: flags.attribute,
            map: mapOf(flags.map ?? []),
            minimumShare: flags.minimumShare,
          }
        : { kind: "exclude", paths: exclude!.map(pathOf) };
  return LabelRequest.parse({ source, mode: flags.replace ? "replace" : flags.add ? "add" : null, complete: flags.complete });
}

function mapOf(given: readonly string[]): Record<string, string> {
  return Object.assign(
    {},
    ...given.map((text) => {
      if (existsSync(pathOf(text))) return readClassMap(pathOf(text));
      const at = text.indexOf("=");
      if (at < 1) throw new AppError("BAD_ARGUMENT", `--map ${text} is neither a file nor VALUE=CLASS.`);
      return { [text.slice(0, at).trim()]: text.slice(at + 1) };
    }),
  );
}

function reportText(report: LabelReport, isTrial: boolean): string {
  const { source, items, mode, classes, skipped } = report;
  const share = source.kind === "vector" ? `; a class needs ${100 * source.minimumShare} % of a tile` : "";
  const shown = classes.slice(0, LISTED_CLASSES);
  return [
    isTrial
      ? "A trial: nothing was changed."
      : `The data set was changed (${mode}). Runs that began before are refused from now on: make a new study on it.`,
    `${report.read} ${items} read, ${report.used} of them used, which tell of ${report.matched} of ${report.tiles} tiles${share}`,
    source.kind === "exclude"
      ? `${report.excluded} tiles out of use`
      : `${report.labelled} tiles with known labels, ${report.tiles - report.labelled} without`,
    ...(source.kind === "exclude"
      ? []
      : [
          "",
          table(
            shown.map(({ name, tiles }) => [name, tiles]),
            ["class", "tiles"],
          ),
        ]),
    ...(classes.length > shown.length && source.kind !== "exclude"
      ? [`and ${classes.length - shown.length} more classes (all with --json)`]
      : []),
    ...(skipped.length > 0 ? ["", "to look at:"] : []),
    ...skipped.map(
      ({ reason, count, examples }) => `  ${count} x ${reason}: ${examples.join(", ")}${count > examples.length ? " ..." : ""}`,
    ),
    ...report.notes.map((note) => `note: ${note}`),
  ].join("\n");
}
