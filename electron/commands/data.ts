// `sample`, `scan`, `ingest`, `tiles`, `tile`: from folders of imagery to tiles.
import { Command, Option } from "commander";
import { z } from "zod";
import { BAND_NAMES, parseBandName, STUDY_BANDS } from "../../shared/domain/bands.ts";
import { type Problem, type ScanResult, SOURCE_TITLES, type Source } from "../../shared/domain/dataset.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { outlook, WHOLE } from "../../shared/domain/ingest-outlook.ts";
import {
  type BandOrder,
  IngestSettings,
  parseBandOrder,
  proposedOffset,
  RadiometryOverride,
  TileSample,
} from "../../shared/domain/ingest-settings.ts";
import { SampleOptions } from "../../shared/domain/sample-options.ts";
import { TILE_ORDERS, TileFilter } from "../../shared/domain/tile-query.ts";
import { savedFilter } from "../app/saved-filters.ts";
import { existingFolderOf, existingWorkspace, inWorkspace } from "../app/workspace-folder.ts";
import { addFlags, parseFlags } from "../flags.ts";
import { listTiles } from "../ingest/catalogue/catalogue.ts";
import { readDataset } from "../ingest/catalogue/dataset-folder.ts";
import { ingestFolders, MAXIMUM_THREADS } from "../ingest/ingest.ts";
import { BandOrders } from "../ingest/readers/band-orders.ts";
import { writeSample } from "../ingest/sample/write-sample.ts";
import { scanFolder } from "../ingest/scan.ts";
import { exportTile, TILE_VALUES } from "../ingest/store/tile-export.ts";
import { type CommonOptions, megabytes, pathOf, runCommand, table, withCommonFlags, workspacePath } from "./context.ts";

const LISTED_PROBLEMS = 20;

const settings = IngestSettings.shape;

const BAND_ORDER = [
  "--band-order <LIST>",
  "bands of images that hold all but do not tell which is which: B02,B03,...; - for what is none",
] as const;

function bandOrderOf(list: string | undefined): { bandOrder?: BandOrder } {
  if (list === undefined) return {};
  const bandOrder = parseBandOrder(list);
  if (!bandOrder) throw new AppError("BAD_ARGUMENT", `"${list}" is no order of bands. Name them as B02,B03,B8A, and what is none "-".`);
  return { bandOrder };
}

const IngestFlags = z.strictObject({
  tilePixels: settings.tilePixels,
  stride: settings.stridePixels,
  sample: TileSample.shape.tiles.optional().describe("only so many tiles, drawn by chance; all when there are fewer"),
  sampleBy: TileSample.shape.by,
  sampleSeed: TileSample.shape.seed.describe("seed of the draw"),
  offset: RadiometryOverride.shape.offset.optional(),
  quantification: RadiometryOverride.shape.quantification,
  only: settings.only,
  maxCloud: settings.maxCloud,
  maxNodata: settings.maxNodata,
  workers: z.int().min(1).max(MAXIMUM_THREADS).optional().describe("worker threads; one a core when left out"),
});

const TilesFlags = TileFilter.omit({ labels: true }).extend({
  order: z.enum(TILE_ORDERS).default("index"),
  limit: z.int().min(1).optional().describe("at most so many tiles; all when left out"),
  offset: z.int().min(0).default(0).describe("tiles to leave out first"),
});

function problemLines(problems: readonly Problem[], what: string): string[] {
  if (problems.length === 0) return [];
  const shown = problems.slice(0, LISTED_PROBLEMS).map(({ path, reason }) => `  ${path}: ${reason}`);
  const rest = problems.length - shown.length;
  return ["", `${problems.length} ${what}:`, ...shown, ...(rest > 0 ? [`  and ${rest} more (all with --json)`] : [])];
}

function scanText({ sources, problems, threads }: ScanResult): string {
  const { tiles, diskBytes, seconds, triedTiles, misfits } = outlook(sources, WHOLE, threads);
  const fitting = sources.length - misfits.length;
  const isOffsetInDoubt = sources.some(({ warnings }) => warnings.some((warning) => proposedOffset(warning) !== null));
  return [
    ...sources.flatMap((source) => [sourceText(source), ""]),
    `${tiles} tiles in ${fitting} ${fitting === 1 ? "source" : "sources"}. Ingest all of them, or some by --only KEY[,KEY].`,
    ...misfits.map(({ source, reason }) => `Left out beside the others: ${source.key}, ${reason}`),
    `A data set of all of them needs ${megabytes(diskBytes)} of disk${
      seconds === null
        ? ""
        : ` and about ${Math.max(1, Math.round(seconds))} s, by ${triedTiles} tiles that were read here for it (${threads} threads)`
    }.`,
    ...(isOffsetInDoubt ? ["An offset is set by --offset DN, for all sources that are ingested."] : []),
    ...problemLines(problems, "cannot be used"),
  ].join("\n");
}

const SHOWN_CRS = 4;

