// A program that loads the threaded engine in its main thread, computes, and has nothing more to do.

import * as tf from "@tensorflow/tfjs-core";
import { loadEngine } from "../../../../electron/training/engines/select.ts";

const { threads } = await loadEngine("wasm", { threads: 2 });
const [value] = tf.conv2d(tf.ones<tf.Rank.R4>([1, 4, 4, 2]), tf.ones<tf.Rank.R4>([2, 2, 2, 1]), 1, "valid").dataSync();
process.stdout.write(`${threads} threads, ${value}\n`);
