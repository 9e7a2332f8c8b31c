// The report as one HTML file: styles and figures inside, no script, nothing fetched.
import type { Dataset } from "../../shared/domain/dataset.ts";
import { runTable, type StudyRun } from "../../shared/domain/result-tables.ts";
import type { MeanCurve } from "../../shared/domain/scored-cell.ts";
import { formatScore, formatWithInterval } from "../../shared/domain/statistics.ts";
import { CONTROL_ARM } from "../../shared/domain/study.ts";
import { type ArmResult, differenceDecimals, type StudyResult, scoreDecimals } from "../../shared/domain/study-result.ts";
import type { Study } from "../../shared/domain/workspace.ts";
import { percentText, signed } from "../../shared/figures/f1-bars.ts";
import { toSvgString } from "../../shared/figures/svg.ts";
import { DARK_THEME, LIGHT_THEME } from "../../shared/figures/theme.ts";
import { html, Markup } from "./html.ts";
import { reportFigures } from "./report-figures.ts";

export interface ReportHtmlInput {
  readonly study: Study;
  readonly result: StudyResult;
  readonly runs: readonly StudyRun[];
  readonly curves: readonly MeanCurve[];
  readonly dataset: Dataset | null;
  readonly made: Date;
  /** Name and version of the application. */
  readonly application: string;
}

