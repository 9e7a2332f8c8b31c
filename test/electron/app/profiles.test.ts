import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deleteProfile, listProfiles, renameProfile, saveProfile } from "../../../electron/app/profiles.ts";
import { BUILT_IN_PROFILES } from "../../../shared/domain/augmentation-profile.ts";
import { AugmentationSettings } from "../../../shared/domain/augmentations.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "profiles-"));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

const mild = AugmentationSettings.parse({ profile: "physical", parameters: { gain: { factor: [0.9, 1.1] } } });
const names = async () => (await listProfiles(workspace)).map(({ name }) => name);

describe("augmentation profiles", () => {
  it("are none in a new workspace", async () => {
    expect(await names()).toEqual([]);
  });

  it("come back whole, with every parameter", async () => {
    await saveProfile(workspace, { name: "mild", augmentation: mild, replace: false });
    expect(await listProfiles(workspace)).toEqual([{ name: "mild", augmentation: mild }]);
  });

  it("are replaced only when asked to", async () => {
    await saveProfile(workspace, { name: "mild", augmentation: mild, replace: false });
    const { augmentation } = BUILT_IN_PROFILES.published;
    await expect(saveProfile(workspace, { name: "mild", augmentation, replace: false })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await saveProfile(workspace, { name: "mild", augmentation, replace: true });
    expect((await listProfiles(workspace))[0]!.augmentation.profile).toBe("published");
  });

  it("are renamed, but not over another", async () => {
    for (const name of ["mild", "wild"]) await saveProfile(workspace, { name, augmentation: mild, replace: false });
    await expect(renameProfile(workspace, "mild", "wild")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await renameProfile(workspace, "mild", "gentle");
    expect(await names()).toEqual(["gentle", "wild"]);
    await expect(renameProfile(workspace, "mild", "soft")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await deleteProfile(workspace, "wild");
    expect(await names()).toEqual(["gentle"]);
  });

  it.each(["../escape", "physical", "published", "", "a/b"])("cannot be called %j", async (name) => {
    await expect(saveProfile(workspace, { name, augmentation: mild, replace: true })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });

  it("are left out when damaged", async () => {
    await saveProfile(workspace, { name: "mild", augmentation: mild, replace: false });
    await writeFile(join(workspace, "profiles/broken.json"), '{"version":1,"augmentation":{"profile":"physical","parameters":{"blur":7}}}');
    expect(await names()).toEqual(["mild"]);
  });
});
