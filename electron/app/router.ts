// The contract's handlers: each calls the host. Errors that a user can act on cross typed; anything else is a bug and is logged.
import { implement, ORPCError } from "@orpc/server";
import { contract } from "../../shared/contract/app.ts";
import { AppError, isCancellation } from "../../shared/domain/errors.ts";
import type { Host } from "./host.ts";

const base = implement(contract);

/** Every handler of the contract over one host. */
export function createRouter(host: Host) {
  const os = base.use(async ({ next, path }) => {
    try {
      return await next();
    } catch (error) {
      throw crossing(error, path);
    }
  });
  return os.router({
    app: {
      info: os.app.info.handler(() => host.info()),
      doctor: os.app.doctor.handler(() => host.doctor()),
    },
    folder: {
      list: os.folder.list.handler(({ input }) => host.listFolders(input)),
      choose: os.folder.choose.handler(({ input }) => host.choosePath(input.what)),
    },
    workspace: {
      get: os.workspace.get.handler(() => host.workspace.value),
      watch: os.workspace.watch.handler(({ signal }) => host.workspace.watch(signal)),
    },
    job: {
      watch: os.job.watch.handler(({ signal }) => host.jobs.jobs.watch(signal, 200)),
      cancel: os.job.cancel.handler(({ input }) => host.jobs.stop(input.id, "cancelled")),
    },
    data: {
      scan: os.data.scan.handler(({ input, signal, path }) => typed(host.scan(input, signal), path)),
      ingest: os.data.ingest.handler(({ input }) => host.startIngest(input)),
      sample: os.data.sample.handler(({ input }) => host.startSample(input.folder, input.options)),
    },
    dataset: {
      get: os.dataset.get.handler(({ input }) => host.dataset(input.dataset)),
      tiles: os.dataset.tiles.handler(({ input }) => host.tiles(input)),
      tile: os.dataset.tile.handler(({ input }) => host.tile(input.dataset, input.index)),
      tilesAt: os.dataset.tilesAt.handler(({ input }) => host.tilesAt(input.dataset, input.rows)),
      near: os.dataset.near.handler(({ input }) => host.near(input)),
      use: os.dataset.use.handler(({ input }) => host.useTiles(input)),
      label: os.dataset.label.handler(({ input, signal, path }) => typed(host.label(input, signal), path)),
      facets: os.dataset.facets.handler(({ input }) => host.facets(input.dataset, input.filter)),
      duplicates: os.dataset.duplicates.handler(({ input }) => host.duplicates(input)),
      verify: os.dataset.verify.handler(({ input, signal, path }) => typed(host.verifyDataset(input.dataset, signal), path)),
      update: os.dataset.update.handler(({ input }) => host.startUpdate(input.dataset)),
      relocate: os.dataset.relocate.handler(({ input }) => host.relocateDataset(input)),
      loss: os.dataset.loss.handler(({ input }) => host.datasetLoss(input.dataset)),
      delete: os.dataset.delete.handler(({ input }) => host.deleteDataset(input.dataset, input.evenIfUsed)),
    },
    augmentation: { preview: os.augmentation.preview.handler(({ input }) => host.preview(input)) },
    study: {
      plan: os.study.plan.handler(({ input }) => host.planStudy(input)),
      create: os.study.create.handler(({ input }) => host.createStudy(input)),
      get: os.study.get.handler(({ input }) => host.study(input.study)),
      run: os.study.run.handler(({ input }) => host.startStudy(input.study, input.stage)),
      pause: os.study.pause.handler(({ input }) => host.pauseStudy(input.study)),
      watch: os.study.watch.handler(({ input, signal, path }) => typed(host.watchStudy(input.study, signal), path)),
      select: os.study.select.handler(({ input }) => host.selectCouplets(input.study, input.dropped)),
      report: os.study.report.handler(({ input }) => host.report(input.study)),
      delete: os.study.delete.handler(({ input }) => host.deleteStudy(input.study)),
    },
  });
}

/** A stream whose errors cross typed, too. */
async function* typed<T>(stream: AsyncIterable<T>, path: readonly string[]): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    throw crossing(error, path);
  }
}

function crossing(error: unknown, path: readonly string[]): unknown {
  if (error instanceof ORPCError) return error;
  if (error instanceof AppError) {
    return new ORPCError("APP_ERROR", {
      defined: true,
      status: 422,
      message: error.message,
      data: { code: error.code, data: error.data },
      cause: error,
    });
  }
  if (!isCancellation(error)) console.error(`${path.join(".")}:`, error);
  return error;
}
