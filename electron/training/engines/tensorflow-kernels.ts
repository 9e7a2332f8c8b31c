// What tfjs's native backend lacks or has under other names, put into tfjs-core's kernel registry, so that shared/learning is written once.

import * as tf from "@tensorflow/tfjs-core";
import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import type { NativeBackend } from "./compiled/native-backend.ts";

type Shape4 = [number, number, number, number];
type Inputs = Readonly<Record<string, tf.Tensor>>;
type Kernel<Attributes> = (backend: NodeJSKernelBackend, inputs: Inputs, attributes: Attributes) => tf.TensorInfo | tf.TensorInfo[];

/** An attribute of a TensorFlow op, as the native binding takes it. */
interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | number[];
}

/** Adds to the `tensorflow` backend: stateless random numbers, image transforms, and the fused ops of training. */
export function registerTensorflowKernels(): void {
  if (tf.getKernel("FusedBatchNormTrain", "tensorflow")) return; // a second loading in this thread
  register("StatelessRandomNormal", statelessKernel("StatelessRandomNormal"));
  register("StatelessRandomUniform", statelessKernel("StatelessRandomUniform"));
  register(tf.Transform, transform);
  register("FusedBatchNormTrain", fusedBatchNormTrain);
  register("FusedBatchNormTrainGrad", fusedBatchNormTrainGrad);
  register("SparseSoftmaxCrossEntropyWithLogits", sparseSoftmaxCrossEntropy);
  register("ReluGrad", reluGrad);
  register("ApplyAdam", applyAdam);
  register("ApplyMomentum", applyMomentum);
  register("Switch", switchKernel);
  register("Merge", merge);
  register("UnpackUint16", unpackUint16);
  register("After", after);
  extend(tf.Conv2DBackpropFilter, conv2dBackpropFilter);
  extend(tf.Conv2DBackpropInput, conv2dBackpropInput);
}

function register<Attributes>(kernelName: string, kernel: Kernel<Attributes>): void {
  tf.registerKernel({
    kernelName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, backend, attrs }) => kernel(backend as NodeJSKernelBackend, inputs as Inputs, (attrs ?? {}) as Attributes),
  });
}

/** Replaces a kernel by one that falls back on it. */
function extend<Attributes>(kernelName: string, make: (own: Kernel<Attributes>) => Kernel<Attributes>): void {
  const own = tf.getKernel(kernelName, "tensorflow");
  tf.unregisterKernel(kernelName, "tensorflow");
  register<Attributes>(
    kernelName,
    make((backend, inputs, attributes) => own.kernelFunc({ inputs, backend, attrs: attributes as unknown as tf.NamedAttrMap })),
  );
}

/** dy where the rectifier let through; `y` is its result. */
const reluGrad: Kernel<object> = (backend, { dy, y }) =>
  backend.executeSingleOutput("ReluGrad", [attributes(backend).typed("T", "float32")], [dy!, y!]);

/** Whether a recorder stands in for the binding: nothing is computed then. */
const isRecording = ({ binding }: NodeJSKernelBackend) =>
  Object.hasOwn(binding, "executeOp") && Object.getPrototypeOf(binding) !== Object.prototype;

/** A step of Adam for one parameter: its new value and moments. A recorder takes it as one operation, which updates variables in place. */
const applyAdam: Kernel<{ beta1: number; beta2: number }> = (backend, inputs, { beta1, beta2 }) => {
  const { value, first, second, gradient, rate, floor } = inputs as Record<string, tf.Tensor>;
  if (isRecording(backend)) {
    const [none, b1, b2] = [tf.scalar(0), tf.scalar(beta1), tf.scalar(beta2)];
    // The powers of the betas, from which TensorFlow corrects the rate, are 0: the rate is corrected already.
    return backend.executeMultipleOutputs("ApplyAdam", [], [value!, first!, second!, none, none, rate!, b1, b2, floor!, gradient!], 3);
  }
  return tf.tidy(() => {
    const m = tf.add(first!, tf.mul(tf.sub(gradient!, first!), 1 - beta1));
    const v = tf.add(second!, tf.mul(tf.sub(tf.square(gradient!), second!), 1 - beta2));
    return [tf.sub(value!, tf.mul(rate!, tf.div(m, tf.add(tf.sqrt(v), floor!)))), m, v];
  });
};

