// What every view has of the host: calls, queries, the live lists, the studies followed, and the addresses of images.
import { useThrottledValue } from "@mantine/hooks";
import { createTanstackQueryUtils } from "@orpc/tanstack-query";
import { QueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { imagePaths } from "../../shared/contract/app.ts";
import type { HostClient } from "../../shared/contract/client.ts";
import type { RunPace } from "../../shared/domain/run-estimate.ts";
import type { QueuedStudy } from "../../shared/domain/run-queue.ts";
import type { AppSettings } from "../../shared/domain/settings.ts";
import type { Job, Study, Workspace } from "../../shared/domain/workspace.ts";
import { type ConnectionState, type HostConnection, HostUnreachable } from "./connection.ts";
import { isPassing } from "./errors.ts";
import { follow } from "./follow.ts";
import { type History, historyOf } from "./history.ts";
import { estimateQueue, type QueueEstimate } from "./queue-estimate.ts";
import { createStore, type Store } from "./store.ts";
import { NEW_DRAFT, type StudyDraft } from "./study-draft.ts";
import { followStudy, type LiveStudy, LOADING } from "./study-live.ts";

const createQueries = (client: HostClient) => createTanstackQueryUtils(client);

/** The settings, and which of them count from the next start only. */
export interface KnownSettings {
  readonly settings: AppSettings;
  readonly restart: readonly string[];
}

export interface Host {
  readonly connection: HostConnection;
  readonly client: HostClient;
  readonly queries: ReturnType<typeof createQueries>;
  readonly queryClient: QueryClient;
  /** Null until the host has told them once. */
  readonly workspace: Store<Workspace | null>;
  readonly jobs: Store<readonly Job[] | null>;
  /** Studies that are worked on one after another. */
  readonly queue: Store<readonly QueuedStudy[]>;
  /** The user's settings; null until they are known, and at a door without any. */
  readonly settings: Store<KnownSettings | null>;
  /** The study that is being designed. */
  readonly studyDraft: Store<History<StudyDraft>>;
  /** A study's live state, shared by everyone who asks; followed for a while after the last has left. */
  study(name: string): Store<LiveStudy>;
  /** Shows a study's new record at once, before the host tells it. */
  tellStudy(record: Study): void;
  /** @param stretch as `formatStretch` writes it */
  tileUrl(dataset: string, index: number, combination: string, size: number, stretch?: string): string;
  previewUrl(key: string, which: 0 | 1 | 2): string;
  /** What lies at a path of `imagePaths`. @throws Error with the host's words; HostUnreachable; the signal's reason */
  fetchBytes(path: string, signal?: AbortSignal): Promise<Blob>;
  close(): void;
}

/** How long a study is followed that nobody looks at, ms: going from view to view must not read its history anew. */
const LINGER_MS = 60_000;

/** Joins everything over one connection. */
export function createHost(connection: HostConnection): Host {
  const { client } = connection;
  const queryClient = new QueryClient({
    defaultOptions: {
      queries: { staleTime: 30_000, refetchOnWindowFocus: false, retry: (count, error) => count < 2 && isPassing(error) },
      mutations: { retry: false },
    },
  });
  const workspace = createStore<Workspace | null>(null);
  const jobs = createStore<readonly Job[] | null>(null);
  const queue = createStore<readonly QueuedStudy[]>([]);
  const settings = createStore<KnownSettings | null>(null);
  const stops = [
    follow({ connection, open: (signal) => client.queue.watch(undefined, { signal }), onValue: queue.set }),
    follow({ connection, open: (signal) => client.workspace.watch(undefined, { signal }), onValue: workspace.set }),
    follow({ connection, open: (signal) => client.job.watch(undefined, { signal }), onValue: jobs.set }),
    follow({ connection, open: (signal) => client.settings.watch(undefined, { signal }), onValue: settings.set }),
    refetchAfterReconnect(connection, queryClient),
    refetchChangedDatasets(workspace, queryClient, createQueries(client)),
  ];
  const studies = new Map<string, Store<LiveStudy>>();
  const followedStudies = new Map<string, ReturnType<typeof followStudy>>();
  const open = new Set<() => void>();

  const sharedStudy = (name: string): Store<LiveStudy> => {
    const known = studies.get(name);
    if (known) return known;
    let followed: ReturnType<typeof followStudy> | undefined;
    let watchers = 0;
    let linger: ReturnType<typeof setTimeout> | undefined;
    const forget = () => {
      followed?.close();
      followed = undefined;
      studies.delete(name);
      followedStudies.delete(name);
      open.delete(forget);
    };
    const store: Store<LiveStudy> = {
      get: () => followed?.store.get() ?? LOADING,
      set: () => {},
      subscribe(listener) {
        clearTimeout(linger);
        if (!followed) {
          followed = followStudy(connection, name);
          followedStudies.set(name, followed);
          open.add(forget);
        }
        watchers++;
        const unsubscribe = followed.store.subscribe(listener);
        return () => {
          unsubscribe();
          watchers--;
          if (watchers === 0) linger = setTimeout(forget, LINGER_MS);
        };
      },
    };
    studies.set(name, store);
    return store;
  };

  return {
    connection,
    client,
    queries: createQueries(client),
    queryClient,
    workspace,
    jobs,
    queue,
    settings,
    studyDraft: createStore(historyOf(NEW_DRAFT)),
    study: sharedStudy,
    tellStudy: (record) => followedStudies.get(record.name)?.tell(record),
    tileUrl: (...tile) => imagePaths.tile(...tile),
    previewUrl: (...preview) => imagePaths.preview(...preview),
    async fetchBytes(path, signal) {
      const response = await fetch(path, signal ? { signal } : {}).catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw new HostUnreachable({ cause });
      });
      if (!response.ok) throw new Error(await response.text());
      return response.blob();
    },
    close() {
      for (const stop of [...stops, ...open]) stop();
      connection.close();
    },
  };
}

