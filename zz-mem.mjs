import { runnerImport } from "vite";
const [,, tree, folder] = process.argv;
const { module: { planIngest } } = await runnerImport(`${tree}/electron/ingest/plan.ts`, { root: tree, configFile: false, logLevel: "warn" });
const before = process.resourceUsage().maxRSS; const t = performance.now();
const plan = await planIngest({ folders: [folder] });
const peak = process.resourceUsage().maxRSS;
console.log(tree, folder, plan.tiles, "tiles; peak RSS", (peak/1024).toFixed(0), "MB; before", (before/1024).toFixed(0), "MB; heap", (process.memoryUsage().heapUsed/1e6).toFixed(0), "MB", ((performance.now()-t)/1000).toFixed(1),"s");
