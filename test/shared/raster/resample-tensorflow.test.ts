// 20 m to 10 m by TensorFlow's own kernel, for a whole tile of DN: the fixture of resample.test.ts is small, and rounded.
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { resampleBand } from "../../../shared/raster/resample.ts";
import { hasTensorflow, largestDifference, noise } from "../../electron/training/engines/engines.ts";

const FROM = 60;
const TO = 120;

interface NativeBackend {
  readonly binding: Readonly<Record<"TF_ATTR_TYPE" | "TF_ATTR_BOOL" | "TF_FLOAT", number>>;
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly tf.Tensor[]): tf.Tensor;
}

describe.skipIf(!hasTensorflow)("a band of 20 m on the 10 m grid", () => {
  it("equals TensorFlow's ResizeBicubic with half-pixel centres to the last bit, up to DN 20,000", async () => {
    await loadEngine("tensorflow");
    const { binding, executeSingleOutput } = tf.backend() as unknown as NativeBackend;
    const dn = Float32Array.from(noise(FROM * FROM), (value) => Math.round(10_000 + 9_999 * value));
    const resized = executeSingleOutput.call(
      tf.backend(),
      "ResizeBicubic",
      [
        { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
        { name: "align_corners", type: binding.TF_ATTR_BOOL, value: false },
        { name: "half_pixel_centers", type: binding.TF_ATTR_BOOL, value: true },
      ],
      [tf.tensor4d(dn, [1, FROM, FROM, 1]), tf.tensor1d([TO, TO], "int32")],
    );
    expect(largestDifference(resampleBand(dn, null, { from: FROM, to: TO }).data, await resized.data())).toBe(0);
  });
});
