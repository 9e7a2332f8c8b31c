import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pinInitialWeights, readInitialWeights } from "../../../electron/runs/initial-weights.ts";
import { InitialWeights } from "../../../shared/domain/run-config.ts";
import { encodeSafetensors } from "../../../shared/learning/safetensors.ts";

const fixture = (name: string) => new URL(`../../fixtures/weights/${name}`, import.meta.url);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "initial-weights-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function given(name: string): Promise<string> {
  const path = join(folder, name);
  await copyFile(fixture(name), path);
  return path;
}
const settings = (over: object) => InitialWeights.parse(over);

it("are read from PyTorch's files and from safetensors", async () => {
  const torch = await readInitialWeights(settings({ path: await given("plain.pth"), bands: ["B04", "B03", "B02"] }));
  expect([...torch.tensors.keys()]).toContain("0.weight");
  expect(torch.bands).toEqual(["B04", "B03", "B02"]);
  const plain = await readInitialWeights(settings({ path: await given("widths.safetensors") }));
  expect([...plain.tensors.keys()].sort()).toEqual(["bf16", "f16", "f64", "i64"]);
  expect(plain.bands).toBeNull();
});

it("that a run left know their bands", async () => {
  const path = join(folder, "encoder.safetensors");
  await writeFile(
    path,
    encodeSafetensors({ tensors: new Map(), metadata: { config: JSON.stringify({ bands: ["B08", "B04"], arm: "all" }) } }),
  );
  expect((await readInitialWeights(settings({ path }))).bands).toEqual(["B08", "B04"]);
  expect((await readInitialWeights(settings({ path, bands: ["B02", "B03"] }))).bands).toEqual(["B02", "B03"]);
});

it("are pinned by their whole path and their content", async () => {
  const path = await given("plain.pth");
  const config = { seed: 1, initialWeights: settings({ path: relative(process.cwd(), path) }) };
  const pinned = await pinInitialWeights(config);
  expect(pinned).toEqual({ seed: 1, initialWeights: { path, bands: null, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  expect(await pinInitialWeights(pinned)).toEqual(pinned);
  await copyFile(fixture("training.pth"), path);
  await expect(readInitialWeights(pinned.initialWeights)).rejects.toMatchObject({
    code: "BAD_ARGUMENT",
    message: expect.stringMatching(/plain\.pth have changed .* Restore the file, or start anew/),
  });
  const without = { initialWeights: settings({}) };
  expect(await pinInitialWeights(without)).toBe(without);
});

it.each([
  ["missing", "NOT_FOUND", /There is no file of initial weights .*missing/],
  [".", "NOT_FOUND", /There is no file/],
  ["legacy.pth", "UNSUPPORTED", /legacy\.pth: this PyTorch file has the format from before PyTorch 1\.6/],
  ["text", "BAD_FILE", /text: this is not a whole safetensors file/],
])("%s is refused with its path", async (name, code, message) => {
  if (name === "legacy.pth") await given(name);
  if (name === "text") await writeFile(join(folder, name), "hello there");
  await expect(readInitialWeights(settings({ path: join(folder, name) }))).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});
