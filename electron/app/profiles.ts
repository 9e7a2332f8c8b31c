// A user's augmentation profiles: `profiles/<name>.json` of the workspace.
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type AugmentationProfile, ProfileFile, ProfileName } from "../../shared/domain/augmentation-profile.ts";
import type { AugmentationSettings } from "../../shared/domain/augmentations.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { createFileWhole, writeError, writeFileAtomic } from "../files/atomic-file.ts";
import { readJson } from "../runs/run-folder.ts";

const folderOf = (workspace: string) => join(workspace, "profiles");

/** @throws AppError BAD_ARGUMENT for what cannot be a name */
function fileOf(workspace: string, name: string): string {
  const parsed = ProfileName.safeParse(name);
  if (!parsed.success) throw new AppError("BAD_ARGUMENT", `A profile cannot be called "${name}": ${parsed.error.issues[0]!.message}.`);
  return join(folderOf(workspace), `${name}.json`);
}

/** The profiles by name. A damaged one is left out. */
export async function listProfiles(workspace: string): Promise<AugmentationProfile[]> {
  const files = await readdir(folderOf(workspace)).catch(() => []);
  const names = files.flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : []));
  const profiles = await Promise.all(
    names
      .filter((name) => ProfileName.safeParse(name).success)
      .map(async (name) => {
        const file = await readJson(fileOf(workspace, name), ProfileFile).catch(() => undefined);
        return file ? [{ name, augmentation: file.augmentation }] : [];
      }),
  );
  return profiles.flat().sort((a, b) => a.name.localeCompare(b.name));
}

/** @param options.replace whether one of the name may be there. @throws AppError ALREADY_EXISTS, BAD_ARGUMENT, DISK_FULL .. */
export async function saveProfile(
  workspace: string,
  { name, augmentation, replace }: { name: string; augmentation: AugmentationSettings; replace: boolean },
): Promise<AugmentationProfile> {
  const path = fileOf(workspace, name);
  await mkdir(folderOf(workspace), { recursive: true }).catch((error: unknown) => {
    throw writeError(error, path);
  });
  const text = `${JSON.stringify({ version: 1, augmentation }, null, 2)}\n`;
  if (replace) await writeFileAtomic(path, text);
  else if (!(await createFileWhole(path, text))) throw taken(name);
  return { name, augmentation };
}

/** @throws AppError NOT_FOUND, ALREADY_EXISTS, BAD_ARGUMENT */
export async function renameProfile(workspace: string, name: string, to: string): Promise<void> {
  const known = await listProfiles(workspace);
  if (!known.some((profile) => profile.name === name)) throw new AppError("NOT_FOUND", `There is no profile "${name}".`);
  if (known.some((profile) => profile.name === to)) throw taken(to);
  await rename(fileOf(workspace, name), fileOf(workspace, to)).catch((error: unknown) => {
    throw error instanceof AppError ? error : writeError(error, folderOf(workspace));
  });
}

/** Deletes a profile. Studies that were made from it keep its parameters in their records. @throws AppError NO_ACCESS .. */
export async function deleteProfile(workspace: string, name: string): Promise<void> {
  await rm(fileOf(workspace, name), { force: true }).catch((error: unknown) => {
    throw writeError(error, folderOf(workspace));
  });
}

const taken = (name: string) =>
  new AppError("ALREADY_EXISTS", `There is a profile "${name}" already. Choose another name, or replace that one.`);
