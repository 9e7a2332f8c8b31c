// What a study has found, for the terminal.
import { PUBLISHED_SOURCE } from "../../shared/domain/published.ts";
import { PUBLISHED_STUDY } from "../../shared/domain/results-command.ts";
import type { StudyResult } from "../../shared/domain/study-result.ts";
import type { Host } from "../app/host.ts";
import { terminalChart } from "../export/terminal-chart.ts";

/** The chart and the headline of a study, for the terminal. */
export async function resultText(host: Host, study: string, result: StudyResult): Promise<string> {
  const chart = terminalChart(result, {
    columns: process.stdout.columns || 100,
    colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
  });
  const found = [chart, "", result.headline, ...result.caveats.map((caveat) => `- ${caveat}`)];
  if (study === PUBLISHED_STUDY) return [...found, PUBLISHED_SOURCE].join("\n");
  const { config } = (await host.studies.get(study)).study;
  const engines = new Set((await host.studies.runs(study)).flatMap(({ state }) => state.engine ?? []));
  const { simulated } = await host.datasets.get(config.dataset).catch(() => ({ simulated: false }));
  return [
    ...found,
    `Computed by ${[...engines].join(" and ") || "nothing yet"}.`,
    ...(simulated ? [`All scores are of simulated data (${config.dataset}): they tell nothing of real land.`] : []),
  ].join("\n");
}