/** The whole document. */
export function reportHtml(input: ReportHtmlInput): string {
  const { study, result, dataset } = input;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${study.name}: augmentation study</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<p class="kicker">Augmentation study <b>${study.name}</b>, data set <b>${study.config.dataset}</b></p>
<h1>${result.headline}</h1>
${simulatedNote(dataset)}
${result.caveats.length > 0 && html`<ul class="caveats">${result.caveats.map((caveat) => html`<li>${caveat}</li>`)}</ul>`}
${figures(input)}
${armSection(result)}
${selectionSection(result)}
${runSection(input.runs)}
${dataSection(dataset, study)}
${settingSection(study)}
${methodSection(result)}
${provenanceSection(input)}
</main>
</body>
</html>
`;
  return document.text;
}

function simulatedNote(dataset: Dataset | null): Markup | null {
  if (!dataset?.simulated) return null;
  return html`<p class="notice"><b>Simulated data.</b> The tiles of this study were made by a simulator, not seen by Sentinel-2. Its numbers show that the method runs, not how well it works on land.</p>`;
}

function figures(input: ReportHtmlInput): Markup[] {
  const light = reportFigures(input, LIGHT_THEME);
  const dark = reportFigures(input, DARK_THEME);
  return light.map(
    ({ title, caption, figure }, i) => html`<section><h2>${title}</h2>
<figure><div class="light">${new Markup(toSvgString(figure, { standalone: false }))}</div><div class="dark">${new Markup(toSvgString(dark[i]!.figure, { standalone: false }))}</div>
<figcaption>${caption}</figcaption></figure></section>
`,
  );
}

interface Column {
  readonly title: string;
  readonly isText?: boolean;
}

function table(columns: readonly Column[], rows: readonly (readonly (string | Markup)[])[], kindOf = ""): Markup {
  const kind = (i: number) => (columns[i]!.isText ? "text" : "number");
  return html`<div class="scroll"><table class="${kindOf}"><thead><tr>${columns.map(({ title }, i) => html`<th scope="col" class="${kind(i)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${kind(i)}">${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

function armSection(result: StudyResult): Markup {
  const arms = [...result.arms, ...(result.full ? [result.full] : [])];
  const ranked = [...arms].sort((a, b) => (b.f1 ?? -1) - (a.f1 ?? -1));
  const decimals = scoreDecimals(result);
  const finer = differenceDecimals(result);
  const score = (value: number | null | undefined) => (value == null ? "" : value.toFixed(decimals));
  const columns: Column[] = [
    { title: "rank" },
    { title: "arm", isText: true },
    { title: "F1" },
    ...result.labelSets.map((name) => ({ title: `F1 ${name}` })),
    { title: "AUC" },
    { title: "AP" },
    { title: "precision" },
    { title: "recall" },
    { title: "to the control" },
    { title: "p (Holm)" },
    { title: "verdict", isText: true },
    { title: "p(bottom)" },
    { title: "published" },
  ];
  const rows = ranked.map((arm) => [
    arm.rank === null ? "" : String(arm.rank),
    arm.isDropped ? html`${arm.arm} <small>dropped</small>` : arm.arm,
    arm.f1 === null ? arm.status : formatWithInterval(arm.f1, arm.interval, decimals),
    ...result.labelSets.map((name) => score(arm.byLabelSet[name]?.f1)),
    ...[score(arm.auc), score(arm.ap), score(arm.precision), score(arm.recall)],
    arm.difference
      ? `${signed(arm.difference.mean, finer)} (${signed(arm.difference.low, finer)}, ${signed(arm.difference.high, finer)})`
      : "",
    arm.difference?.pHolm == null ? "" : arm.difference.pHolm < 0.001 ? "<0.001" : arm.difference.pHolm.toFixed(3),
    verdictOf(arm),
    arm.probabilityBottomQuarter === null ? "" : percentText(arm.probabilityBottomQuarter),
    arm.publishedF1 === null ? "" : arm.publishedF1.toFixed(3),
  ]);
  const over = result.intervalOf ? ` ± is the half-width of the 95 % interval over ${result.intervalOf}.` : "";
  return html`<section><h2>All arms</h2><p>${`Best first.${over} In brackets the 95 % interval of the difference; p after Holm's correction for the number of comparisons. p(bottom): probability of being truly among the lowest quarter of the couplets.`}</p>${table(columns, rows, "arms")}</section>\n`;
}

/** Where an arm stands to the control. */
function verdictOf(arm: ArmResult): string {
  if (arm.arm === CONTROL_ARM) return "control";
  if (arm.beatsControl === null) return "";
  return arm.beatsControl ? "better" : arm.trailsControl ? "worse" : "not told apart";
}

function selectionSection(result: StudyResult): Markup {
  const { selection, full, control } = result;
  const decimals = scoreDecimals(result);
  const how = selection.byHand ? "Chosen by hand." : "The lowest quarter of the couplets by F1 is dropped.";
  const rule = selection.byHand && selection.droppedByRule.length > 0 ? `The rule would drop ${selection.droppedByRule.join(", ")}.` : "";
  const second =
    full?.f1 != null
      ? `Second stage, with a random kept couplet for each view: F1 ${formatWithInterval(full.f1, full.interval, decimals)}${control?.f1 != null ? `; control ${formatScore(control.f1, control.interval, decimals)}` : ""}.`
      : "";
  return html`<section><h2>Selection of couplets</h2><p>${[how, rule, second].filter(Boolean).join(" ")}</p>
<dl><dt>${`Kept (${selection.kept.length})`}</dt><dd>${selection.kept.join(", ") || "none yet"}</dd><dt>${`Dropped (${selection.dropped.length})`}</dt><dd>${selection.dropped.join(", ") || "none"}</dd></dl></section>\n`;
}

const TEXT_COLUMNS: ReadonlySet<string> = new Set(["arm", "status", "engine", "verdict", "started", "error"]);

function runSection(runs: readonly StudyRun[]): Markup {
  const { columns, rows } = runTable(runs);
  const cell = (value: string | number | boolean | null) =>
    typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : value === null ? "" : String(value);
  const failed = runs.filter(({ state }) => state.status === "failed").length;
  return html`<section><h2>Runs</h2><details><summary>${`${runs.length} runs, ${failed} failed`}</summary>${table(
    columns.map((title) => ({ title: title.replaceAll("_", " "), isText: TEXT_COLUMNS.has(title) })),
    rows.map((row) => row.map(cell)),
  )}</details></section>\n`;
}

const count = (value: number) => value.toLocaleString("en");

function dataSection(dataset: Dataset | null, study: Study): Markup {
  if (!dataset)
    return html`<section><h2>Data</h2><p>${`The data set ${study.config.dataset} is no longer in the workspace.`}</p></section>\n`;
  const facts: [string, string][] = [
    ["data set", dataset.name],
    ["origin", dataset.simulated ? "simulated" : "Sentinel-2"],
    ["tiles", `${count(dataset.tiles)} of ${dataset.tilePixels} x ${dataset.tilePixels} px at 10 m`],
    ["bands", dataset.groups.map(({ name, bands }) => `${name}: ${bands.join(" ")}`).join("; ")],
    ["reflectance", `(DN + ${dataset.radiometry.offset}) / ${dataset.radiometry.quantification}, from ${dataset.radiometry.source}`],
    [
      "sources",
      dataset.sources
        .map(({ kind, patches, dates }) => `${kind}, ${count(patches)} patches${dates ? `, ${dates[0]} to ${dates[1]}` : ""}`)
        .join("; ") || "not recorded",
    ],
    ["left out", dataset.skipped.length === 0 ? "nothing" : `${count(dataset.skipped.length)} files or patches`],
    ["made", dataset.created],
    ["fingerprint", dataset.fingerprint],
  ];
  const classes = dataset.classes.map(({ name, tiles }) => [
    name,
    count(tiles),
    `${((100 * tiles) / Math.max(1, dataset.tiles)).toFixed(1)} %`,
  ]);
  return html`<section><h2>Data</h2>${definitions(facts)}
${classes.length > 0 && html`<details><summary>${`${classes.length} ${classes.length === 1 ? "class" : "classes"}`}</summary>${table([{ title: "class", isText: true }, { title: "tiles" }, { title: "share" }], classes)}</details>`}</section>\n`;
}

const definitions = (facts: readonly (readonly [string, string])[]) =>
  html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

/** A configuration as dotted paths, lists of plain values in one line. */
function flattened(value: unknown, path = ""): [string, string][] {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object" || item === null)) return [[path, value.join(", ")]];
  if (value !== null && typeof value === "object")
    return Object.entries(value).flatMap(([key, inner]) => flattened(inner, path ? `${path}.${key}` : key));
  return [[path, value === null ? "not set" : String(value)]];
}

function settingSection(study: Study): Markup {
  const rows = flattened(study.config).filter(([path]) => path !== "version");
  return html`<section><h2>Settings</h2>${study.preset && html`<p>${`Preset ${study.preset}.`}</p>`}<details><summary>${`${rows.length} settings`}</summary>${table(
    [
      { title: "setting", isText: true },
      { title: "value", isText: true },
    ],
    rows,
  )}</details></section>\n`;
}

function methodSection({ intervalOf, statistics, threshold }: StudyResult): Markup {
  const lines = [
    "An arm's F1 is the mean over label sets, then over label draws, then over seeds. A label draw counts once all its label sets are scored.",
    ...(statistics ? testedMethod(statistics) : untestedMethod(intervalOf)),
    `Scores count as positive from ${threshold} on.`,
  ];
  return html`<section><h2>How the numbers are made</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>
<p>Published values: SimCLR-S2, arXiv 2108.05484, sweep of April 2021 (ResNet152, 3 % of the labels, one run each).</p></section>\n`;
}

/** How intervals and comparisons come from the scores of the test tiles. */
function testedMethod({ resamples, tiles }: NonNullable<StudyResult["statistics"]>): string[] {
  return [
    `The ${count(tiles)} test tiles are resampled ${count(resamples)} times with replacement, within their classes and alike for all arms, so that arms are compared on the same tiles. Tiles count as independent; neighbours are not quite, so the intervals are rather too narrow than too wide.`,
    "To what the tiles leave open comes the spread of seeds and label draws that the tiles do not explain. It is pooled over all arms (two-way analysis of variance), because a few seeds of one arm tell little; an arm that scatters clearly more counts its own. Intervals are 95 % by Student's t with Satterthwaite's degrees of freedom.",
    "An arm beats the control when the p-value of its paired difference is below 5 % after Holm's correction over all comparisons with the control. Couplets are told apart from the best one after Holm's correction over all pairs of couplets, since the best one is picked by the same scores.",
    "p(bottom quarter) is the share of the same resamples in which a couplet is among the lowest quarter, seeds and label draws moving it by their spread.",
  ];
}

/** The same from the metrics of the runs alone. */
function untestedMethod(intervalOf: StudyResult["intervalOf"]): string[] {
  return [
    "Intervals are 95 % by Student's t. Label draws of one seed share an encoder, so with several seeds the spread between seeds decides, unless the draws alone explain more.",
    "An arm beats the control when the interval of its paired difference to it, over the same seeds and label draws, lies above zero. No correction for the number of comparisons is made; the notes above tell how many successes chance alone would give.",
    "p(bottom quarter) comes from 2,000 resamples of seeds and label draws, the same for every arm, stretched to Student's t.",
    ...(intervalOf === "test tiles" ? ["With one run an arm, intervals come from the number of test tiles alone."] : []),
  ];
}

function provenanceSection({ study, runs, dataset, made, application }: ReportHtmlInput): Markup {
  const engines = [...new Set(runs.flatMap(({ state }) => (state.engine ? [state.engine] : [])))];
  return html`<section><h2>Provenance</h2>${definitions([
    ["application", application],
    ["engine", engines.join("; ") || "none used yet"],
    ["encoder", study.config.encoder],
    ["seeds", study.config.seeds.join(", ")],
    ["augmentation profile", study.config.augmentation.profile],
    ["data fingerprint", dataset?.fingerprint ?? "unknown"],
    ["study made", study.created],
    ["report made", made.toISOString()],
  ])}</section>\n`;
}

const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --text: #1b1e23; --muted: #5a626e; --line: #e0e3e7; --notice: #fff4e5; --notice-line: #d55e00; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 24px; line-height: 1.3; font-weight: 600; margin: 4px 0 16px; }
h2 { font-size: 17px; font-weight: 600; margin: 40px 0 8px; }
.kicker, figcaption, .caveats { color: var(--muted); }
.kicker { margin: 0; }
.notice { background: var(--notice); border-left: 4px solid var(--notice-line); padding: 10px 14px; margin: 16px 0; }
.caveats { padding-left: 18px; margin: 0 0 16px; }
figure { margin: 0; }
figure svg { display: block; max-width: 100%; height: auto; }
figcaption { margin-top: 6px; font-size: 13px; }
.dark { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 12px; }
th, td { padding: 3px 10px 3px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--muted); vertical-align: bottom; }
.number { text-align: right; }
td.number { white-space: nowrap; }
td small { color: var(--muted); }
.arms td { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 8px 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #1a1d21; --text: #e9ebee; --muted: #a3abb6; --line: #343a41; --notice: #3a2a1c; --notice-line: #f0833a; }
  .light { display: none; }
  .dark { display: block; }
}
@media print {
  :root { --ground: #ffffff; --text: #1b1e23; --muted: #5a626e; --line: #e0e3e7; --notice: #fff4e5; }
  .light { display: block; }
  .dark { display: none; }
  section { break-inside: avoid-page; }
}
`;
