// A small data set in memory: tiles of two resolutions whose positives have a brighter near infrared and finer parcels.
import { Random } from "../../../shared/domain/random.ts";
import { RunConfig } from "../../../shared/domain/run-config.ts";
import type { PlacedTile } from "../../../shared/domain/splits.ts";
import type { RawTiles, TileLayout, TileReader } from "../../../shared/learning/tiles.ts";

export const IRRIGATED = "Permanently irrigated land";
const PIXELS = 16;

export const LAYOUT: TileLayout = {
  tilePixels: PIXELS,
  groups: [
    { name: "10m", pixels: PIXELS, bands: ["B04", "B08"] },
    { name: "20m", pixels: PIXELS / 2, bands: ["B11"] },
  ],
  radiometry: { quantification: 10_000, offset: 0 },
  statistics: {
    B04: { mean: 0.1, std: 0.03, validPixels: 1, minimum: 0, maximum: 1 },
    B08: { mean: 0.25, std: 0.06, validPixels: 1, minimum: 0, maximum: 1 },
    B11: { mean: 0.2, std: 0.05, validPixels: 1, minimum: 0, maximum: 1 },
  },
};

export const isPositiveIndex = (index: number) => index % 3 === 0;

/** Reader of `count` tiles; `reads` counts calls, `delayMs` makes them late. */
export function createMemoryStore(count: number, options: { delayMs?: number } = {}) {
  const tileOf = (index: number): Uint16Array[] => {
    const random = Random.of("memory tile", index);
    const [field, tilt] = [0.02 * random.normal(), 0.01 * random.normal()];
    const parcel = isPositiveIndex(index) ? 2 : 6;
    return LAYOUT.groups.map(({ pixels, bands }) => {
      const scale = PIXELS / pixels;
      const values = new Uint16Array(bands.length * pixels * pixels);
      bands.forEach((band, b) => {
        const { mean, std } = LAYOUT.statistics[band]!;
        for (let i = 0; i < pixels * pixels; i++) {
          const [row, column] = [Math.floor(i / pixels) * scale, (i % pixels) * scale];
          const stripe = (Math.floor(row / parcel) + Math.floor(column / parcel)) % 2 ? std : -std;
          const reflectance = mean + field + tilt * (row / PIXELS) + stripe * (band === "B08" ? 1 : -0.5) + 0.2 * std * random.normal();
          values[b * pixels * pixels + i] = Math.max(1, Math.round(reflectance * 10_000));
        }
      });
      return values;
    });
  };
  const data = Array.from({ length: count }, (_, index) => tileOf(index));
  const store = { reads: 0 };
  const reader: TileReader = {
    layout: LAYOUT,
    async read(rows, { signal, into } = {}): Promise<RawTiles> {
      store.reads++;
      if (options.delayMs) await new Promise((resolve) => setTimeout(resolve, options.delayMs));
      signal?.throwIfAborted();
      const buffers = LAYOUT.groups.map(({ pixels, bands }, g) => {
        const size = bands.length * pixels * pixels;
        const given = into?.[g];
        const buffer = given && given.length >= rows.length * size ? given : new Uint16Array(rows.length * size);
        for (let i = 0; i < rows.length; i++) buffer.set(data[rows[i]!]![g]!, i * size);
        return buffer;
      });
      return {
        count: rows.length,
        groups: buffers.map((buffer, g) => buffer.subarray(0, (rows.length * data[0]![g]!.length) as number)),
      };
    },
  };
  const tiles: PlacedTile[] = Array.from({ length: count }, (_, index) => ({
    index,
    crs: "EPSG:32630",
    transform: [10, 0, 500_000 + (index % 12) * 1200, 0, -10, 4_000_000 - Math.floor(index / 12) * 1200],
    granule: null,
    labels: isPositiveIndex(index) ? [IRRIGATED] : ["Pastures"],
  }));
  return { reader, tiles, store };
}

/** A run on this data set that takes seconds. */
export function tinyConfig(overrides: { [key: string]: unknown; pretrain?: object; finetune?: object } = {}): RunConfig {
  return RunConfig.parse({
    version: 1,
    dataset: "memory",
    arm: "flip+shift",
    seed: 3,
    encoder: "small",
    bands: ["B08", "B04", "B11"],
    ...overrides,
    pretrain: {
      epochs: 3,
      batchSize: 8,
      temperature: 0.2,
      learningRate: 1e-3,
      checkpointEverySteps: 4,
      healthEveryEpochs: 1,
      probeTiles: 16,
      ...overrides.pretrain,
    },
    finetune: {
      labelSets: [{ name: "irrigated", classes: [IRRIGATED] }],
      percents: [100],
      blockMetres: 2400,
      mode: "linear",
      features: "h",
      ...overrides.finetune,
    },
  });
}

export const allRows = (count: number) => Int32Array.from({ length: count }, (_, i) => i);