/** A step of momentum for one parameter, likewise. */
const applyMomentum: Kernel<{ momentum: number }> = (backend, inputs, { momentum: decay }) => {
  const { value, momentum, gradient, rate } = inputs as Record<string, tf.Tensor>;
  if (isRecording(backend)) {
    return backend.executeMultipleOutputs("ApplyMomentum", [], [value!, momentum!, rate!, gradient!, tf.scalar(decay)], 2);
  }
  return tf.tidy(() => {
    const m = tf.add(tf.mul(momentum!, decay), gradient!);
    return [tf.sub(value!, tf.mul(rate!, m)), m];
  });
};

/** Sends `x` one of two ways: [where `condition` is false, where it is true]. Only in a recording: nothing computed can be absent. */
const switchKernel: Kernel<object> = (backend, { x, condition }) =>
  backend.executeMultipleOutputs("Switch", [attributes(backend).typed("T", x!.dtype)], [x!, condition!], 2);

/** Whichever of two ways was taken. */
const merge: Kernel<object> = (backend, { a, b }) => {
  const { binding } = backend;
  const inputs = { name: "N", type: binding.TF_ATTR_INT, value: 2 };
  const [result] = backend.executeMultipleOutputs("Merge", [attributes(backend).typed("T", a!.dtype), inputs], [a!, b!], 2);
  return result!;
};

/** `x` as it is; a recorder takes it as an operation that waits for `first`. */
const after: Kernel<object> = (backend, { x, first }) => {
  if (isRecording(backend)) return backend.executeSingleOutput("After", [attributes(backend).typed("T", x!.dtype)], [x!, first!]);
  backend.incRef(x!.dataId);
  return { dataId: x!.dataId, shape: x!.shape, dtype: x!.dtype };
};

/** Numbers of 16 bits without sign, two of them in each int32, as float32. // [..., n] -> [..., 2 n] */
const unpackUint16: Kernel<{ shape: number[] }> = (backend, { packed }, { shape }) => {
  const { binding } = backend;
  const type = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const UINT16 = 17; // not among the binding's types
  const native = backend as unknown as NativeBackend;
  const bits = binding.executeOp(
    "Bitcast",
    [type("T", binding.TF_INT32), type("type", UINT16)],
    native.getInputTensorIds([packed!]),
    1,
  )[0]!;
  const cast = [type("SrcT", UINT16), type("DstT", binding.TF_FLOAT)];
  const [numbers] = binding.executeOp("Cast", cast, [bits.id], 1);
  binding.deleteTensor(bits.id);
  const made = native.createOutputTensor(numbers!);
  const result = tf.reshape(made, shape);
  made.dispose();
  return result;
};

function statelessKernel(op: string): Kernel<{ shape: number[] }> {
  return (backend, { seed }, { shape }) => {
    const { typed } = attributes(backend);
    const shapeTensor = tf.tensor1d(shape, "int32");
    const result = backend.executeSingleOutput(
      op,
      [typed("T", "int32"), typed("Tseed", "int32"), typed("dtype", "float32")],
      [shapeTensor, seed!],
    );
    shapeTensor.dispose();
    return result;
  };
}

const transform: Kernel<tf.TransformAttrs> = (backend, { image, transforms }, attrs) => {
  const { typed, text } = attributes(backend);
  const opAttributes = [
    typed("dtype", image!.dtype),
    text("interpolation", attrs.interpolation.toUpperCase()),
    text("fill_mode", attrs.fillMode.toUpperCase()),
  ];
  const [, height, width] = image!.shape as [number, number, number];
  const size = tf.tensor1d(attrs.outputShape ?? [height, width], "int32");
  const fillValue = tf.scalar(attrs.fillValue, "float32");
  const result = backend.executeSingleOutput("ImageProjectiveTransformV3", opAttributes, [image!, transforms!, size, fillValue]);
  size.dispose();
  fillValue.dispose();
  return result;
};

