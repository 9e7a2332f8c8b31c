// What stands for the command line on one GPU: study run <study> --stage <stage> --workspace <folder> --json, with fake workers. It notes the
// GPU that it sees; on the one named `broken` it dies, on `refused` it fails. STEPS in the environment tells how long a run is.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../../electron/commands/context.ts";
import { runStudy, type StudyStage } from "../../../electron/executors/local.ts";
import { readStudy } from "../../../electron/runs/study-store.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { fakeWorkers } from "./fake-worker.ts";

const [, , name, , stage, , workspace] = process.argv.slice(2) as [string, string, string, string, StudyStage, string, string];
const gpu = process.env.CUDA_VISIBLE_DEVICES!;
writeFileSync(join(workspace, `seen-${gpu}`), stage);
if (gpu === "broken") {
  process.stderr.write("CUDA_ERROR_UNKNOWN\n");
  process.exit(7);
}
await runCommand({ json: true }, async ({ signal, print }) => {
  if (gpu === "refused") throw new AppError("OUT_OF_MEMORY", "too little");
  const study = await readStudy(workspace, name);
  const startWorker = fakeWorkers({ steps: Number(process.env.STEPS ?? 20), stepMs: 20 }).start;
  print(await runStudy({ workspace, study, stage, signal, startWorker, pollMs: 20 }), () => "");
});
