// Routes in the address' hash: `#/place/subject?key=value`. Back, forward, copies and deep links work by themselves.
import { useCallback, useMemo, useSyncExternalStore } from "react";

export const PLACES = ["data", "augmentations", "training", "comparison", "embeddings"] as const;
/** What has a route without being one of the places. */
const ASIDE = ["start", "settings"] as const;
export type Place = (typeof PLACES)[number] | (typeof ASIDE)[number];

export interface Route {
  readonly place: Place;
  /** Data set of `data`, study of the others; null: none chosen. */
  readonly subject: string | null;
  /** State of the view: what is picked, shown, filtered. */
  readonly query: Readonly<Record<string, string>>;
}

/** Reads the hash of an address; an unknown place is `data`. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [place = "", subject = ""] = path.split("/").map(decode);
  return {
    place: [...PLACES, ...ASIDE].find((known) => known === place) ?? "data",
    subject: subject === "" ? null : subject,
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The hash of a route; empty values are left out. */
export function formatRoute({ place, subject, query }: Route): string {
  const path = subject === null ? place : `${place}/${encodeURIComponent(subject)}`;
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  return parameters.size > 0 ? `#/${path}?${parameters}` : `#/${path}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const subscribe = (listener: () => void) => {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
};
const currentHash = () => window.location.hash;
export interface Navigation {
  readonly route: Route;
  /** Goes to a route. @param options.replace leaves no step in the history */
  go(route: Partial<Route> & Pick<Route, "place">, options?: { replace?: boolean }): void;
  /** Changes the view's state; null takes a key away. */
  setQuery(changes: Readonly<Record<string, string | null>>, options?: { replace?: boolean }): void;
}

/** The route of the window, and the ways to change it. */
export function useRoute(): Navigation {
  const hash = useSyncExternalStore(subscribe, currentHash);
  const route = useMemo(() => parseRoute(hash), [hash]);
  const go = useCallback<Navigation["go"]>((target, options) => {
    write({ subject: null, query: {}, ...target }, options?.replace ?? false);
  }, []);
  const setQuery = useCallback<Navigation["setQuery"]>((changes, options) => {
    const { place, subject, query } = parseRoute(currentHash());
    const merged = Object.entries({ ...query, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null);
    write({ place, subject, query: Object.fromEntries(merged) }, options?.replace ?? false);
  }, []);
  return { route, go, setQuery };
}

function write(route: Route, isReplacing: boolean): void {
  const hash = formatRoute(route);
  if (hash === currentHash()) return;
  if (!isReplacing) {
    window.location.hash = hash;
    return;
  }
  window.history.replaceState(window.history.state, "", hash);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}
