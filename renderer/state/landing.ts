// Where a window goes when its address names no place: where it was asked to, to the start of an empty workspace, else to the data.
import { useEffect } from "react";
import type { Workspace } from "../../shared/domain/workspace.ts";
import { useWorkspace } from "./host.tsx";
import { parseRoute, useRoute } from "./router.ts";
import type { Store } from "./store.ts";

const LANDING_KEY = "simclr-s2-landing";

/** Says where this window goes after it is loaded anew; null: as always. */
export function setLanding(hash: string | null): void {
  if (hash === null) sessionStorage.removeItem(LANDING_KEY);
  else sessionStorage.setItem(LANDING_KEY, hash);
}

/** Loads the window anew when its host has gone over to another workspace: nothing of the old one may stay on the screen. */
export function reloadOnSwitch(workspace: Store<Workspace | null>, page: Window = window): void {
  let first: string | undefined;
  workspace.subscribe(() => {
    const path = workspace.get()?.path;
    first ??= path;
    if (path !== first) page.location.replace(page.location.pathname);
  });
}

/** Leads to a first place. */
export function useLanding(): void {
  const workspace = useWorkspace();
  const { go } = useRoute();
  const isKnown = workspace !== null;
  const isEmpty = isKnown && workspace.datasets.length === 0 && workspace.studies.length === 0;
  useEffect(() => {
    if (!isKnown || window.location.hash !== "") return;
    const hash = sessionStorage.getItem(LANDING_KEY) ?? (isEmpty ? "#/start" : "#/data");
    setLanding(null);
    go(parseRoute(hash), { replace: true });
  }, [isKnown, isEmpty, go]);
}
