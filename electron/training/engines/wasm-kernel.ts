// A kernel of tfjs's WebAssembly backend, as this application writes them.

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";

export type Inputs = Readonly<Record<string, tf.Tensor>>;
export type Shape4 = [number, number, number, number];

/** Views of the heap are to be taken after the last allocation, which may move it. */
export type Kernel<Attributes, Result = tf.TensorInfo> = (backend: BackendWasm, inputs: Inputs, attributes: Attributes) => Result;
