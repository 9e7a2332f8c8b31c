// A process that runs a study with fake workers until it is done, and sends its steps to its parent: node study.child.js <workspace> <study>
import { runStudy } from "../../../electron/executors/local.ts";
import { readStudy } from "../../../electron/runs/study-store.ts";
import { fakeWorkers } from "./fake-worker.ts";

const [workspace, name] = process.argv.slice(2) as [string, string];
const study = await readStudy(workspace, name);
const outcome = await runStudy({
  workspace,
  study,
  stage: "all",
  signal: new AbortController().signal,
  startWorker: fakeWorkers({ steps: 6, stepMs: 40, f1Of: (arm, seed) => (arm.length + seed) / 100 }).start,
  pollMs: 20,
  onProgress: ({ step }) => step > 0 && process.send?.(step),
});
process.stdout.write(JSON.stringify(outcome));
process.disconnect?.();
