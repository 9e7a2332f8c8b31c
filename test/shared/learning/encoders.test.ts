// Encoders: forward and backward parity with PyTorch, names of torchvision, initial weights, no leaks.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { createCompiledPrograms } from "../../../electron/training/engines/compiled/program.ts";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { ENCODERS, type EncoderName } from "../../../shared/domain/run-config.ts";
import { createEncoder, type Encoder } from "../../../shared/learning/encoders/index.ts";
import { createResNet, type ResNetShape } from "../../../shared/learning/encoders/resnet.ts";
import { cloneAll, disposeAll, initialiseParameters, isTrainable } from "../../../shared/learning/parameters.ts";
import { EAGER_PROGRAMS, type Programs } from "../../../shared/learning/program.ts";
import { exportTensors, importTensors, permute, type StoredTensor } from "../../../shared/learning/weights.ts";
import { ENGINES, hasTensorflow } from "../../electron/training/engines/engines.ts";
import expectedOutputs from "../../fixtures/encoders.json" with { type: "json" };
import fixtures from "../../fixtures/learning.json" with { type: "json" };
import { findPython } from "../../python.ts";
import { calmPseudoParameter, pseudo, pseudoParameter, relativeError } from "./pseudo.ts";

beforeAll(() => loadEngine("auto"));

const SHAPES: Readonly<Record<string, ResNetShape>> = {
  "basic, pooled stem": { block: "basic", blocks: [2, 1, 1, 1], width: 4, stem: { kernel: 7, stride: 2, pool: true } },
  "bottleneck, pooled stem": { block: "bottleneck", blocks: [1, 2, 1, 1], width: 4, stem: { kernel: 7, stride: 2, pool: true } },
  "basic, plain stem": { block: "basic", blocks: [1, 1, 1, 1], width: 4, stem: { kernel: 3, stride: 1, pool: false } },
  "basic, strided stem": { block: "basic", blocks: [1, 1, 1, 1], width: 4, stem: { kernel: 3, stride: 2, pool: false } },
};

/** Parameters by the fixtures' formula, through PyTorch's layout. */
function pseudoParameters(encoder: Encoder, valuesOf = pseudoParameter): Map<string, tf.Tensor> {
  const toTorch = (shape: readonly number[]) => (shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : shape);
  return importTensors(
    new Map(
      encoder.specifications.map(({ name, shape }): [string, StoredTensor] => [
        name,
        { dtype: "float32", shape: toTorch(shape), data: valuesOf(name, toTorch(shape)) },
      ]),
    ),
  );
}

const images = (count: number, side: number, channels: number) =>
  tf.tensor4d(Float32Array.from(pseudo("images", count * side * side * channels)), [count, side, side, channels]);

/** h of pseudo-random tiles by pseudo-random weights, in both modes. */
async function outputsOf(name: EncoderName, side: number, count: number): Promise<{ h: Float32Array; trained: Float32Array }> {
  const encoder = createEncoder(name, { channels: expectedOutputs.channels });
  const parameters = pseudoParameters(encoder, calmPseudoParameter);
  const x = images(count, side, encoder.channels);
  const h = tf.tidy(() => encoder.forward(parameters, x, "eval").h);
  const trained = tf.tidy(() => encoder.forward(parameters, x, "train").h);
  const values = { h: (await h.data()) as Float32Array, trained: (await trained.data()) as Float32Array };
  tf.dispose([x, h, trained]);
  disposeAll(parameters);
  return values;
}

describe.each(fixtures.networks)("a residual network ($name, $side px)", (expected) => {
  test("agrees with PyTorch in evaluation, in training, in its running statistics and in its gradients", async () => {
    const encoder = createResNet("small", SHAPES[expected.name]!, 3);
    const parameters = pseudoParameters(encoder);
    const x = images(2, expected.side, 3);

    const h = tf.tidy(() => encoder.forward(parameters, x, "eval").h);
    expect(relativeError(await h.data(), expected.h)).toBeLessThan(1e-5);

    const outputs = tf.tidy(() => {
      const { h, statistics } = encoder.forward(parameters, x, "train");
      return { h, ...Object.fromEntries(statistics) };
    }) as Record<string, tf.Tensor>;
    expect(relativeError(await outputs.h!.data(), expected.trained)).toBeLessThan(1e-4);
    for (const [name, values] of Object.entries(expected.statistics))
      expect(relativeError(await outputs[name]!.data(), values), name).toBeLessThan(1e-5);

    const learned = encoder.specifications.filter(isTrainable).map(({ name }) => name);
    const gradients = tf.tidy(() => {
      const weights = tf.tensor2d(Float32Array.from(pseudo("loss", outputs.h!.size)), outputs.h!.shape as [number, number]);
      const loss = () => tf.sum(tf.mul(encoder.forward(parameters, x, "train").h, weights)) as tf.Scalar;
      return tf.grads(loss)(learned.map((name) => parameters.get(name)!));
    });
    const named = await exportTensors(new Map(learned.map((name, i) => [name, gradients[i]!])));
    for (const [name, values] of Object.entries(expected.gradients))
      expect(relativeError(named.get(name)!.data.subarray(0, 48), values), name).toBeLessThan(2e-3);
    for (const [name, norm] of Object.entries(expected.gradientNorms))
      expect(Math.hypot(...named.get(name)!.data) / norm, name).toBeCloseTo(1, 3);
    tf.dispose([x, h, outputs, gradients]);
    disposeAll(parameters);
  });
});

