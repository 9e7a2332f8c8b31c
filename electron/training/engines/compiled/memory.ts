// How much memory a function of a graph takes, told without running it: a tensor lives from its node to the last node that takes it.
import { type Graph, type GraphDtype, type GraphNode, nodeOf, sizeOf } from "./graph.ts";

/** Bytes that a function takes on the device that computes it. */
export interface MemoryNeed {
  /** Variables, constants and what is fed: there from the first node to the last. */
  readonly fixedBytes: number;
  /** The most that all other tensors take at one time. */
  readonly workingBytes: number;
}

export const totalBytes = ({ fixedBytes, workingBytes }: MemoryNeed): number => fixedBytes + workingBytes;

const BYTES: Readonly<Record<GraphDtype, number>> = { float32: 4, int32: 4, bfloat16: 2, uint16: 2, bool: 1, string: 0, resource: 0 };

/** Their results are in place before the function's work begins. */
const FIXED: ReadonlySet<string> = new Set(["Const", "Placeholder"]);
/** Their results lie where their first input lies. */
const VIEWS: ReadonlySet<string> = new Set(["Identity", "Reshape", "ExpandDims", "Squeeze", "Bitcast", "StopGradient", "Switch"]);
/** Their first result is written over an input of its size that nothing else takes. */
const OVERWRITES: ReadonlySet<string> = new Set(
  [
    ["Add", "AddV2", "AddN", "Sub", "Mul", "Div", "RealDiv", "Maximum", "Minimum", "SquaredDifference"],
    ["Square", "Sqrt", "Rsqrt", "Neg", "Exp", "Expm1", "Log", "Sign", "Sigmoid", "Relu", "ReluGrad", "FusedBatchNormV3"],
    ["S2Relu", "S2ReluGrad", "S2AddRelu", "S2AddReluGrad"],
  ].flat(),
);

/**
 * What a function takes, by its nodes in their order. An engine that runs independent nodes side by side, lays tensors out with gaps or
 * works on copies takes more.
 * @param results tensors that the function gives
 */
export function memoryNeed({ nodes, tensors }: Graph, results: readonly string[]): MemoryNeed {
  const needed = nodesBehind(nodes, results);
  const bytesOf = (tensor: string): number => {
    const spec = tensors.get(tensor);
    return spec ? sizeOf(spec) * BYTES[spec.dtype] : 0;
  };

  let fixedBytes = 0;
  /** The tensor whose memory a tensor lies in; none for what is fixed. */
  const home = new Map<string, string>();
  const lastUse = new Map<string, number>();
  needed.forEach((node, at) => {
    const outputs = outputsOf(node, tensors);
    if (node.op === "VarHandleOp") fixedBytes += variableBytes(node);
    else if (FIXED.has(node.op)) for (const output of outputs) fixedBytes += bytesOf(output);
    else if (node.op !== "ReadVariableOp") {
      const viewed = VIEWS.has(node.op) ? home.get(node.inputs[0]!) : undefined;
      for (const output of outputs) {
        if (viewed) home.set(output, viewed);
        else if (!VIEWS.has(node.op)) home.set(output, output);
      }
    }
    for (const tensor of [...node.inputs, ...outputs]) {
      const lies = home.get(tensor);
      if (lies) lastUse.set(lies, at);
    }
  });
  for (const result of results) if (home.has(result)) lastUse.set(home.get(result)!, needed.length);

  let live = 0;
  let workingBytes = 0;
  const endings = new Map<number, string[]>();
  for (const [tensor, at] of lastUse) endings.set(at, [...(endings.get(at) ?? []), tensor]);
  needed.forEach((node, at) => {
    const made = outputsOf(node, tensors).filter((tensor) => home.get(tensor) === tensor);
    const ending = (endings.get(at) ?? []).filter((tensor) => !made.includes(tensor));
    const isOver = OVERWRITES.has(node.op) && ending.some((tensor) => bytesOf(tensor) === bytesOf(made[0]!));
    for (const tensor of made) live += bytesOf(tensor);
    workingBytes = Math.max(workingBytes, isOver ? live - bytesOf(made[0]!) : live);
    for (const tensor of endings.get(at) ?? []) live -= bytesOf(tensor);
  });
  return { fixedBytes, workingBytes };
}

/** The nodes that results follow from, in their order. */
function nodesBehind(nodes: readonly GraphNode[], results: readonly string[]): GraphNode[] {
  const wanted = new Set(results.map(nodeOf));
  const needed: GraphNode[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!wanted.has(node.name)) continue;
    needed.push(node);
    for (const input of node.inputs) wanted.add(input.startsWith("^") ? input.slice(1) : nodeOf(input));
  }
  return needed.reverse();
}

function outputsOf({ name }: GraphNode, tensors: Graph["tensors"]): string[] {
  const outputs: string[] = [];
  for (let i = 0, tensor = `${name}:0`; tensors.has(tensor); i++, tensor = `${name}:${i}`) outputs.push(tensor);
  return outputs;
}

function variableBytes({ attributes: { shape, dtype } }: GraphNode): number {
  return shape?.kind === "shape" && dtype?.kind === "type" ? sizeOf({ shape: shape.value }) * BYTES[dtype.value] : 0;
}
