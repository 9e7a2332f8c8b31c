// Puts the application's own operations (native/kernels.cc) in the place of TensorFlow's in a recorded graph: sums fused with the rectifier that
// follows them, and in bfloat16 rectifiers, casts, patches and steps of Adam at the memory's speed.
import type { Attribute, Graph, GraphNode } from "./graph.ts";

const SUMS: ReadonlySet<string> = new Set(["Add", "AddV2", "AddN"]);

/** Rewrites a graph for the processor. Names of results stay. */
export function useOwnKernels({ nodes, tensors }: Graph): Graph {
  const makers = new Map(nodes.map((node) => [`${node.name}:0`, node]));
  const uses = new Map<string, number>();
  for (const { inputs } of nodes) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  const typeOf = (tensor: string) => tensors.get(tensor)?.dtype;
  const isLow = (tensor: string) => typeOf(tensor) === "bfloat16";
  const specOf = (tensor: string) => `${typeOf(tensor)} ${tensors.get(tensor)?.shape.join()}`;
  /** Nodes that are part of another one now. */
  const absorbed = new Set<GraphNode>();

  /** Whether nothing but one node takes a node's result, or waits for it. */
  const isOnlyFor = ({ name }: GraphNode) => uses.get(`${name}:0`) === 1 && !uses.has(`^${name}`);

  /** The two terms of a sum that nothing else takes; the sum is then part of what takes it. */
  function absorbSum(tensor: string): readonly string[] | undefined {
    const sum = makers.get(tensor);
    if (!sum || !SUMS.has(sum.op) || !isOnlyFor(sum) || sum.inputs.length !== 2) return undefined;
    if (sum.inputs.some((term) => specOf(term) !== specOf(tensor))) return undefined;
    absorbed.add(sum);
    return sum.inputs;
  }

  function rewrite(node: GraphNode): GraphNode {
    const own = (op: string, inputs: readonly string[], attributes: GraphNode["attributes"] = {}): GraphNode => ({
      name: node.name,
      op,
      inputs,
      attributes,
    });
    const result = `${node.name}:0`;
    const [x, ...rest] = node.inputs;
    switch (node.op) {
      case "Relu":
      case "ReluGrad": {
        const type = typeOf(result);
        if (type !== "bfloat16" && type !== "float32") return node;
        const terms = absorbSum(x!);
        if (terms) return own(`S2Add${node.op}`, [...terms, ...rest], { T: { kind: "type", value: type } });
        return isLow(result) ? own(`S2${node.op}`, node.inputs) : node;
      }
      case "Cast":
        if (typeOf(x!) === "float32" && isLow(result)) return own("S2Narrow", node.inputs);
        return isLow(x!) && typeOf(result) === "float32" ? own("S2Widen", node.inputs) : node;
      case "ExtractImagePatches":
        return isLow(x!) ? own("S2Patches", node.inputs, patchAttributes(node, tensors)) : node;
      case "ResourceApplyAdam": {
        const [value, first, second, , , ...numbers] = node.inputs as [string, string, string, ...string[]];
        const gradient = makers.get(numbers.pop()!);
        if (gradient?.op !== "Cast" || !isLow(gradient.inputs[0]!) || !isOnlyFor(gradient)) return node;
        absorbed.add(gradient);
        return own("S2ApplyAdam", [value, first, second, ...numbers, gradient.inputs[0]!]);
      }
      default:
        return node;
    }
  }

  const rewritten = nodes.map((node) => [node, rewrite(node)] as const);
  return { nodes: rewritten.filter(([node]) => !absorbed.has(node)).map(([, own]) => own), tensors };
}

const ints = (value: readonly number[]): Attribute => ({ kind: "ints", value });

/** Sizes of the patches of `ExtractImagePatches`, with the pixels that `SAME` pads above and to the left. */
function patchAttributes({ name, inputs, attributes }: GraphNode, tensors: Graph["tensors"]): GraphNode["attributes"] {
  const sides = ({ shape }: { shape: readonly number[] }) => shape.slice(1, 3);
  const [image, result] = [sides(tensors.get(inputs[0]!)!), sides(tensors.get(`${name}:0`)!)];
  const pair = (attribute: Attribute | undefined) => (attribute?.kind === "ints" ? attribute.value.slice(1, 3) : []);
  const [filter, strides] = [pair(attributes.ksizes), pair(attributes.strides)];
  const isSame = attributes.padding?.kind === "text" && attributes.padding.value === "SAME";
  const before = result.map((size, i) => (isSame ? Math.max(0, ((size - 1) * strides[i]! + filter[i]! - image[i]!) >> 1) : 0));
  return { result: ints(result), filter: ints(filter), strides: ints(strides), before: ints(before) };
}
