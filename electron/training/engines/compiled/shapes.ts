// Shapes of operations' results, told from their inputs, so that a step is recorded without being computed.
// What is not here is told by running the operation on stand-ins (recorder.ts).
import type { Attribute, TensorSpec } from "./graph.ts";

/** An input of an operation; `values` where it is a constant of integers. */
export interface KnownInput extends TensorSpec {
  readonly values?: readonly number[] | undefined;
}

type Attributes = Readonly<Record<string, Attribute>>;
type Rule = (inputs: readonly KnownInput[], attributes: Attributes) => TensorSpec[] | undefined;

const like =
  (place: number): Rule =>
  (inputs) => [spec(inputs[place]!)];
const spec = ({ shape, dtype }: TensorSpec): TensorSpec => ({ shape, dtype });

/** NumPy's rule: sides align from the last, and a side of 1 is repeated. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    return left === 1 ? right : left;
  });
}

const elementwise: Rule = ([a, b]) => [{ shape: broadcast(a!.shape, b!.shape), dtype: a!.dtype }];
const comparison: Rule = ([a, b]) => [{ shape: broadcast(a!.shape, b!.shape), dtype: "bool" }];

/** The shape that a constant input holds. */
const shapeIn =
  (place: number, dtype?: TensorSpec["dtype"]): Rule =>
  (inputs) => {
    const { values } = inputs[place]!;
    return values && [{ shape: values, dtype: dtype ?? inputs.find((_, i) => i !== place)?.dtype ?? "float32" }];
  };

const reduction: Rule = ([x, axes], { keep_dims }) => {
  if (!axes!.values) return undefined;
  const reduced = axes!.values.map((axis) => (axis < 0 ? axis + x!.shape.length : axis));
  const keeps = keep_dims?.kind === "bool" && keep_dims.value;
  const shape = x!.shape.flatMap((side, axis) => (reduced.includes(axis) ? (keeps ? [1] : []) : [side]));
  return [{ shape, dtype: x!.dtype }];
};

const reshape: Rule = ([x, target]) => {
  if (!target!.values) return undefined;
  const known = target!.values.filter((side) => side >= 0).reduce((product, side) => product * side, 1);
  const size = x!.shape.reduce((product, side) => product * side, 1);
  return [{ shape: target!.values.map((side) => (side < 0 ? size / known : side)), dtype: x!.dtype }];
};

const matMul: Rule = ([a, b], attributes) => {
  const isTurned = (...names: string[]) => names.some((name) => attributes[name]?.kind === "bool" && attributes[name].value);
  const outer = broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  const rows = a!.shape.at(isTurned("transpose_a", "adj_x") ? -1 : -2)!;
  const columns = b!.shape.at(isTurned("transpose_b", "adj_y") ? -2 : -1)!;
  return [{ shape: [...outer, rows, columns], dtype: a!.dtype }];
};

/** Rows and columns of a window operation's result. */
function windows(x: TensorSpec, kernel: readonly number[], attributes: Attributes): [number, number] | undefined {
  const { strides, padding, explicit_paddings, data_format } = attributes;
  if (strides?.kind !== "ints" || padding?.kind !== "text" || (data_format?.kind === "text" && data_format.value !== "NHWC"))
    return undefined;
  if (attributes.dilations?.kind === "ints" && attributes.dilations.value.some((dilation) => dilation !== 1)) return undefined;
  const side = (axis: 1 | 2): number => {
    const length = x.shape[axis]!;
    const stride = strides.value[axis]!;
    if (padding.value === "SAME") return Math.ceil(length / stride);
    const pads = explicit_paddings?.kind === "ints" && padding.value === "EXPLICIT" ? explicit_paddings.value : [];
    return Math.floor((length + (pads[2 * axis] ?? 0) + (pads[2 * axis + 1] ?? 0) - kernel[axis - 1]!) / stride) + 1;
  };
  return [side(1), side(2)];
}

const convolution: Rule = ([x, filter], attributes) => {
  const sides = windows(x!, filter!.shape, attributes);
  return sides && [{ shape: [x!.shape[0]!, ...sides, filter!.shape[3]!], dtype: x!.dtype }];
};

const pool: Rule = ([x], attributes) => {
  const { ksize } = attributes;
  const sides = ksize?.kind === "ints" ? windows(x!, ksize.value.slice(1, 3), attributes) : undefined;
  return sides && [{ shape: [x!.shape[0]!, ...sides, x!.shape[3]!], dtype: x!.dtype }];
};

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    [
      "Relu",
      "Square",
      "Sqrt",
      "Rsqrt",
      "Neg",
      "Exp",
      "Expm1",
      "Log",
      "Sign",
      "Sigmoid",
      "Elu",
      "EluGrad",
      "ReluGrad",
      "ZerosLike",
      "OnesLike",
    ].map((op) => [op, like(0)]),
  ),
  ...Object.fromEntries(
    ["Add", "AddV2", "Sub", "Mul", "Div", "RealDiv", "Maximum", "Minimum", "SquaredDifference"].map((op) => [op, elementwise]),
  ),
  ...Object.fromEntries(
    ["Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "LogicalAnd", "LogicalOr"].map((op) => [op, comparison]),
  ),
  ...Object.fromEntries(["Sum", "Mean", "Max", "Min"].map((op) => [op, reduction])),
  AddN: like(0),
  After: like(0),
  MaxPoolGrad: like(0),
  Cast: ([x], { DstT }) => (DstT?.kind === "type" ? [{ shape: x!.shape, dtype: DstT.value }] : undefined),
  // 32 bits as two numbers of 16.
  Bitcast: ([x], { type }) =>
    type?.kind === "type" && type.value === "uint16" ? [{ shape: [...x!.shape, 2], dtype: "uint16" }] : undefined,
  Reshape: reshape,
  Transpose: ([x, order]) => order!.values && [{ shape: order!.values.map((axis) => x!.shape[axis]!), dtype: x!.dtype }],
  MatMul: matMul,
  BatchMatMul: matMul,
  BatchMatMulV2: matMul,
  Conv2D: convolution,
  Conv2DBackpropInput: shapeIn(0),
  Conv2DBackpropFilter: shapeIn(1),
  MaxPool: pool,
  StatelessRandomNormal: shapeIn(0, "float32"),
  StatelessRandomUniform: shapeIn(0, "float32"),
  FusedBatchNormV3: ([x, scale]) => [spec(x!), spec(scale!), spec(scale!), spec(scale!), spec(scale!), { shape: [0], dtype: "float32" }],
  FusedBatchNormGradV3: ([, x, scale]) => [
    spec(x!),
    spec(scale!),
    spec(scale!),
    { shape: [0], dtype: "float32" },
    { shape: [0], dtype: "float32" },
  ],
  ImageProjectiveTransformV3: ([images, , size]) =>
    size!.values && [{ shape: [images!.shape[0]!, ...size!.values, images!.shape[3]!], dtype: images!.dtype }],
  Switch: ([x]) => [spec(x!), spec(x!)],
  Merge: ([x]) => [spec(x!), { shape: [], dtype: "int32" }],
  ApplyAdam: ([value, first, second]) => [spec(value!), spec(first!), spec(second!)],
  ApplyMomentum: ([value, momentum]) => [spec(value!), spec(momentum!)],
};

/** The specification of each result; undefined where no rule tells it. */
export function inferOutputs(op: string, inputs: readonly KnownInput[], attributes: Attributes): TensorSpec[] | undefined {
  return RULES[op]?.(inputs, attributes);
}
