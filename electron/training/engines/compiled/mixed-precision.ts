// Mixed precision: convolutions, and what follows them, in bfloat16; weights, the norms' statistics, the loss and the optimiser in float32.
// A rewriting of the recorded graph: the model's code knows nothing of it.
import type { Graph, GraphNode } from "./graph.ts";

/** When an operation is computed in bfloat16: always, or when any or all of its data inputs already are. */
type Policy = "always" | "any" | "all";

interface Rule {
  readonly policy: Policy;
  /** Inputs that take the precision; all float inputs when not given. */
  readonly inputs?: readonly number[];
  /** Results that have the precision; all float results when not given. */
  readonly outputs?: readonly number[];
}

const CONVOLUTION: Rule = { policy: "always" };
const FOLLOWS_ALL: Rule = { policy: "all" };
const FOLLOWS_ANY: Rule = { policy: "any" };

const RULES: Readonly<Record<string, Rule>> = {
  Conv2D: CONVOLUTION,
  Conv2DBackpropInput: CONVOLUTION,
  Conv2DBackpropFilter: CONVOLUTION,
  DepthwiseConv2dNative: CONVOLUTION,
  DepthwiseConv2dNativeBackpropInput: CONVOLUTION,
  DepthwiseConv2dNativeBackpropFilter: CONVOLUTION,
  // Scale, offset and statistics stay in float32.
  FusedBatchNormV3: { policy: "any", inputs: [0], outputs: [0] },
  FusedBatchNormGradV3: { policy: "any", inputs: [0, 1], outputs: [0] },
  Relu: FOLLOWS_ANY,
  ReluGrad: FOLLOWS_ANY,
  MaxPool: FOLLOWS_ANY,
  MaxPoolGrad: FOLLOWS_ANY,
  AvgPool: FOLLOWS_ANY,
  MatMul: FOLLOWS_ANY,
  Add: FOLLOWS_ALL,
  AddV2: FOLLOWS_ALL,
  AddN: FOLLOWS_ALL,
  PadV2: { policy: "any", inputs: [0, 2] },
  ConcatV2: FOLLOWS_ALL,
};

/** The graph in mixed precision, names of tensors as they were. */
export function lowerPrecision({ nodes, tensors }: Graph): Graph {
  const result: GraphNode[] = [];
  const specs = new Map(tensors);
  /** Tensors whose node now gives bfloat16. */
  const lowered = new Set<string>();
  const casts = new Map<string, string>();
  const isFloat = (tensor: string) => tensors.get(tensor)?.dtype === "float32";

  function cast(tensor: string, to: "float32" | "bfloat16"): string {
    const key = `${tensor} ${to}`;
    const known = casts.get(key);
    if (known) return known;
    const [node, output] = tensor.split(":") as [string, string];
    const name = `${node}/${output}_${to}`;
    result.push({
      name,
      op: "Cast",
      inputs: [tensor],
      attributes: {
        SrcT: { kind: "type", value: to === "float32" ? "bfloat16" : "float32" },
        DstT: { kind: "type", value: to },
        Truncate: { kind: "bool", value: false },
      },
    });
    specs.set(`${name}:0`, { ...tensors.get(tensor)!, dtype: to });
    casts.set(key, `${name}:0`);
    return `${name}:0`;
  }

  for (const node of nodes) {
    const rule = RULES[node.op];
    const takesPart = (place: number, tensor: string) => isFloat(tensor) && (rule?.inputs?.includes(place) ?? true);
    const data = node.inputs.filter((tensor, place) => takesPart(place, tensor));
    const isLowered = rule !== undefined && isLow(rule.policy, data, lowered);
    const inputs = node.inputs.map((tensor, place) => {
      const wantsLow = isLowered && takesPart(place, tensor);
      if (wantsLow === lowered.has(tensor) || !isFloat(tensor)) return tensor;
      return cast(tensor, wantsLow ? "bfloat16" : "float32");
    });
    if (!isLowered) {
      result.push({ ...node, inputs });
      continue;
    }
    result.push({ ...node, inputs, attributes: { ...node.attributes, T: { kind: "type", value: "bfloat16" } } });
    for (let output = 0, tensor = `${node.name}:0`; tensors.has(tensor); output++, tensor = `${node.name}:${output}`)
      if (isFloat(tensor) && (rule.outputs?.includes(output) ?? true)) {
        lowered.add(tensor);
        specs.set(tensor, { ...tensors.get(tensor)!, dtype: "bfloat16" });
      }
  }
  return { nodes: result, tensors: specs };
}

function isLow(policy: Policy, data: readonly string[], lowered: ReadonlySet<string>): boolean {
  if (policy === "always") return true;
  return policy === "any" ? data.some((tensor) => lowered.has(tensor)) : data.length > 0 && data.every((tensor) => lowered.has(tensor));
}
