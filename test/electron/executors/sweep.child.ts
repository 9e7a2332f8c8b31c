// A process that runs the sweep of a study with a real training worker: node study.child.js <workspace> <study> <worker script>
import { runStudy } from "../../../electron/executors/local.ts";
import { readStudy } from "../../../electron/runs/study-store.ts";
import { startTrainingWorker } from "../../../electron/training/training-worker.ts";

const [workspace, name, script] = process.argv.slice(2) as [string, string, string];
const study = await readStudy(workspace, name);
const outcome = await runStudy({
  workspace,
  study,
  stage: "all",
  signal: new AbortController().signal,
  startWorker: () => startTrainingWorker({ script }),
});
process.stdout.write(JSON.stringify(outcome));
