// Filters' gradients as products are the filters' gradients.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { multiplyGradients } from "../../../../../electron/training/engines/compiled/filter-gradients.ts";
import { lowerPrecision } from "../../../../../electron/training/engines/compiled/mixed-precision.ts";
import { nativeBackend } from "../../../../../electron/training/engines/compiled/native-backend.ts";
import { createCompiledPrograms } from "../../../../../electron/training/engines/compiled/program.ts";
import { createRecorder } from "../../../../../electron/training/engines/compiled/recorder.ts";
import { loadEngine } from "../../../../../electron/training/engines/select.ts";
import { hasTensorflow, noise } from "../engines.ts";

type Padding = "same" | "valid" | tf.backend_util.ExplicitPadding;
const EXPLICIT: Padding = [
  [0, 0],
  [1, 0],
  [1, 0],
  [0, 0],
];

describe.skipIf(!hasTensorflow)("the gradient of a filter", () => {
  beforeAll(async () => {
    await loadEngine("tensorflow");
  });

  it.each<[string, number, number, 1 | 2, Padding]>([
    ["3 x 3", 4, 3, 1, "same"],
    ["3 x 3, stride 2, PyTorch's padding", 8, 3, 2, EXPLICIT],
    ["1 x 1", 4, 1, 1, "valid"],
    ["1 x 1, stride 2", 8, 1, 2, "valid"],
    ["1 x 1 over many pixels", 12, 1, 1, "same"],
    ["1 x 1 over many pixels, stride 2", 24, 1, 2, "valid"],
    ["3 x 3 over many pixels", 12, 3, 1, "same"],
  ])("is the same to bfloat16's rounding: %s", async (_, side, kernel, stride, padding) => {
    const shapes = { x: [3, side, side, 16], w: [kernel, kernel, 16, 8] } as const;
    const gradient = (x: tf.Tensor, w: tf.Tensor) => {
      const loss = (filter: tf.Tensor) => {
        const y = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, padding as "same");
        return tf.sum(tf.mul(y, tf.reshape(tf.tensor1d(noise(y.size, 3)), y.shape)));
      };
      return tf.grad(loss)(w);
    };
    const [x, w] = [tf.tensor(noise(3 * side * side * 16, 1), [...shapes.x]), tf.tensor(noise(kernel * kernel * 128, 2), [...shapes.w])];
    const programs = createCompiledPrograms({ precision: "bf16" });
    const program = programs.build(
      {
        f: {
          inputs: { x: { shape: shapes.x, dtype: "float32" }, w: { shape: shapes.w, dtype: "float32" } },
          run: (__, inputs) => ({ outputs: { dw: gradient(inputs.x!, inputs.w!) } }),
        },
      },
      new Map(),
    );
    const { dw } = program.run("f", { x, w });
    const [found, expected] = [(await dw!.data()) as Float32Array, (await tf.tidy(() => gradient(x, w)).data()) as Float32Array];
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(dw!.shape).toEqual([...shapes.w]);
    for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i]! - expected[i]!) / scale).toBeLessThan(0.02);
    program.dispose();
    programs.dispose();
    tf.dispose([x, w, dw!]);
  });

  it("is a product over 4 x 4 pixels in bfloat16, and stays one of a convolution over 12 x 12 or in float32", () => {
    const graphOf = (side: number) => {
      const recorder = createRecorder(nativeBackend());
      const names = ["x", "w"].map((name, i) => {
        const shape = i === 0 ? [2, side, side, 4] : [3, 3, 4, 4];
        return recorder.add("Placeholder", [], { dtype: { kind: "type", value: "float32" } }, [{ shape, dtype: "float32" }], name)[0]!;
      });
      recorder.record("f", names, ([x, w]) => [
        tf.grad((filter: tf.Tensor) => tf.sum(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same")))(w!),
      ]);
      return recorder.graph;
    };
    const ops = (graph: ReturnType<typeof graphOf>) => multiplyGradients(graph).nodes.map(({ op }) => op);
    expect(ops(lowerPrecision(graphOf(4)))).toContain("ExtractImagePatches");
    expect(ops(lowerPrecision(graphOf(4)))).not.toContain("Conv2DBackpropFilter");
    expect(ops(lowerPrecision(graphOf(12)))).toContain("Conv2DBackpropFilter");
    expect(ops(graphOf(4))).toContain("Conv2DBackpropFilter");
  });
});
