// What the application is asked to open, by its command line, by a file of the desktop, or by a link: a workspace and a view of it.
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { AppError } from "../../../shared/domain/errors.ts";
import { NameSchema } from "../../../shared/domain/workspace.ts";

export const LINK_SCHEME = "simclr-s2";
/** The suffix of the file in a study's folder that opens it. */
export const STUDY_SUFFIX = ".s2study";

export interface Target {
  /** Absolute; undefined: the one that is open. */
  readonly workspace?: string;
  /** The route to show, with its `#`. */
  readonly hash?: string;
  /** Links can come from a page of the internet: what they ask for is confirmed. */
  readonly isLink: boolean;
}

/** The target that a program's arguments name; empty when they name none. @param folder where relative paths start */
export function targetOfArguments(given: readonly string[], folder: string): Target {
  let target: Target = { isLink: false };
  for (let i = 0; i < given.length; i++) {
    const argument = given[i]!;
    if (argument.startsWith(`${LINK_SCHEME}:`)) return targetOfLink(argument);
    if (argument === "--workspace" && given[i + 1] !== undefined) target = { ...target, ...targetOfPath(given[++i]!, folder) };
    else if (argument === "--view" && given[i + 1] !== undefined) target = { ...target, ...hashOf(given[++i]!) };
    // Chromium's and Electron's own switches come here, too.
    else if (!argument.startsWith("-")) target = { ...target, ...targetOfPath(argument, folder) };
  }
  return target;
}

/** A workspace's folder, its `workspace.json`, or the file of one of its studies. */
export function targetOfPath(path: string, folder: string): Target {
  const full = resolve(folder, path);
  if (basename(full) === "workspace.json") return { workspace: dirname(full), isLink: false };
  if (!full.endsWith(STUDY_SUFFIX)) return { workspace: full, isLink: false };
  const study = basename(dirname(full));
  return { workspace: dirname(dirname(dirname(full))), hash: `#/comparison/${encodeURIComponent(study)}`, isLink: false };
}

/**
 * What a link names: `simclr-s2://open?workspace=/data/fields#/training/couplets?arm=all`.
 * @throws AppError BAD_ARGUMENT for anything else
 */
export function targetOfLink(link: string): Target {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url?.protocol !== `${LINK_SCHEME}:` || url.host !== "open")
    throw new AppError("BAD_ARGUMENT", `${link} is no link of this application. They begin with ${LINK_SCHEME}://open.`);
  const workspace = url.searchParams.get("workspace");
  if (workspace !== null && (!isAbsolute(workspace) || workspace.includes("\0")))
    throw new AppError("BAD_ARGUMENT", `The link names the workspace ${workspace}, which is no whole path.`);
  return { ...(workspace === null ? {} : { workspace: resolve(workspace) }), ...hashOf(url.hash), isLink: true };
}

/** The link to a view of a workspace. */
export function linkTo(workspace: string, hash: string): string {
  return `${LINK_SCHEME}://open?${new URLSearchParams({ workspace })}${hash.startsWith("#/") ? hash : ""}`;
}

/** The file that opens a study from the desktop. */
export function studyFileName(study: string): string {
  return `${NameSchema.parse(study)}${STUDY_SUFFIX}`;
}

const hashOf = (view: string): Pick<Target, "hash"> => {
  const hash = view.startsWith("#") ? view : `#${view}`;
  return hash.startsWith("#/") ? { hash } : {};
};
