// The report of a study: one HTML file that needs nothing else, the tables as CSV, the figures as SVG and PNG.
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import manifest from "../../package.json" with { type: "json" };
import type { Dataset } from "../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { armTable, evaluationTable, operationTable, runTable, type StudyRun, toCsv } from "../../shared/domain/result-tables.ts";
import type { StudyResult } from "../../shared/domain/study-result.ts";
import type { ReportFiles, Study } from "../../shared/domain/workspace.ts";
import { toSvgString } from "../../shared/figures/svg.ts";
import { LIGHT_THEME } from "../../shared/figures/theme.ts";
import { reportFigures } from "./report-figures.ts";
import { reportHtml } from "./report-html.ts";

export interface ReportInput {
  readonly study: Study;
  readonly result: StudyResult;
  readonly runs: readonly StudyRun[];
  /** Left out when the data set is gone. */
  readonly dataset?: Dataset;
  /** Made when it is not there; files of an earlier report are replaced. */
  readonly outFolder: string;
  readonly now?: () => Date;
}

/** Pixels of a PNG for each pixel of the figure. */
const PNG_SCALE = 2;
/** Dots per inch at which the rasteriser draws one pixel for each of the figure's. */
const SVG_DPI = 72;

/**
 * Writes the report of a study, finished or not. Each file is written aside and renamed, so a reader never sees half of one.
 * @throws AppError DISK_FULL, NO_ACCESS or BAD_FILE
 */
export async function writeReport({ study, result, runs, dataset, outFolder, now = () => new Date() }: ReportInput): Promise<ReportFiles> {
  const figureFolder = join(outFolder, "figures");
  await mkdir(figureFolder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, figureFolder);
  });
  const files = { folder: outFolder, html: join(outFolder, "report.html"), csv: [] as string[], svg: [] as string[], png: [] as string[] };
  const tables = { arms: armTable(result), operations: operationTable(result), runs: runTable(runs), evaluations: evaluationTable(runs) };
  for (const [name, table] of Object.entries(tables)) {
    const path = join(outFolder, `${name}.csv`);
    await writeWhole(path, toCsv(table));
    files.csv.push(path);
  }
  for (const { name, figure } of reportFigures({ study, result, runs }, LIGHT_THEME)) {
    const svg = toSvgString(figure);
    const [svgPath, pngPath] = [join(figureFolder, `${name}.svg`), join(figureFolder, `${name}.png`)];
    await writeWhole(svgPath, svg);
    await writeWhole(
      pngPath,
      await sharp(Buffer.from(svg), { density: SVG_DPI * PNG_SCALE })
        .png()
        .toBuffer(),
    );
    files.svg.push(svgPath);
    files.png.push(pngPath);
  }
  const html = reportHtml({
    study,
    result,
    runs,
    dataset: dataset ?? null,
    made: now(),
    application: `${manifest.productName} ${manifest.version}`,
  });
  await writeWhole(files.html, html);
  return files;
}

async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString("hex")}.part`;
  try {
    const file = await open(aside, "w");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw writeError(error, path);
  }
}

function writeError(error: unknown, path: string): AppError {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOSPC":
    case "EDQUOT":
      return new AppError("DISK_FULL", `The disk of ${path} is full. Free some space and write the report again.`, { cause: error });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new AppError("NO_ACCESS", `${path} cannot be written: no rights. Change the folder's permissions.`, { cause: error });
    default:
      return new AppError("BAD_FILE", `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
