// The contract's handlers that concern no single workspace: settings, the workspaces themselves, what a door asks of its windows.
import { STUDY_BANDS } from "../../shared/domain/bands.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { AFTER_RESTART } from "../../shared/domain/settings.ts";
import { os } from "./implementer.ts";
import { measureStep } from "./measure.ts";
import { pathKind, type Studio } from "./studio.ts";

/** Tiles of a measured step: a study's default. */
const MEASURED_BATCH = 32;

/** @param studio null: this door has one workspace, and no settings */
export function studioHandlers(studio: Studio | null) {
  const there = (): Studio => {
    if (studio) return studio;
    throw new AppError("UNSUPPORTED", "This door was opened on one workspace. Start the application to open others.");
  };
  return {
    app: {
      measure: os.app.measure.handler(async ({ input, signal }) => {
        const { precision, threads } = there().settings.value;
        const step = { ...input, precision, threads, engine: "auto" as const, channels: STUDY_BANDS.length, batchSize: MEASURED_BATCH };
        const { viewsPerSecond } = await measureStep(step, signal ? { signal } : {});
        return { viewsPerSecond };
      }),
      requests: os.app.requests.handler(({ signal }) => there().requests(signal)),
    },
    settings: {
      watch: os.settings.watch.handler(async function* ({ signal }) {
        const { settings, startedWith } = there();
        for await (const now of settings.watch(signal))
          yield { settings: now, restart: [...AFTER_RESTART].filter((key) => now[key] !== startedWith[key]) };
      }),
      change: os.settings.change.handler(({ input }) => there().changeSettings(input)),
      storage: os.settings.storage.handler(() => there().storage()),
    },
    workspace: {
      recent: os.workspace.recent.handler(() => there().recent()),
      forget: os.workspace.forget.handler(({ input }) => there().forget(input.path)),
      look: os.workspace.look.handler(({ input }) => pathKind(input.path)),
      open: os.workspace.open.handler(({ input: { path, ...how } }) => there().open(path, how)),
      sample: os.workspace.sample.handler(({ input: { folder, ...how } }) => there().openSample(folder, how)),
    },
  };
}
