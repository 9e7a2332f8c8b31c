// Named parameters of a network: what each one is, how it starts, and maps of tensors by name.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../domain/random.ts";

/** Tensors by their PyTorch name (`layer1.0.conv1.weight`), in tfjs layout: convolutions HWIO, linear weights [in, out]. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

export type ParameterKind =
  | "convolution"
  | "depthwise"
  | "linear"
  | "bias"
  | "norm-scale"
  | "norm-offset"
  | "running-mean"
  | "running-variance";

export interface ParameterSpecification {
  readonly name: string;
  readonly kind: ParameterKind;
  /** In tfjs layout. */
  readonly shape: readonly number[];
}

/** Whether gradients change it; running statistics are kept, not learned. */
export function isTrainable({ kind }: ParameterSpecification): boolean {
  return kind !== "running-mean" && kind !== "running-variance";
}

/** Whether weight decay and LARS' trust ratio apply: weights only, not biases and norms (SimCLR, arXiv 2002.05709, section 2.2). */
export function isDecayed({ kind }: ParameterSpecification): boolean {
  return kind === "convolution" || kind === "depthwise" || kind === "linear";
}

/** Four entries a batch normalisation has in PyTorch, but for `num_batches_tracked`. */
export function normSpecifications(name: string, channels: number): ParameterSpecification[] {
  const shape = [channels];
  return [
    { name: `${name}.weight`, kind: "norm-scale", shape },
    { name: `${name}.bias`, kind: "norm-offset", shape },
    { name: `${name}.running_mean`, kind: "running-mean", shape },
    { name: `${name}.running_var`, kind: "running-variance", shape },
  ];
}

/** Weight and bias of a linear layer. */
export function linearSpecifications(name: string, inputs: number, outputs: number): ParameterSpecification[] {
  return [
    { name: `${name}.weight`, kind: "linear", shape: [inputs, outputs] },
    { name: `${name}.bias`, kind: "bias", shape: [outputs] },
  ];
}

/**
 * Fresh values, drawn on the host: a parameter depends on the seed and its name only, so every engine starts from the same weights.
 * Convolutions: Kaiming normal, fan out, ReLU (torchvision's ResNet); the fan of a depthwise one is its own channel's. Linear: Kaiming uniform over fan in for ReLU
 * (Differs from the reference: PyTorch's default gain of 1/sqrt(3) shrinks a three-layer head's output 10 times). Biases 0.
 */
export function initialiseParameters(specifications: readonly ParameterSpecification[], seed: number): Map<string, tf.Tensor> {
  return new Map(
    specifications.map((specification) => [
      specification.name,
      tf.tensor(initialValues(specification, seed), [...specification.shape], "float32"),
    ]),
  );
}

function initialValues({ name, kind, shape }: ParameterSpecification, seed: number): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  const values = new Float32Array(size);
  switch (kind) {
    case "convolution": {
      const [height, width, , outputs] = shape as [number, number, number, number];
      fillNormal(values, Math.sqrt(2 / (height * width * outputs)), Random.of(seed, "weights", name));
      return values;
    }
    case "depthwise":
      fillNormal(values, Math.sqrt(2 / (shape[0]! * shape[1]!)), Random.of(seed, "weights", name));
      return values;
    case "linear": {
      const bound = Math.sqrt(6 / shape[0]!);
      const random = Random.of(seed, "weights", name);
      for (let i = 0; i < size; i++) values[i] = random.uniform(-bound, bound);
      return values;
    }
    case "norm-scale":
    case "running-variance":
      return values.fill(1);
    case "bias":
    case "norm-offset":
    case "running-mean":
      return values;
  }
}

/** Box-Muller, both of a pair: ResNet-50 has 23.5 million weights to draw. */
function fillNormal(values: Float32Array, std: number, random: Random): void {
  for (let i = 0; i < values.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(1 - random.next()));
    const angle = 2 * Math.PI * random.next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
}

/** The tensor of a name. @throws a plain Error when it is missing: a bug, or a checkpoint of another network. */
export function parameter<T extends tf.Tensor>(parameters: Parameters, name: string): T {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`the network has no parameter ${name}`);
  return tensor as T;
}

/** The entries whose name starts with the prefix, without it. The tensors are shared, not copied. */
export function within(parameters: Parameters, prefix: string): Map<string, tf.Tensor> {
  const inner = new Map<string, tf.Tensor>();
  for (const [name, tensor] of parameters) if (name.startsWith(prefix)) inner.set(name.slice(prefix.length), tensor);
  return inner;
}

/** The same entries under names that start with the prefix. */
export function prefixed<T>(entries: Iterable<readonly [string, T]>, prefix: string): [string, T][] {
  return Array.from(entries, ([name, value]) => [prefix + name, value]);
}

/** Specifications under names that start with the prefix. */
export function prefixedSpecifications(specifications: readonly ParameterSpecification[], prefix: string): ParameterSpecification[] {
  return specifications.map((specification) => ({ ...specification, name: prefix + specification.name }));
}

/** Frees every tensor of the maps. */
export function disposeAll(...maps: readonly Parameters[]): void {
  for (const map of maps) for (const tensor of map.values()) tensor.dispose();
}

/** Cheap copies that share the data and are freed on their own. */
export function cloneAll(parameters: Parameters): Map<string, tf.Tensor> {
  return new Map(Array.from(parameters, ([name, tensor]) => [name, tensor.clone()]));
}
