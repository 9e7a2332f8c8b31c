// Records what a calculation asks of the native binding, without computing it: every operation becomes a node of a graph. While a calculation
// is recorded, `recorder.binding` stands in for the backend's own.
import * as tf from "@tensorflow/tfjs-core";
import type { TFEOpAttr, TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js";
import {
  type Attribute,
  type ConstantValue,
  DTYPES,
  type Graph,
  type GraphDtype,
  type GraphNode,
  nodeOf,
  sizeOf,
  type TensorSpec,
} from "./graph.ts";
import type { NativeBackend } from "./native-backend.ts";
import { inferOutputs, type KnownInput } from "./shapes.ts";

/** Results of these depend on values, or on a generator's hidden state: a recorded step could not repeat them. */
const UNRECORDABLE =
  /^(Where|Unique|UniqueV2|NonMaxSuppression.*|SparseToDense|RandomUniform|RandomStandardNormal|TruncatedNormal|Multinomial|RandomShuffle)$/;

/** The type attribute that the package's kernels leave to eager TensorFlow, which takes it from the first input. A graph must state it. */
const IMPLIED_TYPES: Readonly<Record<string, string>> = { ExpandDims: "T" };

type Values = Float32Array | Int32Array | Uint8Array;

/** A calculation that cannot be recorded. */
export class RecordingError extends Error {
  readonly op: string;

  constructor(op: string, message: string) {
    super(message);
    this.name = "RecordingError";
    this.op = op;
  }
}

export interface Recorder {
  readonly graph: Graph;
  /** Adds a node. @returns the names of its results */
  add(op: string, inputs: readonly string[], attributes: GraphNode["attributes"], outputs: readonly TensorSpec[], name?: string): string[];
  /**
   * Runs a calculation on tensors of the graph.
   * @param scope in front of the names of its nodes
   * @returns the graph's names of its results
   */
  record(scope: string, inputs: readonly string[], calculate: (inputs: tf.Tensor[]) => readonly tf.Tensor[]): string[];
}

/** Starts an empty graph. */
export function createRecorder(backend: NativeBackend): Recorder {
  const real = backend.binding;
  const graph: Graph = { nodes: [], tensors: new Map() };
  /** Tensors of the graph by the number that stands for them in the backend: below -1, where the binding itself gives none. */
  const nameOf = new Map<number, string>();
  const constants = new Map<string, Values>();
  let nextId = -2;
  let scope = "";

  const idOf = (name: string): number => {
    const id = nextId--;
    nameOf.set(id, name);
    return id;
  };

  function add(
    op: string,
    inputs: readonly string[],
    attributes: GraphNode["attributes"],
    outputs: readonly TensorSpec[],
    name?: string,
  ): string[] {
    const node: GraphNode = { name: name ?? `${scope}n${graph.nodes.length}_${op}`, op, inputs, attributes };
    graph.nodes.push(node);
    return outputs.map((spec, i) => {
      const tensor = `${node.name}:${i}`;
      graph.tensors.set(tensor, spec);
      return tensor;
    });
  }

  function addConstant(spec: TensorSpec, values: Values): string {
    const [tensor] = add(
      "Const",
      [],
      { dtype: { kind: "type", value: spec.dtype }, value: { kind: "tensor", value: constantOf(spec, values) } },
      [spec],
    );
    constants.set(tensor!, values.slice());
    return tensor!;
  }

  /** The graph's name of a tensor of the backend. One that was there before the recording is taken in as a constant. */
  function tensorOf(id: number): string {
    const known = nameOf.get(id);
    if (known) return known;
    const [info] = real.executeOp("Identity", [], [id], 1);
    const { shape, dtype } = info!;
    const values = real.tensorDataSync(id) as Values;
    real.deleteTensor(info!.id!);
    const name = addConstant({ shape, dtype: dtypeOf(dtype) }, values);
    nameOf.set(id, name);
    return name;
  }

  function known(tensor: string): KnownInput {
    const spec = graph.tensors.get(tensor)!;
    const values = spec.dtype === "int32" ? constants.get(tensor) : undefined;
    return { ...spec, values: values && Array.from(values) };
  }

  /** The results' specifications by running the operation on zeros, and on constants as they are. */
  function tryOut(op: string, attributes: TFEOpAttr[], inputs: readonly string[], count: number): TensorSpec[] {
    const ids = inputs.map((tensor) => {
      const { shape, dtype } = graph.tensors.get(tensor)!;
      return real.createTensor([...shape], DTYPES[dtype], constants.get(tensor) ?? zeros(graph.tensors.get(tensor)!));
    });
    try {
      const outputs = real.executeOp(op, attributes, ids, count);
      for (const { id } of outputs) real.deleteTensor(id!);
      return outputs.map(({ shape, dtype }) => ({ shape, dtype: dtypeOf(dtype) }));
    } finally {
      for (const id of ids) real.deleteTensor(id);
    }
  }

  const binding: TFJSBinding = Object.create(real, {
    isRecording: { value: true }, // kernels that are recorded otherwise than they are computed look for it
    createTensor: {
      value: (shape: number[], dtype: number, values: Values) => idOf(addConstant({ shape: [...shape], dtype: dtypeOf(dtype) }, values)),
    },
    deleteTensor: { value: () => {} },
    executeOp: {
      value: (op: string, opAttributes: TFEOpAttr[], ids: number[], count: number) => {
        if (UNRECORDABLE.test(op))
          throw new RecordingError(op, `${op} cannot be part of a compiled step: its result does not follow from shapes and seeds alone`);
        const inputs = ids.map(tensorOf);
        const attributes = Object.fromEntries(opAttributes.map((attribute) => [attribute.name, attributeOf(real, attribute)]));
        const implied = IMPLIED_TYPES[op];
        if (implied) attributes[implied] ??= { kind: "type", value: graph.tensors.get(inputs[0]!)!.dtype };
        const outputs = inferOutputs(op, inputs.map(known), attributes) ?? tryOut(op, opAttributes, inputs, count);
        const names =
          op === "After"
            ? add("Identity", [inputs[0]!, `^${nodeOf(inputs[1]!)}`], attributes, outputs)
            : add(op, inputs, attributes, outputs);
        return names
          .slice(0, count)
          .map((name, i) => ({ id: idOf(name), shape: [...outputs[i]!.shape], dtype: DTYPES[outputs[i]!.dtype] }));
      },
    },
    tensorDataSync: {
      value: (id: number) => {
        const tensor = tensorOf(id);
        const values = constants.get(tensor);
        if (values) return values.slice();
        const op = graph.nodes.find(({ name }) => tensor.startsWith(`${name}:`))?.op ?? "an input";
        throw new RecordingError(op, `a compiled step cannot read values back while it runs: it asked for the result of ${op}`);
      },
    },
  });

  function record(within: string, inputs: readonly string[], calculate: (inputs: tf.Tensor[]) => readonly tf.Tensor[]): string[] {
    scope = `${within}/`;
    backend.binding = binding;
    let names: string[] = [];
    try {
      tf.tidy(() => {
        const tensors = inputs.map((name) => {
          const { shape, dtype } = graph.tensors.get(name)!;
          return backend.createOutputTensor({ id: idOf(name), shape: [...shape], dtype: DTYPES[dtype] });
        });
        const results = calculate(tensors);
        names = backend.getInputTensorIds(results).map(tensorOf);
        tf.dispose([...results]); // some are kept by who made them
      });
    } finally {
      backend.binding = real;
      scope = "";
    }
    return names;
  }

  return { graph, add, record };
}

const GRAPH_DTYPES = new Map<number, GraphDtype>(Object.entries(DTYPES).map(([name, number]) => [number, name as GraphDtype]));

function dtypeOf(number: number): GraphDtype {
  const dtype = GRAPH_DTYPES.get(number);
  if (!dtype) throw new Error(`a compiled step cannot hold tensors of TensorFlow's type ${number}`);
  return dtype;
}

function zeros({ shape, dtype }: TensorSpec): Values {
  const size = sizeOf({ shape });
  if (dtype === "float32") return new Float32Array(size);
  return dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
}

function constantOf(spec: TensorSpec, values: Values): ConstantValue {
  const isUniform = values.length > 1 && values.every((value) => Object.is(value, values[0]));
  const kept = isUniform ? values.slice(0, 1) : values.slice();
  return { ...spec, bytes: new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength) };
}

function attributeOf(binding: TFJSBinding, { type, value }: TFEOpAttr): Attribute {
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return { kind: "type", value: dtypeOf(value as number) };
    case binding.TF_ATTR_INT:
      return Array.isArray(value) ? { kind: "ints", value: value as number[] } : { kind: "int", value: value as number };
    case binding.TF_ATTR_FLOAT:
      return Array.isArray(value) ? { kind: "floats", value: value as unknown as number[] } : { kind: "float", value: value as number };
    case binding.TF_ATTR_BOOL:
      return { kind: "bool", value: Boolean(value) };
    case binding.TF_ATTR_STRING:
      return { kind: "text", value: String(value) };
    case binding.TF_ATTR_SHAPE:
      return { kind: "shape", value: value as number[] };
    default:
      throw new Error(`a compiled step cannot hold an attribute of TensorFlow's type ${type}`);
  }
}
