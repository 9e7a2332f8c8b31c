// What a function takes is told from its nodes: by hand on small graphs, and as it should grow on a real step.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createStep } from "../../../../../electron/training/benchmark.ts";
import type { Graph, GraphNode, TensorSpec } from "../../../../../electron/training/engines/compiled/graph.ts";
import { memoryNeed, totalBytes } from "../../../../../electron/training/engines/compiled/memory.ts";
import { nativeBackend } from "../../../../../electron/training/engines/compiled/native-backend.ts";
import { createCompiledPrograms, memoryNeedOf } from "../../../../../electron/training/engines/compiled/program.ts";
import { loadEngine } from "../../../../../electron/training/engines/select.ts";
import { estimateStepMemory } from "../../../../../electron/training/step-memory.ts";
import type { Precision } from "../../../../../shared/domain/run-config.ts";
import { leastBytes } from "../../../../../shared/domain/step-memory.ts";
import { hasTensorflow } from "../engines.ts";

const floats = (count: number): TensorSpec => ({ shape: [count], dtype: "float32" });
const variable = (name: string, count: number): [GraphNode, TensorSpec[]] => [
  {
    name,
    op: "VarHandleOp",
    inputs: [],
    attributes: { shape: { kind: "shape", value: [count] }, dtype: { kind: "type", value: "float32" } },
  },
  [{ shape: [], dtype: "resource" }],
];
const node = (name: string, op: string, inputs: readonly string[], ...outputs: TensorSpec[]): [GraphNode, TensorSpec[]] => [
  { name, op, inputs, attributes: {} },
  outputs,
];

function graphOf(...nodes: [GraphNode, TensorSpec[]][]): Graph {
  const tensors = new Map(nodes.flatMap(([{ name }, outputs]) => outputs.map((spec, i): [string, TensorSpec] => [`${name}:${i}`, spec])));
  return { nodes: nodes.map(([each]) => each), tensors };
}

describe("the memory of a function", () => {
  it("counts a tensor from its node to the last that takes it", () => {
    const graph = graphOf(
      node("x", "Placeholder", [], floats(10)),
      node("a", "Conv2D", ["x:0"], floats(100)),
      node("b", "Conv2D", ["a:0"], floats(50)),
      node("c", "Conv2D", ["b:0"], floats(70)),
    );
    expect(memoryNeed(graph, ["c:0"])).toEqual({ fixedBytes: 40, workingBytes: 4 * 150 });
    const usedLate = graphOf(...graphPairs(graph), node("d", "Conv2D", ["c:0", "a:0"], floats(1)));
    expect(memoryNeed(usedLate, ["d:0"]).workingBytes).toBe(4 * 220);
  });

  it("counts what an operation writes over, or only looks at otherwise, once", () => {
    const graph = graphOf(
      node("x", "Placeholder", [], floats(10)),
      node("a", "Conv2D", ["x:0"], floats(100)),
      node("b", "Relu", ["a:0"], floats(100)),
      node("c", "Reshape", ["b:0"], floats(100)),
      node("d", "Conv2D", ["c:0"], floats(5)),
    );
    expect(memoryNeed(graph, ["d:0"]).workingBytes).toBe(4 * 105);
    // The input of Relu is still wanted: it cannot be written over.
    const both = graphOf(...graphPairs(graph), node("e", "Conv2D", ["d:0", "a:0"], floats(5)));
    expect(memoryNeed(both, ["e:0"]).workingBytes).toBe(4 * 205);
  });

  it("counts variables as fixed, and leaves out what the results do not follow from", () => {
    const graph = graphOf(
      variable("v", 1000),
      node("r", "ReadVariableOp", ["v:0"], floats(1000)),
      node("unused", "Conv2D", ["r:0"], floats(100_000)),
      node("g", "Conv2D", ["r:0"], floats(10)),
      node("apply", "ResourceApplyAdam", ["v:0", "g:0"]),
      node("done", "Const", ["^apply"], floats(1)),
    );
    expect(memoryNeed(graph, ["done:0"])).toEqual({ fixedBytes: 4001 * 1 + 3, workingBytes: 40 });
  });
});

function graphPairs({ nodes, tensors }: Graph): [GraphNode, TensorSpec[]][] {
  return nodes.map((each) => [each, [...tensors].filter(([name]) => name.startsWith(`${each.name}:`)).map(([, spec]) => spec)]);
}

describe.skipIf(!hasTensorflow)("the memory of a step", () => {
  beforeAll(async () => {
    await loadEngine("tensorflow");
  });
  const signal = new AbortController().signal;
  const shape = { encoder: "small", pixels: 32, channels: 4, operations: [] } as const;

  async function needOf(batchSize: number, precision: Precision) {
    const programs = createCompiledPrograms({ precision });
    const { functions, start, dispose } = await createStep({ ...shape, batchSize, programs }, signal);
    try {
      return memoryNeedOf(functions.train, start, precision);
    } finally {
      dispose();
    }
  }

  it("grows with the batch, by a line, and falls with bf16", async () => {
    const [small, middle, large] = [await needOf(8, "f32"), await needOf(16, "f32"), await needOf(32, "f32")];
    expect(small.fixedBytes).toBeGreaterThan(3 * 4 * 2_000_000); // weights and Adam's two slots
    expect((large.workingBytes - middle.workingBytes) / (middle.workingBytes - small.workingBytes)).toBeCloseTo(2, 1);
    expect((await needOf(32, "bf16")).workingBytes).toBeLessThan(0.75 * large.workingBytes);
    const line = await estimateStepMemory({ ...shape, precision: "f32", programs: createCompiledPrograms({ precision: "f32" }) }, signal);
    expect(leastBytes(line!, 32) / totalBytes(large)).toBeCloseTo(1, 1);
  });

  it("refuses a program that takes more than there is, before it runs", async () => {
    const programs = createCompiledPrograms({ precision: "f32", memoryBytes: 40e6 });
    const { functions, start, dispose } = await createStep({ ...shape, batchSize: 64, programs }, signal);
    expect(() => programs.build({ train: functions.train }, start)).toThrowError(
      expect.objectContaining({ code: "OUT_OF_MEMORY", message: expect.stringMatching(/at least \d\.\d GB; there are 0\.0 GB/) }),
    );
    dispose();
  });

  it("tells of memory that ran out all the same, with the estimate", async () => {
    const programs = createCompiledPrograms({ precision: "f32", memoryBytes: 8e9 });
    const { functions, start, dispose } = await createStep({ ...shape, batchSize: 8, programs }, signal);
    const program = programs.build({ views: functions.views }, start);
    const inputs = Object.fromEntries(
      Object.entries(functions.views.inputs).map(([name, input]) => [name, tf.zeros([...input.shape], input.dtype)]),
    );
    const backend = nativeBackend();
    const real = backend.binding;
    const fail = () => {
      throw new Error("Session fail to run with error: OOM when allocating tensor with shape[16,32,32,4]");
    };
    backend.binding = Object.create(real, { runSavedModel: { value: fail } });
    try {
      expect(() => program.run("views", inputs)).toThrowError(
        expect.objectContaining({ code: "OUT_OF_MEMORY", data: { need: expect.anything(), memoryBytes: 8e9 } }),
      );
    } finally {
      backend.binding = real;
    }
    tf.dispose(inputs);
    program.dispose();
    dispose();
  });
});