test("layer names and order are torchvision's", () => {
  const names = createEncoder("resnet50", { channels: 10 }).specifications.map(({ name }) => name);
  expect(names.slice(0, 5)).toEqual(["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"]);
  expect(names).toContain("layer1.0.downsample.0.weight");
  expect(names).toContain("layer4.2.bn3.running_var");
  expect(names).toHaveLength(53 * 5);
  const shapes = new Map(createEncoder("resnet50", { channels: 10 }).specifications.map(({ name, shape }) => [name, shape]));
  expect(shapes.get("layer2.0.conv2.weight")).toEqual([3, 3, 128, 128]);
});

test.each([
  ["resnet18", 11_176_512, 512],
  ["resnet50", 23_508_032, 2048],
  ["resnet101", 42_500_160, 2048],
  ["resnet152", 58_143_808, 2048],
  ["resnet101v2", 42_492_480, 2048],
  ["xception", 20_806_952, 2048],
  ["inceptionv3", 21_785_568, 2048],
] as const)("%s has as many weights as PyTorch's model of three channels without its classifier", (name, weights, features) => {
  const encoder = createEncoder(name, { channels: 3 });
  const learned = encoder.specifications.filter(isTrainable);
  expect(learned.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0)).toBe(weights);
  expect(encoder.features).toBe(features);
  expect(encoder.specifications[0]!.shape[2]).toBe(3);
});

test("first weights hang on seed and name alone and have Kaiming's spread", async () => {
  const { specifications } = createEncoder("small", { channels: 10 });
  const first = initialiseParameters(specifications, 7);
  const again = initialiseParameters([...specifications].reverse(), 7);
  const other = initialiseParameters(specifications, 8);
  for (const { name } of specifications) expect(await again.get(name)!.data()).toEqual(await first.get(name)!.data());
  const name = "layer4.0.conv2.weight";
  const values = (await first.get(name)!.data()) as Float32Array;
  expect(await other.get(name)!.data()).not.toEqual(values);
  const [height, width, , outputs] = first.get(name)!.shape as [number, number, number, number];
  const std = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  expect(std / Math.sqrt(2 / (height * width * outputs))).toBeCloseTo(1, 1);
  disposeAll(first, again, other);
});

test("a forward pass frees all but its results", () => {
  const encoder = createEncoder("small", { channels: 2 });
  const parameters = initialiseParameters(encoder.specifications, 1);
  const shared = cloneAll(parameters);
  disposeAll(shared);
  const x = images(2, 16, 2);
  const before = tf.memory().numTensors;
  tf.dispose(tf.tidy(() => encoder.forward(parameters, x, "eval").h));
  tf.tidy(() => {
    encoder.forward(parameters, x, "train");
  });
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose(x);
  disposeAll(parameters);
});

describe.each(ENGINES)("a step of training on the $name engine", ({ name: engine, skip }) => {
  const others: readonly EncoderName[] = ["xception", "inceptionv3"];
  test.skipIf(skip).each(engine === "wasm" ? others : ENCODERS)(
    "gives every weight of %s a gradient",
    { timeout: 180_000 },
    async (name) => {
      await loadEngine(engine);
      const encoder = createEncoder(name, { channels: 3 });
      const parameters = initialiseParameters(encoder.specifications, 1);
      const learned = encoder.specifications.filter(isTrainable);
      const x = images(4, 80, 3);
      const [loss, norms] = tf.tidy(() => {
        const target = tf.tensor2d(Float32Array.from(pseudo("loss", 4 * encoder.features)), [4, encoder.features]);
        const { value, grads } = tf.valueAndGrads(
          () => tf.mean(tf.square(tf.sub(encoder.forward(parameters, x, "train").h, target))) as tf.Scalar,
        )(learned.map((specification) => parameters.get(specification.name)!));
        return [value, tf.stack(grads.map((gradient) => tf.sqrt(tf.sum(tf.square(gradient)))))];
      });
      expect((await loss.data())[0]).toBeGreaterThan(0);
      const without = learned.filter((_, i) => !(norms.dataSync()[i]! > 0 && Number.isFinite(norms.dataSync()[i]!)));
      expect(without.map((specification) => specification.name)).toEqual([]);
      tf.dispose([x, loss, norms]);
      disposeAll(parameters);
      await loadEngine("auto");
    },
  );
});