/** A source as a block: what tells it apart first, then what to agree to. */
function sourceText(source: Source): string {
  const { offset, quantification, source: told } = source.radiometry;
  const { crs, cloudPercent, nodata } = source;
  const facts: readonly (readonly [string, string | null])[] = [
    ["folder", source.path],
    [
      "tiles",
      `${source.tiles} of ${source.tilePixels} px from ${source.patches} ${source.patches === 1 ? "patch or scene" : "patches or scenes"}, ${megabytes(source.bytes)}`,
    ],
    ["labels", source.labelled > 0 ? `of ${source.labelled}` : "none"],
    ["bands", `${source.bands.length}: ${source.bands.join(" ")}`],
    ["dates", source.dates ? [...new Set(source.dates)].join(" to ") : "not told"],
    ["CRS", crs.length > SHOWN_CRS ? `${crs.slice(0, SHOWN_CRS).join(" ")} and ${crs.length - SHOWN_CRS} more` : crs.join(" ") || "none"],
    ["baselines", source.baselines.join(" ") || null],
    ["clouds", cloudPercent === null ? null : `${cloudPercent.toFixed(1)} % on average, as the metadata tell`],
    ["masks", source.masks.join(", ") || null],
    ["no data", nodata === null ? null : `${(100 * nodata).toFixed(1)} % of the pixels looked at`],
    ["reflectance", `(DN ${offset < 0 ? "-" : "+"} ${Math.abs(offset)}) / ${quantification}: ${told}`],
    ...source.warnings.map((text) => ["WARNING", text] as const),
    ...source.notes.map((text) => ["note", text] as const),
  ];
  return [
    `${source.key}: ${SOURCE_TITLES[source.kind]}${source.simulated ? " (simulation)" : ""}`,
    ...facts.flatMap(([name, text]) => (text === null ? [] : [`  ${name.padEnd(11)}  ${text}`])),
  ].join("\n");
}

export function sampleCommand(): Command {
  const command = new Command("sample")
    .description("write a simulated Sentinel-2 sample in the BigEarthNet v1 layout")
    .argument("<FOLDER>", "new or empty folder");
  const read = addFlags(command, SampleOptions);
  return withCommonFlags(command, { workspace: false }).action((folder: string, options: CommonOptions & Record<string, unknown>) =>
    runCommand(options, async ({ signal, withProgress, print }) => {
      const settings = SampleOptions.parse(read(options));
      const result = await withProgress("Writing the simulation", (update) =>
        writeSample(pathOf(folder), { ...settings, signal, onProgress: (progress) => update({ ...progress, unit: "patches" }) }),
      );
      print(
        { folder: pathOf(folder), ...result },
        () =>
          `${result.patches} simulated patches in ${pathOf(folder)}, ${result.patches - result.resumed} of them written in ${result.seconds.toFixed(1)} s`,
      );
    }),
  );
}

export function scanCommand(): Command {
  const command = new Command("scan")
    .description("say what a folder holds, without reading all of it")
    .argument("<FOLDER>", "folder with imagery at any depth")
    .option(...BAND_ORDER);
  return withCommonFlags(command, { workspace: false }).action((folder: string, options: CommonOptions & { bandOrder?: string }) =>
    runCommand(options, async ({ signal, print }) => {
      const bandOrders = new BandOrders([], bandOrderOf(options.bandOrder).bandOrder);
      const result = await scanFolder(pathOf(folder), { bandOrders, signal, isTried: true });
      print(result, () => scanText(result));
    }),
  );
}

