// A run on compiled programs: interrupted and resumed it is the uninterrupted one; several batches a step.
import { beforeAll, describe, expect, it } from "vitest";
import { createCompiledPrograms } from "../../../../../electron/training/engines/compiled/program.ts";
import { loadEngine } from "../../../../../electron/training/engines/select.ts";
import type { RunConfig } from "../../../../../shared/domain/run-config.ts";
import { type CheckpointState, decodeCheckpoint, encodeCheckpoint } from "../../../../../shared/learning/checkpoint.ts";
import { type PretrainEvent, pretrain } from "../../../../../shared/learning/pretrain.ts";
import { EAGER_PROGRAMS, type Programs } from "../../../../../shared/learning/program.ts";
import { allRows, createMemoryStore, tinyConfig } from "../../../../shared/learning/memory-store.ts";
import { hasTensorflow, largestDifference } from "../engines.ts";

const TILES = 44;

async function run(programs: Programs, config: RunConfig, resume?: CheckpointState, memoryBudgetBytes = 2 ** 30): Promise<PretrainEvent[]> {
  const events: PretrainEvent[] = [];
  const generator = pretrain({
    config,
    reader: createMemoryStore(TILES).reader,
    rows: allRows(TILES),
    probe: { rows: allRows(12), labels: null },
    signal: new AbortController().signal,
    reportEveryMs: 0,
    programs,
    resume,
    memoryBudgetBytes,
  });
  let next = await generator.next();
  for (; !next.done; next = await generator.next()) events.push(next.value);
  next.value.dispose();
  return events;
}

const checkpoints = (events: readonly PretrainEvent[]) => events.flatMap((event) => (event.kind === "checkpoint" ? [event.state] : []));
const losses = (events: readonly PretrainEvent[]) => events.flatMap((event) => (event.kind === "step" ? [event.loss] : []));

describe.skipIf(!hasTensorflow)("a run on compiled programs", { timeout: 120_000 }, () => {
  let programs: Programs;
  beforeAll(async () => {
    await loadEngine("tensorflow");
    programs = createCompiledPrograms({ precision: "f32" });
  });

  it.each(["adam", "sgd", "lars"] as const)("resumed from a checkpoint's bytes it is the uninterrupted run (%s)", async (optimiser) => {
    const config = tinyConfig({ pretrain: { optimiser } });
    const whole = await run(programs, config);
    const middle = decodeCheckpoint(encodeCheckpoint(checkpoints(whole)[1]!));
    expect(middle.step).toBe(8);
    const rest = await run(programs, config, middle);
    expect(largestDifference(losses(rest), losses(whole).slice(8))).toBeLessThan(1e-5);
    const [found, expected] = [checkpoints(rest).at(-1)!.tensors, checkpoints(whole).at(-1)!.tensors];
    for (const [name, { data }] of expected) expect(largestDifference(found.get(name)!.data, data), name).toBeLessThan(1e-5);
  });

  it("takes tiles as the store has them, with the result of prepared ones", async () => {
    const [held, streamed] = [await run(programs, tinyConfig()), await run(programs, tinyConfig(), undefined, 0)];
    expect(largestDifference(losses(streamed), losses(held))).toBeLessThan(1e-4);
  });

  // The rate and the temperature keep rounding errors small: see worker.test.ts.
  it.each([false, true])("loses over 50 steps what the steps as they are written lose (own operations: %s)", async (ownKernels) => {
    const config = tinyConfig({ pretrain: { epochs: 10, temperature: 1, learningRate: 5e-5 } });
    const eager = losses(await run(EAGER_PROGRAMS, config));
    const compiled = losses(await run(createCompiledPrograms({ precision: "f32", ownKernels }), config));
    expect(eager).toHaveLength(50);
    expect(largestDifference(compiled, eager)).toBeLessThan(1e-4);
  });

  it.each(["f32", "bf16"] as const)(
    "takes several batches a step, activations computed again, with own operations (%s)",
    async (precision) => {
      const own = createCompiledPrograms({ precision, ownKernels: true });
      const events = await run(own, tinyConfig({ pretrain: { batchSize: 4, accumulate: 2, clipNorm: 1, recompute: true } }));
      const steps = events.filter((event) => event.kind === "step");
      expect(steps.at(-1)).toMatchObject({ step: 15, steps: 15 });
      expect(steps.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    },
  );
});
