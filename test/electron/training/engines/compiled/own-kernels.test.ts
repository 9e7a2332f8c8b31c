// The application's own operations give what TensorFlow's give.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { multiplyGradients } from "../../../../../electron/training/engines/compiled/filter-gradients.ts";
import { lowerPrecision } from "../../../../../electron/training/engines/compiled/mixed-precision.ts";
import { nativeBackend } from "../../../../../electron/training/engines/compiled/native-backend.ts";
import { useOwnKernels } from "../../../../../electron/training/engines/compiled/own-kernels.ts";
import { createCompiledPrograms } from "../../../../../electron/training/engines/compiled/program.ts";
import { createRecorder } from "../../../../../electron/training/engines/compiled/recorder.ts";
import { loadEngine } from "../../../../../electron/training/engines/select.ts";
import type { Precision } from "../../../../../shared/domain/run-config.ts";
import { relu } from "../../../../../shared/learning/ops/relu.ts";
import { createOptimiser } from "../../../../../shared/learning/optimisers.ts";
import type { ProgramFunction } from "../../../../../shared/learning/program.ts";
import { hasTensorflow, noise } from "../engines.ts";

const X = [3, 8, 8, 5] as const;
const W = [3, 3, 5, 5] as const;

/** Two branches that meet in a rectifier, before and behind which the signal splits: sums in both directions. Few pixels at the end. */
function loss(x: tf.Tensor, w: tf.Tensor): tf.Scalar {
  const convolve = (input: tf.Tensor, stride: 1 | 2) => tf.conv2d(input as tf.Tensor4D, w as tf.Tensor4D, stride, "same");
  const first = relu(convolve(x, 1));
  const met = relu(tf.add(convolve(first, 1), first));
  const small = relu(tf.add(convolve(met, 2), convolve(met, 2)));
  return tf.sum(tf.mul(small, tf.reshape(tf.tensor1d(noise(small.size, 3)), small.shape))) as tf.Scalar;
}

const optimiser = () => createOptimiser({ name: "adam", specifications: [{ name: "w", shape: [...W], kind: "convolution" }] });

function trainingStep(): ProgramFunction {
  return {
    inputs: { x: { shape: X, dtype: "float32" }, rate: { shape: [], dtype: "float32" } },
    run(state, { x, rate }) {
      const w = state.get("w")!;
      const { value, grad } = tf.valueAndGrad((filter: tf.Tensor) => loss(x!, filter))(w);
      const slots = new Map([...state].filter(([name]) => name !== "w"));
      const step = optimiser().update(new Map([["w", w]]), new Map([["w", grad]]), slots, rate as tf.Scalar);
      return { outputs: { value }, state: new Map([...step.parameters, ...step.slots]) };
    },
  };
}

async function train(precision: Precision, ownKernels: boolean): Promise<{ losses: number[]; state: Map<string, Float32Array> }> {
  const programs = createCompiledPrograms({ precision, ownKernels });
  const state = new Map<string, tf.Tensor>([["w", tf.tensor(noise(225, 2), [...W])], ...optimiser().initialise()]);
  const program = programs.build({ train: trainingStep() }, state);
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) {
    const { value } = program.run("train", { x: tf.tensor(noise(960, 10 + step), [...X]), rate: tf.scalar(0.01) });
    losses.push((await value!.data())[0]!);
  }
  const values = new Map<string, Float32Array>();
  for (const [name, tensor] of program.read()) values.set(name, (await tensor.data()) as Float32Array);
  program.dispose();
  programs.dispose();
  return { losses, state: values };
}

describe.skipIf(!hasTensorflow)("own operations", () => {
  let areThere = false;
  beforeAll(async () => {
    areThere = (await loadEngine("tensorflow")).ownKernels === true;
  });

  it("are compiled into the binding that is set up", () => {
    expect(areThere).toBe(true);
  });

  it.each<Precision>(["f32", "bf16"])("train as TensorFlow's do in %s", async (precision) => {
    const [own, plain] = [await train(precision, true), await train(precision, false)];
    for (const [i, value] of plain.losses.entries()) expect(Math.abs(own.losses[i]! - value)).toBeLessThan(1e-4 * Math.abs(value));
    expect([...own.state.keys()]).toEqual([...plain.state.keys()]);
    for (const [name, values] of plain.state) {
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
      for (let i = 0; i < values.length; i++) expect(Math.abs(own.state.get(name)![i]! - values[i]!) / scale).toBeLessThan(1e-4);
    }
  });

  it("take the places that they are for", () => {
    const graphOf = (precision: Precision) => {
      const recorder = createRecorder(nativeBackend());
      const names = [X, W].map((shape, i) => {
        const spec = { shape: [...shape], dtype: "float32" } as const;
        return recorder.add("Placeholder", [], { dtype: { kind: "type", value: "float32" } }, [spec], ["x", "w"][i]!)[0]!;
      });
      recorder.record("f", names, ([x, w]) => [tf.grad((filter: tf.Tensor) => loss(x!, filter))(w!)]);
      const graph = useOwnKernels(precision === "bf16" ? multiplyGradients(lowerPrecision(recorder.graph)) : recorder.graph);
      return new Set(graph.nodes.map(({ op }) => op).filter((op) => op.startsWith("S2")));
    };
    expect([...graphOf("f32")].sort()).toEqual(["S2AddRelu", "S2AddReluGrad"]);
    expect([...graphOf("bf16")].sort()).toEqual(["S2AddRelu", "S2AddReluGrad", "S2Narrow", "S2Patches", "S2Relu", "S2ReluGrad", "S2Widen"]);
  });

  it.each<Precision>(["f32", "bf16"])("keep what is no number in %s", async (precision) => {
    const programs = createCompiledPrograms({ precision, ownKernels: true });
    const shape = [1, 1, 1, 4] as const;
    const definition: ProgramFunction = {
      inputs: { x: { shape, dtype: "float32" } },
      run: (_, { x }) => {
        const identity = tf.reshape(tf.eye(4), [1, 1, 4, 4]) as tf.Tensor4D;
        const y = tf.conv2d(x as tf.Tensor4D, identity, 1, "same");
        return { outputs: { alone: relu(y), sum: relu(tf.add(y, y)) } };
      },
    };
    const program = programs.build({ f: definition }, new Map());
    const { alone, sum } = program.run("f", { x: tf.tensor([Number.NaN, Number.NaN, Number.NaN, Number.NaN], [...shape]) });
    expect([...(await alone!.data())].every(Number.isNaN)).toBe(true);
    expect([...(await sum!.data())].every(Number.isNaN)).toBe(true);
    program.dispose();
    programs.dispose();
  });
});