const fusedBatchNormTrain: Kernel<{ epsilon: number }> = (backend, { x, scale, offset }, { epsilon }) => {
  const empty = tf.tensor1d([], "float32");
  const inputs = [x!, scale!, offset!, empty, empty];
  const [y, mean, unbiased, ...reserved] = backend.executeMultipleOutputs(
    "FusedBatchNormV3",
    batchNormAttributes(backend, epsilon),
    inputs,
    6,
  );
  empty.dispose();
  const count = x!.size / scale!.size;
  const variance = tf.tidy(() => tf.mul(unbiased!, (count - 1) / count));
  unbiased!.dispose();
  return [y!, mean!, variance, ...reserved];
};

const fusedBatchNormTrainGrad: Kernel<{ epsilon: number }> = (backend, inputs, { epsilon }) => {
  const { dy, x, scale, reserved1, reserved2, reserved3 } = inputs;
  const ordered = [dy!, x!, scale!, reserved1!, reserved2!, reserved3!];
  const outputs = backend.executeMultipleOutputs("FusedBatchNormGradV3", batchNormAttributes(backend, epsilon), ordered, 5);
  for (const unused of outputs.splice(3)) unused.dispose();
  return outputs;
};

function batchNormAttributes(backend: NodeJSKernelBackend, epsilon: number): OpAttribute[] {
  const { typed, text, float, bool } = attributes(backend);
  return [typed("T", "float32"), typed("U", "float32"), float("epsilon", epsilon), text("data_format", "NHWC"), bool("is_training", true)];
}

const sparseSoftmaxCrossEntropy: Kernel<object> = (backend, { logits, labels }) => {
  const { typed } = attributes(backend);
  const opAttributes = [typed("T", "float32"), typed("Tlabels", "int32")];
  return backend.executeMultipleOutputs("SparseSoftmaxCrossEntropyWithLogits", opAttributes, [logits!, labels!], 2);
};

/**
 * Adds explicit padding, which the package's own kernel has in the forward direction only: the input is padded by an operation of its own,
 * since TensorFlow has fast gradients (oneDNN) for "valid" and "same" alone.
 */
function conv2dBackpropFilter(own: Kernel<tf.Conv2DBackpropFilterAttrs>): Kernel<tf.Conv2DBackpropFilterAttrs> {
  return (backend, inputs, attrs) => {
    const { pad } = attrs;
    if (!Array.isArray(pad)) return own(backend, inputs, attrs);
    const x = tf.pad(inputs.x!, pad as [number, number][]);
    const result = own(backend, { ...inputs, x }, { ...attrs, pad: "valid" });
    x.dispose();
    return result;
  };
}

/** Adds explicit padding, likewise: the gradient of the padded input, without its margin. */
function conv2dBackpropInput(own: Kernel<tf.Conv2DBackpropInputAttrs>): Kernel<tf.Conv2DBackpropInputAttrs> {
  return (backend, inputs, attrs) => {
    const { pad, inputShape } = attrs;
    if (!Array.isArray(pad)) return own(backend, inputs, attrs);
    const padded = inputShape.map((side, axis) => side + pad[axis]![0] + pad[axis]![1]) as Shape4;
    const whole = own(backend, inputs, { ...attrs, pad: "valid", inputShape: padded }) as tf.Tensor;
    const result = tf.slice(
      whole,
      pad.map(([before]) => before),
      inputShape,
    );
    whole.dispose();
    return result;
  };
}

function attributes(backend: NodeJSKernelBackend) {
  const { binding } = backend;
  return {
    typed: (name: string, dtype: tf.DataType): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value: backend.getDTypeInteger(dtype) }),
    text: (name: string, value: string): OpAttribute => ({ name, type: binding.TF_ATTR_STRING, value }),
    float: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
    bool: (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  };
}