export function ingestCommand(): Command {
  const command = new Command("ingest")
    .description("cut folders of imagery into the tiles of a data set; run again, it goes on where it stopped, or adds what is new")
    .argument("<FOLDER...>", "folders with imagery")
    .requiredOption("--dataset <NAME>", "name of the data set")
    .option("--bands <LIST>", "only these bands, such as B02,B03,B04; all that the sources have in common when left out")
    .option(...BAND_ORDER);
  const read = addFlags(command, IngestFlags);
  return withCommonFlags(command, { workspace: true }).action(
    (folders: string[], options: CommonOptions & Record<string, unknown> & { dataset: string; bands?: string; bandOrder?: string }) =>
      runCommand(options, async ({ signal, withProgress, print }) => {
        const flags = parseFlags(IngestFlags, read(options));
        const { offset, quantification } = flags;
        if (offset === undefined && options.quantification !== undefined)
          throw new AppError("BAD_ARGUMENT", "--quantification goes with --offset: give --offset 0 when there is none.");
        if (flags.sample === undefined && (options.sampleBy !== undefined || options.sampleSeed !== undefined))
          throw new AppError("BAD_ARGUMENT", "--sample-by and --sample-seed go with --sample.");
        const bands = options.bands === undefined ? undefined : parseBands(options.bands);
        const order = bandOrderOf(options.bandOrder);
        const ingest = (workspace: string) =>
          withProgress(`Ingesting into ${options.dataset}`, (update) =>
            ingestFolders({
              folders: folders.map(pathOf),
              workspace,
              dataset: options.dataset,
              tilePixels: flags.tilePixels,
              stridePixels: flags.stride ?? undefined,
              sample: flags.sample === undefined ? undefined : { tiles: flags.sample, by: flags.sampleBy, seed: flags.sampleSeed },
              bands,
              radiometry: offset === undefined ? undefined : { offset, quantification },
              only: flags.only ?? undefined,
              maxCloud: flags.maxCloud,
              maxNodata: flags.maxNodata,
              ...order,
              ...(flags.workers === undefined ? {} : { workers: flags.workers }),
              signal,
              onProgress: (p) =>
                update({
                  done: p.done,
                  total: p.total,
                  unit: "tiles",
                  rate: p.tilesPerSecond,
                  etaSeconds: p.etaSeconds,
                  note: p.skipped > 0 ? `${p.skipped} skipped` : null,
                }),
            }),
          );
        const result = await inWorkspace(workspacePath(options), ingest);
        const { dataset, tiles, kept, skipped, changed, seconds } = result;
        print({ dataset: options.dataset, tiles, added: tiles - kept, skipped, changed, seconds }, () =>
          [
            `${tiles} tiles of ${dataset.tilePixels} px in ${seconds.toFixed(1)} s: data set ${options.dataset}${kept > 0 ? `, ${tiles - kept} of them new` : ""}`,
            ...(dataset.limits ? [`${dataset.limits.leftOut} tiles left out: more clouds or pixels without data than was asked for`] : []),
            ...problemLines(skipped, "skipped"),
            ...problemLines(changed, "changed or gone since they were ingested"),
          ].join("\n"),
        );
      }),
  );
}

/** The folder of a data set that is whole, in a workspace that is there. */
async function completeDataset(options: CommonOptions & { dataset: string }): Promise<string> {
  const folder = await existingFolderOf(await existingWorkspace(workspacePath(options)), "datasets", options.dataset);
  await readDataset(folder);
  return folder;
}

export function tilesCommand(): Command {
  const command = new Command("tiles")
    .description("list the tiles of a data set")
    .requiredOption("--dataset <NAME>", "data set")
    .option("--label <CLASS>", "only tiles with this class")
    .option("--saved <NAME>", "the saved filter of this name; other flags go before what it says");
  const read = addFlags(command, TilesFlags);
  return withCommonFlags(command, { workspace: true }).action(
    (options: CommonOptions & Record<string, unknown> & { dataset: string; label?: string; saved?: string }) =>
      runCommand(options, async ({ print }) => {
        const { limit, ...query } = parseFlags(TilesFlags, read(options));
        const folder = await completeDataset(options);
        const { tiles, total } = await listTiles(folder, {
          ...(options.saved === undefined ? {} : await savedFilter(folder, options.saved)),
          ...query,
          limit: limit ?? Number.MAX_SAFE_INTEGER,
          label: options.label ?? null,
        });
        print(tiles, () =>
          [
            table(
              tiles.map((tile) => [
                tile.index,
                tile.id,
                tile.date ?? "",
                tile.crs ?? "",
                `${(100 * tile.nodata).toFixed(1)} %`,
                tile.labels?.join("; ") ?? "no labels",
              ]),
              ["row", "id", "date", "CRS", "no data", "labels"],
            ),
            `${tiles.length} of ${total} tiles`,
          ].join("\n"),
        );
      }),
  );
}

function parseBands(text: string): (typeof BAND_NAMES)[number][] {
  return text.split(",").map((part) => {
    const band = parseBandName(part);
    if (!band) throw new AppError("BAD_ARGUMENT", `"${part}" is no Sentinel-2 band. The bands are ${BAND_NAMES.join(", ")}.`);
    return band;
  });
}

export function tileCommand(): Command {
  const command = new Command("tile")
    .description("write one tile as a NumPy array [bands, height, width]")
    .argument("<ID>", "id of the tile, as `tiles` lists it")
    .requiredOption("--dataset <NAME>", "data set")
    .option("--bands <LIST>", "bands, in the array's order", STUDY_BANDS.join(","))
    .addOption(
      new Option("--as <VALUES>", "digital numbers, reflectance, or reflectance standardised by the data set's statistics")
        .choices([...TILE_VALUES])
        .default("reflectance"),
    )
    .option("--native", "at the bands' own size instead of the 10 m grid; bands of one size only")
    .requiredOption("--out <FILE>", "file to write, .npy");
  return withCommonFlags(command, { workspace: true }).action(
    (
      id: string,
      options: CommonOptions & { dataset: string; bands: string; as: (typeof TILE_VALUES)[number]; native?: boolean; out: string },
    ) =>
      runCommand(options, async ({ print }) => {
        const out = pathOf(options.out);
        const { shape, dtype } = await exportTile({
          datasetFolder: await completeDataset(options),
          id,
          bands: parseBands(options.bands),
          as: options.as,
          native: options.native ?? false,
          out,
        });
        print({ id, out, shape, dtype }, () => `${out}: ${dtype} [${shape.join(", ")}]`);
      }),
  );
}
