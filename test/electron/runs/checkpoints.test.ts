import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ASIDE_SUFFIX } from "../../../electron/files/atomic-file.ts";
import { readCheckpoint, writeCheckpoint } from "../../../electron/runs/checkpoints.ts";
import { tidyRun } from "../../../electron/runs/run-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "checkpoints-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytesOf = (step: number) => Uint8Array.from({ length: 1000 }, (_, i) => i * step);
const write = (step: number) => writeCheckpoint(folder, { step, bytes: bytesOf(step) });
const file = (name: string) => join(folder, "checkpoints", name);

describe("checkpoints", () => {
  it("give the newest", async () => {
    expect(await readCheckpoint(folder)).toBeUndefined();
    for (const step of [5, 10, 15]) await write(step);
    const { step, bytes } = (await readCheckpoint(folder))!;
    expect(step).toBe(15);
    expect(new Uint8Array(bytes)).toEqual(bytesOf(15));
  });

  it("keep the last two", async () => {
    for (const step of [5, 10, 100]) await write(step);
    const names = await readdir(join(folder, "checkpoints"));
    expect(names.sort()).toEqual(["step-10.json", "step-10.safetensors", "step-100.json", "step-100.safetensors"]);
  });

  it.each([
    ["cut short", () => truncate(file("step-10.safetensors"), 500)],
    ["empty", () => truncate(file("step-10.safetensors"), 0)],
    ["changed in one byte", () => writeFile(file("step-10.safetensors"), bytesOf(10).fill(1, 7, 8))],
    ["without its weights", () => rm(file("step-10.safetensors"))],
    ["without its seal, as a kill between the two files leaves it", () => rm(file("step-10.json"))],
    ["with a broken seal", () => writeFile(file("step-10.json"), "{")],
    ["with the seal of another", () => writeFile(file("step-10.json"), '{"version":1,"step":10,"bytes":1000,"sha256":"00"}')],
  ])("fall back to the one before when the newest is %s", async (_, damage) => {
    await write(5);
    await write(10);
    await damage();
    const found = (await readCheckpoint(folder))!;
    expect(found.step).toBe(5);
    expect(new Uint8Array(found.bytes)).toEqual(bytesOf(5));
  });

  it("after a fall-back forget those that lie ahead", async () => {
    await write(5);
    await write(10);
    await truncate(file("step-10.safetensors"), 1);
    await write(7);
    expect((await readCheckpoint(folder))!.step).toBe(7);
    expect((await readdir(join(folder, "checkpoints"))).some((name) => name.includes("10"))).toBe(false);
  });

  it("half-written aside do not count and are tidied away", async () => {
    await write(5);
    await writeFile(file(`.step-10.safetensors.ab${ASIDE_SUFFIX}`), "half");
    expect((await readCheckpoint(folder))!.step).toBe(5);
    await tidyRun(folder);
    expect((await readdir(join(folder, "checkpoints"))).length).toBe(2);
  });

  it("on a full or vanished disk fail with what to do", async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, "a file where the folder was");
    await expect(write(5)).rejects.toMatchObject({ name: "AppError" });
  });
});
