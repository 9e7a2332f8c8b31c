// The hours of a study and what fits, from measurements that are given.
import { describe, expect, it } from "vitest";
import type { Step } from "../../../electron/app/measure.ts";
import { devicesOf, type MeasureStudyOptions, measureStudy, studyTime } from "../../../electron/app/study-time.ts";
import type { EngineReport } from "../../../shared/domain/engine.ts";

const published = { arms: 41, seeds: 3, epochs: 50, tiles: 5903 };
const gpu = { uuid: "GPU-a", freeBytes: 80e9, driver: "550", computeCapability: "9.0" };
const processor: EngineReport = {
  engine: { name: "tensorflow", version: "2", device: "cpu", threads: 2, memoryBytes: 16e9 },
  gpus: [],
  checks: [],
};
const gpus: EngineReport = {
  engine: { ...processor.engine, device: "gpu" },
  gpus: [
    { ...gpu, name: "large", memoryBytes: 80e9 },
    { ...gpu, name: "small", memoryBytes: 8e9 },
  ],
  checks: [],
};

/** ResNet-50 takes four times what the others take. */
function measuring(report: EngineReport, options: Partial<MeasureStudyOptions> = {}) {
  const steps: (Step & { timed: boolean })[] = [];
  const notes: string[] = [];
  const result = measureStudy(report, {
    ...published,
    ...{ encoder: null, pixels: 120, batchSize: 32, precision: "f32", signal: new AbortController().signal },
    onProgress: ({ note }) => notes.push(note),
    measure: async (step, { timed = true }) => {
      steps.push({ ...step, timed });
      const tileBytes = step.encoder === "resnet50" ? 4e7 : 1e7;
      return { viewsPerSecond: timed ? 100 : null, memory: { step: { fixedBytes: 1e8, tileBytes }, deviceBytes: 16e9 } };
    },
    ...options,
  });
  return { result, steps, notes };
}

describe("the time of a study", () => {
  it("is the views of all arms but the control, at the speed measured", () => {
    const time = studyTime(published, 32, 100);
    expect(time).toMatchObject({ pretrainings: 120, stepsPerRun: 50 * 184, views: 120 * 50 * 184 * 64 });
    expect(time.seconds).toBeCloseTo(time.views / 100, -3); // and some seconds a run
  });

  it("is measured for ResNet-18 on a processor, with what its memory holds", async () => {
    const { result, steps, notes } = measuring(processor);
    const { encoder, holds, study, demo } = await result;
    expect(encoder).toBe("resnet18");
    expect(steps.map((step) => `${step.encoder} ${step.pixels} ${step.timed}`)).toEqual([
      "resnet18 120 true",
      "resnet50 120 false",
      "small 32 true",
    ]);
    expect(notes).toHaveLength(3);
    expect(holds).toMatchObject([{ device: "This machine", largestBatch: { resnet18: 901, resnet50: 225 } }]);
    expect(study).toMatchObject({ ...published, viewsPerSecond: 100 });
    expect(demo).toMatchObject({ arms: 41, seeds: 1, epochs: 4, tiles: 768, stepsPerRun: 48 });
  });

  it("is measured for ResNet-50 on a GPU, and every GPU is told of", async () => {
    const { encoder, holds } = await measuring(gpus).result;
    expect(encoder).toBe("resnet50");
    expect(holds.map(({ device, largestBatch }) => [device, largestBatch.resnet50])).toEqual([
      ["large", 1166],
      ["small", 107],
    ]);
    expect(devicesOf({ ...gpus, gpus: [{ ...gpus.gpus[0]!, memoryBytes: null }] })).toEqual([]);
  });

  it("is not told where the step does not fit or its memory is unknown", async () => {
    const measure = async () => ({ viewsPerSecond: null, memory: null });
    expect(await measuring(processor, { measure }).result).toMatchObject({ study: null, demo: null, holds: [{ largestBatch: {} }] });
  });
});
