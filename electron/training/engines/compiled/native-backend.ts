// tfjs's native backend as the recorder sees it: what the package's types call private is given names here.
import * as tf from "@tensorflow/tfjs-core";
import type { TensorMetadata, TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js";

export interface NativeBackend {
  /** The native functions; a recorder stands in for them. */
  binding: TFJSBinding;
  /** A tensor of tfjs for a tensor of the binding. */
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  /** The binding's numbers of tensors, which are written to the device first if need be. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
}

/** The backend in use, which must be the native one. */
export function nativeBackend(): NativeBackend {
  if (tf.getBackend() !== "tensorflow") throw new Error(`the ${tf.getBackend()} engine does not compile steps`);
  return tf.backend() as unknown as NativeBackend;
}
