// Recomputed blocks have the values, gradients and statistics of blocks that keep their activations.
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { loadEngine } from "../../../../electron/training/engines/select.ts";
import { createEncoder } from "../../../../shared/learning/encoders/index.ts";
import { disposeAll, initialiseParameters, isTrainable } from "../../../../shared/learning/parameters.ts";
import { differentiate } from "../../../../shared/learning/train-step.ts";
import { ENGINES, largestDifference, noise } from "../../../electron/training/engines/engines.ts";

describe.each(ENGINES)("on $name", ({ name, skip }) => {
  it.skipIf(skip)("a network with recomputed blocks is the same network, and frees what it made", async () => {
    await loadEngine(name);
    const encoder = createEncoder("small", { channels: 3 });
    const parameters = initialiseParameters(encoder.specifications, 1);
    const x = tf.tensor4d(noise(4 * 16 * 16 * 3), [4, 16, 16, 3]);
    const names = encoder.specifications.filter(isTrainable).map((specification) => specification.name);
    const slopes = (recomputes: boolean) => {
      const before = tf.memory().numTensors;
      const { loss, gradients, statistics } = tf.tidy(() => {
        const result = differentiate(parameters, names, (current) => {
          const { h, statistics } = encoder.forward(current, x, "train", { recomputes });
          return { loss: tf.mean(tf.square(h)), statistics };
        });
        for (const tensor of [result.loss, ...result.gradients.values(), ...result.statistics.values()]) tf.keep(tensor);
        return result as never as typeof result & tf.TensorContainer;
      });
      expect(tf.memory().numTensors - before, "tensors besides the results").toBe(1 + gradients.size + statistics.size);
      return { loss, gradients, statistics };
    };
    const kept = slopes(false);
    const again = slopes(true);
    expect((await again.loss.data())[0]).toBeCloseTo((await kept.loss.data())[0]!, 6);
    for (const part of ["gradients", "statistics"] as const)
      for (const [key, tensor] of kept[part]) {
        const expected = await tensor.data();
        const scale = (expected as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
        expect(largestDifference(await again[part].get(key)!.data(), expected) / scale, `${part} ${key}`).toBeLessThan(1e-5);
      }
    disposeAll(kept.gradients, kept.statistics, again.gradients, again.statistics, parameters);
    tf.dispose([x, kept.loss, again.loss]);
  });
});
