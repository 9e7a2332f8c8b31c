// Weights of a file as the start of pretraining: names, bands, what does not fit, and PyTorch's own file end to end.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { BAND_NAMES, type BandName, STUDY_BANDS } from "../../../shared/domain/bands.ts";
import { modelFromCheckpoint } from "../../../shared/learning/checkpoint.ts";
import { createEncoder, type Encoder } from "../../../shared/learning/encoders/index.ts";
import { createResNet } from "../../../shared/learning/encoders/resnet.ts";
import { createNetwork } from "../../../shared/learning/model.ts";
import { disposeAll, initialiseParameters } from "../../../shared/learning/parameters.ts";
import { adaptWeights, startingCheckpoint, startingParameters } from "../../../shared/learning/starting-weights.ts";
import { decodeTorchCheckpoint } from "../../../shared/learning/torch-checkpoint.ts";
import { importTensors, type StoredTensor, torchShape } from "../../../shared/learning/weights.ts";
import { findPython } from "../../python.ts";
import { tinyConfig } from "./memory-store.ts";
import { pseudo, pseudoParameter, relativeError } from "./pseudo.ts";

beforeAll(() => loadEngine("auto"));

const path = "start.pth";

/** A file's tensors for an encoder, by the pseudo-random rule of their names. */
function fileOf(encoder: Encoder, prefix = ""): Map<string, StoredTensor> {
  return new Map(
    encoder.specifications.map(({ name, shape }) => [
      prefix + name,
      { dtype: "float32", shape: torchShape(shape), data: pseudoParameter(name, torchShape(shape)) },
    ]),
  );
}

const small = (channels: number) => createEncoder("small", { channels });
const vector = (size: number): StoredTensor => ({ dtype: "float32", shape: [size], data: new Float32Array(size) });

describe("the weights of a file", () => {
  test.each(["", "encoder.", "backbone.", "module.", "model.", "state_dict.module.encoder_q."])(
    "are found after the prefix %j",
    (prefix) => {
      const encoder = small(2);
      const file = fileOf(encoder, prefix);
      file.set(`${prefix}fc.weight`, vector(3));
      file.set(`${prefix}bn1.num_batches_tracked`, vector(1));
      file.set("projection.0.weight", vector(5));
      file.set("optimiser.momentum.conv1.weight", vector(5));
      const { tensors, notes } = adaptWeights(file, { path, encoder, bands: ["B04", "B08"], fileBands: ["B04", "B08"] });
      expect(tensors).toEqual(fileOf(encoder));
      expect(notes).toEqual([]);
    },
  );

  test("that lacks layers is refused with their names", () => {
    const file = fileOf(small(3), "module.");
    for (const name of ["bn1.bias", "layer2.0.conv1.weight", "layer4.0.bn2.weight", "layer4.0.bn2.bias"]) file.delete(`module.${name}`);
    expect(() => adaptWeights(file, { path, encoder: small(3), bands: ["B04", "B03", "B02"], fileBands: null })).toThrow(
      "start.pth does not hold the weights of small: it lacks module.bn1.bias, module.layer2.0.conv1.weight, module.layer4.0.bn2.weight and 1 more. Choose the encoder that it was made for, or another file.",
    );
    expect(() => adaptWeights(new Map(), { path, encoder: small(3), bands: ["B04"], fileBands: null })).toThrow(
      /it lacks conv1\.weight, .* more/,
    );
  });

  test("of a deeper network of the same family is refused, not cut off", () => {
    const shape = { block: "basic", width: 32, stem: { kernel: 3, stride: 2, pool: false } } as const;
    const deeper = createResNet("small", { ...shape, blocks: [1, 1, 2, 1] }, 3);
    expect(() => adaptWeights(fileOf(deeper), { path, encoder: small(3), bands: ["B04"], fileBands: null })).toThrow(
      /layers more: layer3\.1\.conv1\.weight/,
    );
  });

  test("of another width is refused with both shapes", () => {
    const wider = createResNet(
      "small",
      { block: "basic", width: 48, blocks: [1, 1, 1, 1], stem: { kernel: 3, stride: 2, pool: false } },
      3,
    );
    expect(() => adaptWeights(fileOf(wider), { path, encoder: small(3), bands: ["B04"], fileBands: null })).toThrow(
      /its conv1\.weight has the shape \[48, 3, 3, 3\], not \[32, 3, 3, 3\]/,
    );
  });
});

