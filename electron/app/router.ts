// The contract's handlers: each calls the host.
import type { Host } from "./host.ts";
import { os, typed } from "./implementer.ts";
import { deleteProfile, listProfiles, renameProfile, saveProfile } from "./profiles.ts";
import { deleteFilter, readSavedFilters, renameFilter, saveFilter } from "./saved-filters.ts";
import type { Studio } from "./studio.ts";
import { studioHandlers } from "./studio-handlers.ts";

/** Every handler of the contract over one host. @param studio what opens others; null where there is but one workspace */
export function createRouter(host: Host, studio: Studio | null = null) {
  const own = studioHandlers(studio);
  return os.router({
    app: {
      ...own.app,
      info: os.app.info.handler(() => host.info()),
      doctor: os.app.doctor.handler(() => host.doctor()),
      hardware: os.app.hardware.handler(({ signal }) => host.hardware(signal)),
    },
    folder: {
      list: os.folder.list.handler(({ input }) => host.listFolders(input)),
      choose: os.folder.choose.handler(({ input }) => host.choosePath(input.what)),
    },
    settings: own.settings,
    workspace: {
      ...own.workspace,
      get: os.workspace.get.handler(() => host.workspace.value),
      watch: os.workspace.watch.handler(({ signal }) => host.workspace.watch(signal)),
    },
    job: {
      watch: os.job.watch.handler(({ signal }) => host.jobs.jobs.watch(signal, 200)),
      cancel: os.job.cancel.handler(({ input }) => host.jobs.stop(input.id, "cancelled")),
      pause: os.job.pause.handler(({ input }) => host.jobs.stop(input.id, "paused")),
    },
    data: {
      scan: os.data.scan.handler(({ input, signal, path }) => typed(host.datasets.scan(input, signal), path)),
      ingest: os.data.ingest.handler(({ input }) => host.datasets.startIngest(input)),
      sample: os.data.sample.handler(({ input }) => host.datasets.startSample(input.folder, input.options)),
    },
    dataset: {
      get: os.dataset.get.handler(({ input }) => host.datasets.get(input.dataset)),
      tiles: os.dataset.tiles.handler(({ input }) => host.datasets.tiles(input)),
      tile: os.dataset.tile.handler(({ input }) => host.datasets.tile(input.dataset, input.index)),
      tilesAt: os.dataset.tilesAt.handler(({ input }) => host.datasets.tilesAt(input.dataset, input.rows)),
      near: os.dataset.near.handler(({ input }) => host.datasets.near(input)),
      use: os.dataset.use.handler(({ input }) => host.datasets.use(input)),
      label: os.dataset.label.handler(({ input, signal, path }) => typed(host.datasets.label(input, signal), path)),
      facets: os.dataset.facets.handler(({ input }) => host.datasets.facets(input.dataset, input.filter)),
      duplicates: os.dataset.duplicates.handler(({ input }) => host.datasets.duplicates(input)),
      verify: os.dataset.verify.handler(({ input, signal, path }) => typed(host.datasets.verify(input.dataset, signal), path)),
      update: os.dataset.update.handler(({ input }) => host.datasets.startUpdate(input.dataset)),
      relocate: os.dataset.relocate.handler(({ input }) => host.datasets.relocate(input)),
      loss: os.dataset.loss.handler(({ input }) => host.datasets.loss(input.dataset)),
      delete: os.dataset.delete.handler(({ input }) => host.datasets.delete(input.dataset, input.evenIfUsed)),
    },
    filter: {
      list: os.filter.list.handler(async ({ input }) => readSavedFilters(await host.datasets.folder(input.dataset))),
      save: os.filter.save.handler(async ({ input: { dataset, ...filter } }) =>
        saveFilter(await host.datasets.folder(dataset), { ...filter, created: new Date().toISOString() }),
      ),
      rename: os.filter.rename.handler(async ({ input }) => renameFilter(await host.datasets.folder(input.dataset), input.from, input.to)),
      delete: os.filter.delete.handler(async ({ input }) => deleteFilter(await host.datasets.folder(input.dataset), input.name)),
    },
    augmentation: { preview: os.augmentation.preview.handler(({ input }) => host.datasets.preview(input)) },
    profile: {
      list: os.profile.list.handler(() => listProfiles(host.workspace.value.path)),
      save: os.profile.save.handler(({ input }) => saveProfile(host.workspace.value.path, input)),
      rename: os.profile.rename.handler(({ input }) => renameProfile(host.workspace.value.path, input.name, input.to)),
      delete: os.profile.delete.handler(({ input }) => deleteProfile(host.workspace.value.path, input.name)),
    },
    queue: {
      watch: os.queue.watch.handler(({ signal }) => host.studies.queue.studies.watch(signal)),
      move: os.queue.move.handler(({ input }) => host.studies.queue.move(input.study, input.to)),
      remove: os.queue.remove.handler(({ input }) => host.studies.leaveQueue(input.study)),
    },
    embedding: {
      runs: os.embedding.runs.handler(({ input }) => host.embeddings.runs(input.study)),
      get: os.embedding.get.handler(({ input }) => host.embeddings.describe(input)),
      compute: os.embedding.compute.handler(({ input }) => host.embeddings.start(input)),
      points: os.embedding.points.handler(({ input }) => host.embeddings.points(input)),
      groups: os.embedding.groups.handler(({ input }) => host.embeddings.groups(input)),
      neighbours: os.embedding.neighbours.handler(({ input }) => host.embeddings.neighbours(input)),
      quality: os.embedding.quality.handler(({ input }) => host.embeddings.quality(input)),
    },
    study: {
      plan: os.study.plan.handler(({ input }) => host.studies.plan(input)),
      create: os.study.create.handler(({ input }) => host.studies.create(input)),
      get: os.study.get.handler(({ input }) => host.studies.get(input.study)),
      run: os.study.run.handler(({ input }) => host.studies.start(input.study, input.stage)),
      pause: os.study.pause.handler(({ input }) => host.studies.pause(input.study)),
      order: os.study.order.handler(({ input }) => host.studies.orderRuns(input.study, input.first)),
      skip: os.study.skip.handler(({ input }) => host.studies.skipRun(input.study, input.run, input.skip)),
      retry: os.study.retry.handler(({ input }) => host.studies.retryRuns(input.study, input.runs)),
      watch: os.study.watch.handler(({ input, signal, path }) => typed(host.studies.watch(input.study, signal), path)),
      log: os.study.log.handler(({ input, signal, path }) => typed(host.studies.log(input.study, input.run, signal), path)),
      showFolder: os.study.showFolder.handler(({ input }) => host.studies.showRunFolder(input.study, input.run)),
      select: os.study.select.handler(({ input }) => host.studies.selectCouplets(input.study, input.dropped)),
      statistics: os.study.statistics.handler(({ input, signal, path }) => typed(host.studies.statistics(input, signal), path)),
      counts: os.study.counts.handler(({ input, signal }) => host.studies.comparisons.counts(input.study, { signal })),
      curves: os.study.curves.handler(({ input, signal }) => host.studies.comparisons.curves(input.study, input.arms, { signal })),
      report: os.study.report.handler(({ input }) => host.studies.report(input.study)),
      delete: os.study.delete.handler(({ input }) => host.studies.delete(input.study)),
    },
  });
}