/** What failed or grew old while the host was away is asked for again. */
function refetchAfterReconnect(connection: HostConnection, queryClient: QueryClient): () => void {
  let wasAway = false;
  return connection.subscribe(() => {
    const { kind } = connection.getState();
    if (kind === "disconnected") wasAway = true;
    if (kind === "connected" && wasAway) {
      wasAway = false;
      void queryClient.invalidateQueries();
    }
  });
}

/** A data set's record and tiles are asked for again when its line in the workspace changes. */
function refetchChangedDatasets(
  workspace: Store<Workspace | null>,
  queryClient: QueryClient,
  queries: ReturnType<typeof createQueries>,
): () => void {
  let known = new Map<string, string>();
  return workspace.subscribe(() => {
    const next = new Map((workspace.get()?.datasets ?? []).map((dataset) => [dataset.name, JSON.stringify(dataset)]));
    const hasChanged = [...next].some(([name, line]) => known.has(name) && known.get(name) !== line);
    known = next;
    if (hasChanged) void queryClient.invalidateQueries({ queryKey: queries.dataset.key() });
  });
}

const HostContext = createContext<Host | null>(null);

export function HostProvider({ host, children }: { host: Host; children: ReactNode }) {
  return <HostContext.Provider value={host}>{children}</HostContext.Provider>;
}

/** The host of this window. */
export function useHost(): Host {
  const host = useContext(HostContext);
  if (!host) throw new Error("useHost outside of HostProvider");
  return host;
}

export function useConnectionState(): ConnectionState {
  const { connection } = useHost();
  return useSyncExternalStore(connection.subscribe, connection.getState);
}

/** The workspace as it is now; null until it is known. */
export function useWorkspace(): Workspace | null {
  const { workspace } = useHost();
  return useSyncExternalStore(workspace.subscribe, workspace.get);
}

/** The host's jobs, newest first; null until they are known. */
export function useJobs(): readonly Job[] | null {
  const { jobs } = useHost();
  return useSyncExternalStore(jobs.subscribe, jobs.get);
}

/** The studies that are worked on one after another. */
export function useQueue(): readonly QueuedStudy[] {
  const { queue } = useHost();
  return useSyncExternalStore(queue.subscribe, queue.get);
}

/** Estimates are made anew at most so often, ms. */
const ESTIMATE_MS = 2_000;
const NO_STUDY: Store<LiveStudy> = createStore(LOADING);

/** The user's settings; null until they are known. */
export function useSettings(): KnownSettings | null {
  const { settings } = useHost();
  return useSyncExternalStore(settings.subscribe, settings.get);
}

/** A study, live. @param name null: none, which stays loading */
export function useStudy(name: string | null): LiveStudy {
  const host = useHost();
  const store = name === null ? NO_STUDY : host.study(name);
  return useSyncExternalStore(store.subscribe, store.get);
}

/** When the runs of a study will be over. @param lent the pace of a study with steps alike, for one that has made none */
export function useStudyEstimate(live: LiveStudy, lent: RunPace | null = null): QueueEstimate {
  const workspace = useWorkspace();
  const tiles = workspace?.datasets.find(({ name }) => name === live.study?.config.dataset)?.tiles ?? null;
  const settled = useThrottledValue(live, ESTIMATE_MS);
  return useMemo(() => estimateQueue(settled, tiles, lent), [settled, tiles, lent]);
}

/** The wall clock, told every so often, for what must be counted in time alone. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