describe.skipIf(!hasTensorflow)("a compiled step", { timeout: 180_000 }, () => {
  test.each(["resnet101v2", "xception", "inceptionv3"] as const)("of %s has the gradients of the code as it is written", async (name) => {
    await loadEngine("tensorflow");
    const encoder = createEncoder(name, { channels: 3 });
    const parameters = pseudoParameters(encoder, calmPseudoParameter);
    const learned = encoder.specifications.filter(isTrainable).map((specification) => specification.name);
    const x = images(4, 80, 3);
    const normsBy = async (programs: Programs) => {
      const program = programs.build(
        {
          gradients: {
            inputs: { x: { shape: x.shape, dtype: "float32" } },
            run(state, inputs) {
              const loss = () => tf.mean(tf.square(encoder.forward(state, inputs.x as tf.Tensor4D, "train").h)) as tf.Scalar;
              const gradients = tf.grads(loss)(learned.map((of) => state.get(of)!));
              return { outputs: { norms: tf.stack(gradients.map((gradient) => tf.sqrt(tf.sum(tf.square(gradient))))) } };
            },
          },
        },
        parameters,
      );
      const { norms } = program.run("gradients", { x });
      const values = await norms!.data();
      norms!.dispose();
      program.dispose();
      return values;
    };
    const compiled = createCompiledPrograms({ precision: "f32" });
    expect(relativeError(await normsBy(compiled), await normsBy(EAGER_PROGRAMS))).toBeLessThan(1e-3);
    compiled.dispose();
    x.dispose();
    disposeAll(parameters);
  });
});

test("layouts are transposed exactly and back", () => {
  const data = Float32Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => i);
  const torch = permute({ dtype: "float32", shape: [2, 3, 4, 5], data }, [3, 2, 0, 1]);
  expect(torch.shape).toEqual([5, 4, 2, 3]);
  for (let h = 0; h < 2; h++)
    for (let w = 0; w < 3; w++)
      for (let i = 0; i < 4; i++)
        for (let o = 0; o < 5; o++) expect(torch.data[((o * 4 + i) * 2 + h) * 3 + w]).toBe(data[((h * 3 + w) * 4 + i) * 5 + o]);
  expect(permute(torch, [2, 3, 1, 0]).data).toEqual(data);
});

describe.each(expectedOutputs.encoders)("$name at $side px", ({ name, side, count, h, trained }) => {
  test("agrees with PyTorch in evaluation and in training", { timeout: 180_000 }, async () => {
    const found = await outputsOf(name as EncoderName, side, count);
    const every = (values: Float32Array) => values.filter((_, i) => i % expectedOutputs.every === 0);
    expect(relativeError(every(found.h), h)).toBeLessThan(1e-4);
    expect(relativeError(every(found.trained), trained)).toBeLessThan(1e-4);
  });
});

const python = findPython(["torch", "torchvision", "timm"]);

describe.skipIf(python === null)("against torchvision and timm themselves", { timeout: 180_000 }, () => {
  const names = ENCODERS.filter((name) => name !== "small");
  const [side, count] = [120, 4];
  let printed: Record<string, { names: string[]; h: number[]; trained: number[] }>;
  beforeAll(() => {
    const script = fileURLToPath(new URL("../../fixtures/make_encoder_fixtures.py", import.meta.url));
    printed = JSON.parse(execFileSync(python!, [script, String(side), String(count), ...names], { maxBuffer: 2 ** 26 }).toString());
  }, 180_000);

  test.each(names)("%s agrees in names, evaluation and training", async (name) => {
    const { channels } = expectedOutputs;
    const expected = printed[name]!;
    expect(createEncoder(name, { channels }).specifications.map((specification) => specification.name)).toEqual(expected.names);
    const found = await outputsOf(name, side, count);
    expect(relativeError(found.h, expected.h)).toBeLessThan(1e-4);
    expect(relativeError(found.trained, expected.trained)).toBeLessThan(1e-4);
  });
});
