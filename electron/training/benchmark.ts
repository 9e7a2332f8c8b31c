// The speed of pretraining here: a few steps of the real loop on random tiles.
import { BAND_NAMES } from "../../shared/domain/bands.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { Random } from "../../shared/domain/random.ts";
import { type EncoderName, RunConfig } from "../../shared/domain/run-config.ts";
import { pretrain } from "../../shared/learning/pretrain.ts";
import type { Programs } from "../../shared/learning/program.ts";
import type { TileLayout, TileReader } from "../../shared/learning/tiles.ts";

export interface BenchmarkOptions {
  readonly encoder: EncoderName;
  /** Side of the input. */
  readonly pixels: number;
  readonly channels: number;
  /** Tiles a step; two views each. */
  readonly batchSize: number;
  /** Steps that count; more are done before. */
  readonly steps: number;
  /** What runs the steps; as they are written when not given. */
  readonly programs?: Programs | undefined;
}

/** The first steps compile and warm up. */
const WARM_UP_STEPS = 2;

/** Measures training steps of the arm `all`, the dearest. */
export async function benchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<{ viewsPerSecond: number; stepMs: number }> {
  const { encoder, pixels, channels, batchSize, steps, programs } = options;
  if (channels > BAND_NAMES.length) throw new AppError("BAD_ARGUMENT", `${channels} channels: Sentinel-2 has ${BAND_NAMES.length} bands.`);
  const allSteps = steps + WARM_UP_STEPS;
  const config = RunConfig.parse({
    version: 1,
    dataset: "benchmark",
    arm: "all",
    seed: 0,
    encoder,
    bands: BAND_NAMES.slice(0, channels),
    pretrain: { epochs: allSteps, batchSize, healthEveryEpochs: 10_000, checkpointEverySteps: 1_000_000 },
  });
  const rows = Int32Array.from({ length: batchSize }, (_, i) => i);
  const run = pretrain({
    config,
    reader: randomTiles(config, pixels),
    rows,
    probe: { rows: rows.subarray(0, 2), labels: null },
    programs,
    signal,
    reportEveryMs: 0,
  });
  const rates: number[] = [];
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    const event = next.value;
    if (event.kind === "step" && event.step > WARM_UP_STEPS) rates.push(event.viewsPerSecond);
  }
  next.value.dispose();
  const stepMs = rates.map((rate) => (2000 * batchSize) / rate).sort((a, b) => a - b)[Math.floor(rates.length / 2)]!;
  return { viewsPerSecond: (2000 * batchSize) / stepMs, stepMs };
}

function randomTiles({ bands }: RunConfig, pixels: number): TileReader {
  const layout: TileLayout = {
    tilePixels: pixels,
    groups: [{ name: "10m", pixels, bands }],
    radiometry: { quantification: 10_000, offset: 0 },
    statistics: Object.fromEntries(bands.map((band) => [band, { mean: 0.15, std: 0.05, validPixels: 1, minimum: 0, maximum: 1 }])),
  };
  return {
    layout,
    async read(rows) {
      const random = Random.of("benchmark");
      const values = new Uint16Array(rows.length * bands.length * pixels * pixels);
      for (let i = 0; i < values.length; i++) values[i] = 500 + (random.nextInt32() & 2047);
      return { count: rows.length, groups: [values] };
    },
  };
}
