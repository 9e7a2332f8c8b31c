// A study as it happens: its record and the state of every run, reduced from the stream of events. Told to the screen at most a few times a
// second, and worked off in slices, so that a long history never freezes the window.
import type { RunRef, StudyUpdate } from "../../shared/contract/app.ts";
import { runKey } from "../../shared/domain/run-queue.ts";
import type { RunEvent, RunState } from "../../shared/domain/run-state.ts";
import { QUEUED, reduceRun } from "../../shared/domain/run-state.ts";
import type { ScoredRun } from "../../shared/domain/study-result.ts";
import type { Study } from "../../shared/domain/workspace.ts";
import type { HostConnection } from "./connection.ts";
import { follow } from "./follow.ts";
import { createStore, type Store } from "./store.ts";

/** One run of a study, as far as it has come. The object is replaced when its state changes. */
export interface LiveRun extends RunRef {
  readonly key: string;
  readonly state: RunState;
}

/** The order in which the runs of a study are worked on. */
export interface LiveQueue {
  /** Keys of all runs. */
  readonly order: readonly string[];
  readonly skipped: ReadonlySet<string>;
}

export interface LiveStudy {
  /** `loading` until the past events have been read once. */
  readonly status: "loading" | "live" | "refused";
  readonly error: unknown;
  readonly study: Study | null;
  /** In the order of the tables. */
  readonly runs: readonly LiveRun[];
  readonly queue: LiveQueue;
  /** What scores are made from; the list stays the same while no run's evaluations or status change. */
  readonly scored: readonly ScoredRun[];
}

export { runKey };

/** A study of which nothing is known yet. */
export const LOADING: LiveStudy = {
  status: "loading",
  error: null,
  study: null,
  runs: [],
  queue: { order: [], skipped: new Set() },
  scored: [],
};

/** Time between two tellings, ms. */
const TELL_EVERY_MS = 250;
/** Time that one slice of work may take, ms. */
const SLICE_MS = 8;

/**
 * The state after many events: `reduceRun` event by event, but the curve is copied once for all of them.
 * @returns what folding `reduceRun` over the events gives
 */
export function reduceEvents(state: RunState, events: readonly RunEvent[]): RunState {
  let current = state;
  let curve = [...state.curve];
  for (const event of events) {
    if (event.kind === "step") {
      current = reduceRun({ ...current, curve: [] }, event);
      curve.push(...current.curve);
    } else if (event.kind === "started") {
      current = reduceRun({ ...current, curve }, event);
      curve = [...current.curve];
    } else {
      current = reduceRun(current, event);
    }
  }
  return { ...current, curve };
}

/** Follows a study until `close`. */
export function followStudy(
  connection: HostConnection,
  name: string,
): { readonly store: Store<LiveStudy>; tell(record: Study): void; close(): void } {
  const store = createStore(LOADING);
  let study: Study | null = null;
  let order: readonly RunRef[] = [];
  let queue = LOADING.queue;
  let states = new Map<string, RunState>();
  /** Runs of which this subscription has told something; until then the state of the former one stands. */
  let fresh = new Set<string>();
  let pending: Extract<StudyUpdate, { kind: "events" | "current" }>[] = [];
  /** Whether the past has been read once. */
  let isCurrent = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let entries = new Map<string, LiveRun>();

  const schedule = (ms: number) => {
    timer ??= setTimeout(work, ms);
  };

  const work = () => {
    timer = undefined;
    const until = performance.now() + SLICE_MS;
    while (pending.length > 0 && performance.now() < until) {
      const update = pending.shift()!;
      if (update.kind === "current") {
        isCurrent = true;
        continue;
      }
      const key = runKey(update.run);
      const before = fresh.has(key) ? (states.get(key) ?? QUEUED) : QUEUED;
      fresh.add(key);
      states.set(key, reduceEvents(before, update.events));
    }
    if (pending.length > 0) schedule(0);
    else if (isCurrent) tell();
  };

  const tell = () => {
    if (!study) return;
    const previous = store.get();
    const nextEntries = new Map<string, LiveRun>();
    const runs = order.map((run) => {
      const key = runKey(run);
      const state = states.get(key) ?? QUEUED;
      const old = entries.get(key);
      const entry = old && old.state === state ? old : { ...run, key, state };
      nextEntries.set(key, entry);
      return entry;
    });
    const changed = runs.length !== previous.runs.length || runs.some((run, i) => run !== previous.runs[i]);
    entries = nextEntries;
    const status = isCurrent ? "live" : "loading";
    if (!changed && study === previous.study && status === previous.status && queue === previous.queue) return;
    store.set({ status, error: null, study, runs: changed ? runs : previous.runs, queue, scored: scoredOf(runs, previous.scored) });
  };

  const stop = follow<StudyUpdate>({
    connection,
    open: (signal) => connection.client.study.watch({ study: name }, { signal }),
    onOpen() {
      fresh = new Set();
      pending = [];
    },
    onValue(update) {
      if (update.kind === "study") {
        study = update.study;
        order = update.runs;
        const known = new Set(order.map(runKey));
        states = new Map([...states].filter(([key]) => known.has(key)));
      } else if (update.kind === "queue") {
        queue = { order: update.order.map(runKey), skipped: new Set(update.skipped.map(runKey)) };
      } else {
        pending.push(update);
      }
      schedule(store.get().status === "live" ? TELL_EVERY_MS : 50);
    },
    onRefused(error) {
      store.set({ ...LOADING, status: "refused", error });
    },
  });

  return {
    store,
    tell(record) {
      study = record;
      tell();
    },
    close() {
      stop();
      clearTimeout(timer);
    },
  };
}

function scoredOf(runs: readonly LiveRun[], previous: readonly ScoredRun[]): readonly ScoredRun[] {
  let same = runs.length === previous.length;
  const next = runs.map(({ arm, seed, state }, i): ScoredRun => {
    const old = previous[i];
    if (old && old.arm === arm && old.seed === seed && old.status === state.status && old.evaluations === state.evaluations) return old;
    same = false;
    return { arm, seed, status: state.status, evaluations: state.evaluations };
  });
  return same ? previous : next;
}