describe("the bands of the first convolution", () => {
  const filtersOf = (bands: readonly BandName[], fileBands: readonly BandName[] | null, channels: number) => {
    const { tensors, notes } = adaptWeights(fileOf(small(channels)), { path, encoder: small(bands.length), bands, fileBands });
    return { ...tensors.get("conv1.weight")!, notes };
  };
  const original = (channels: number) => fileOf(small(channels)).get("conv1.weight")!.data;
  /** Filter value of an output, an input and a tap. */
  const at = (data: ArrayLike<number>, channels: number, o: number, c: number, tap: number) => data[(o * channels + c) * 9 + tap]!;

  test("are chosen by name out of all thirteen", () => {
    const { data, shape, notes } = filtersOf(STUDY_BANDS, null, 13);
    expect(shape).toEqual([32, 10, 3, 3]);
    for (const o of [0, 31])
      STUDY_BANDS.forEach((band, b) => {
        expect(at(data, 10, o, b, 4)).toBe(at(original(13), 13, o, BAND_NAMES.indexOf(band), 4));
      });
    expect(notes).toEqual(["The file's filters of B01, B09, B10 are not used."]);
  });

  test("of three are red, green, blue, and a band that is not among them gets their mean", () => {
    const { data, notes } = filtersOf(["B02", "B08"], null, 3);
    for (const o of [0, 31])
      for (const tap of [0, 8]) {
        const [red, green, blue] = [0, 1, 2].map((c) => at(original(3), 3, o, c, tap)) as [number, number, number];
        expect(at(data, 2, o, 0, tap)).toBe(blue);
        expect(at(data, 2, o, 1, tap)).toBeCloseTo((red + green + blue) / 3, 6);
      }
    expect(notes).toEqual([
      "The file has no filters of B08: they start as the mean of its filters.",
      "The file's filters of B04, B03 are not used.",
    ]);
  });

  test("of another number must be named, all of them", () => {
    expect(() => filtersOf(["B04"], null, 10)).toThrow(
      /start\.pth takes 10 channels, and nothing says which bands they are\. Give them in the file's/,
    );
    expect(() => filtersOf(["B04"], ["B04", "B08"], 10)).toThrow(/takes 10 channels, but 2 bands are named/);
    expect(filtersOf(["B12", "B04"], STUDY_BANDS, 10).data.subarray(0, 9)).toEqual(original(10).subarray(81, 90));
  });

  test("that the input lacks count as zero", () => {
    const [full, part] = [small(13), small(2)];
    const { tensors } = adaptWeights(fileOf(full), { path, encoder: part, bands: ["B08", "B02"], fileBands: null });
    const [whole, chosen] = [importTensors(fileOf(full)), importTensors(tensors)];
    const pixels = pseudo("pixels", 16 * 16 * 2);
    const spread = new Float32Array(16 * 16 * 13);
    for (let i = 0; i < 256; i++) {
      spread[i * 13 + BAND_NAMES.indexOf("B08")] = pixels[2 * i]!;
      spread[i * 13 + BAND_NAMES.indexOf("B02")] = pixels[2 * i + 1]!;
    }
    const x = tf.tensor4d(spread, [1, 16, 16, 13]);
    const y = tf.tensor4d(Float32Array.from(pixels), [1, 16, 16, 2]);
    const [h, g] = tf.tidy(() => [full.forward(whole, x, "eval").h, part.forward(chosen, y, "eval").h]);
    expect(relativeError(g.dataSync(), h.dataSync())).toBeLessThan(1e-5);
    tf.dispose([x, y, h, g]);
    disposeAll(whole, chosen);
  });
});

describe("the start of a run", () => {
  test("has the file's encoder and the seed's projection head", async () => {
    const network = createNetwork("small", 3);
    const file = fileOf(network.encoder);
    const parameters = startingParameters(network, 7, file);
    const drawn = initialiseParameters(network.specifications, 7);
    expect([...parameters.keys()].sort()).toEqual([...drawn.keys()].sort());
    expect(await parameters.get("projection.0.weight")!.data()).toEqual(await drawn.get("projection.0.weight")!.data());
    expect(await parameters.get("encoder.bn1.running_var")!.data()).toEqual(file.get("bn1.running_var")!.data);
    disposeAll(parameters, drawn);
  });

  test.each(["shift+gain", "random-init"])("is a checkpoint at step 0, of arm %s", async (arm) => {
    const config = { ...tinyConfig(), arm };
    const file = fileOf(createEncoder(config.encoder, { channels: config.bands.length }));
    const before = tf.memory().numTensors;
    const state = await startingCheckpoint(config, file);
    expect(tf.memory().numTensors).toBe(before);
    expect(state).toMatchObject({ step: 0, config });
    for (const [name, { data }] of file) expect(state.tensors.get(`encoder.${name}`)!.data, name).toEqual(data);
    expect([...state.tensors.keys()].some((name) => name.startsWith("optimiser."))).toBe(arm !== "random-init");
    modelFromCheckpoint(state).dispose();
  });
});

const python = findPython(["torch", "torchvision"]);

test.skipIf(python === null)("a file that PyTorch saved gives PyTorch's features", { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "weights-"));
  try {
    const file = join(folder, "sentinel2.pth");
    const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));
    const script = `import sys; sys.path.insert(0, ${JSON.stringify(fixtures)})
import json, torch, torchvision
from make_learning_fixtures import images, load, numbers
model = torchvision.models.resnet18(weights=None)
model.conv1 = torch.nn.Conv2d(13, 64, 7, 2, 3, bias=False)
load(model)
torch.save({"epoch": 1, "state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, sys.argv[1])
model.fc = torch.nn.Identity()
with torch.no_grad():
    print(json.dumps(numbers(model.eval()(images(2, 64, 13)))))
`;
    const expected = JSON.parse(execFileSync(python!, ["-c", script, file], { maxBuffer: 2 ** 26 }).toString()) as number[];
    const encoder = createEncoder("resnet18", { channels: 13 });
    const stored = decodeTorchCheckpoint(new Uint8Array(readFileSync(file)));
    const { tensors, notes } = adaptWeights(stored, { path: file, encoder, bands: BAND_NAMES, fileBands: null });
    expect(notes).toEqual([]);
    const parameters = importTensors(tensors);
    const x = tf.tensor4d(Float32Array.from(pseudo("images", 2 * 64 * 64 * 13)), [2, 64, 64, 13]);
    const h = tf.tidy(() => encoder.forward(parameters, x, "eval").h);
    expect(relativeError(h.dataSync(), expected)).toBeLessThan(1e-4);
    tf.dispose([x, h]);
    disposeAll(parameters);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
