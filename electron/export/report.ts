// The report of a study: one HTML file that needs nothing else, the tables as CSV, the figures as SVG and PNG.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import type { Dataset } from "../../shared/domain/dataset.ts";
import { armTable, evaluationTable, operationTable, runTable, type StudyRun, toCsv } from "../../shared/domain/result-tables.ts";
import type { MeanCurve } from "../../shared/domain/scored-cell.ts";
import type { StudyResult } from "../../shared/domain/study-result.ts";
import type { ReportFiles, Study } from "../../shared/domain/workspace.ts";
import { LIGHT_THEME } from "../../shared/figures/theme.ts";
import { writeError, writeFileAtomic } from "../files/atomic-file.ts";
import { writePng, writeSvg } from "./figure-file.ts";
import { reportFigures } from "./report-figures.ts";
import { reportHtml } from "./report-html.ts";

export interface ReportInput {
  readonly study: Study;
  readonly result: StudyResult;
  readonly runs: readonly StudyRun[];
  /** Of the arms that are drawn; empty where no run has scores of test tiles. */
  readonly curves: readonly MeanCurve[];
  /** Left out when the data set is gone. */
  readonly dataset?: Dataset;
  /** Made when it is not there; files of an earlier report are replaced. */
  readonly outFolder: string;
  readonly now?: () => Date;
}

/**
 * Writes the report of a study, finished or not. Each file is written aside and renamed, so a reader never sees half of one.
 * @throws AppError DISK_FULL, NO_ACCESS or BAD_FILE
 */
export async function writeReport({
  study,
  result,
  runs,
  curves,
  dataset,
  outFolder,
  now = () => new Date(),
}: ReportInput): Promise<ReportFiles> {
  const figureFolder = join(outFolder, "figures");
  await mkdir(figureFolder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, figureFolder);
  });
  const files = { folder: outFolder, html: join(outFolder, "report.html"), csv: [] as string[], svg: [] as string[], png: [] as string[] };
  const tables = { arms: armTable(result), operations: operationTable(result), runs: runTable(runs), evaluations: evaluationTable(runs) };
  for (const [name, table] of Object.entries(tables)) {
    const path = join(outFolder, `${name}.csv`);
    await writeFileAtomic(path, toCsv(table));
    files.csv.push(path);
  }
  for (const { name, figure, table } of reportFigures({ study, result, runs, curves }, LIGHT_THEME)) {
    const [svgPath, pngPath] = [join(figureFolder, `${name}.svg`), join(figureFolder, `${name}.png`)];
    await writeSvg(svgPath, figure);
    await writePng(pngPath, figure);
    files.svg.push(svgPath);
    files.png.push(pngPath);
    if (!table) continue;
    const tablePath = join(outFolder, `${name}.csv`);
    await writeFileAtomic(tablePath, toCsv(table));
    files.csv.push(tablePath);
  }
  const html = reportHtml({
    study,
    result,
    runs,
    curves,
    dataset: dataset ?? null,
    made: now(),
    application: `${manifest.productName} ${manifest.version}`,
  });
  await writeFileAtomic(files.html, html);
  return files;
}
