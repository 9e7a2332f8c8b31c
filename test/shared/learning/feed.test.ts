// The feed: the same tiles held or streamed, read ahead, cancelled, nothing left.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { consecutive, createTileFeed, padded } from "../../../shared/learning/feed.ts";
import { createPreparation } from "../../../shared/learning/prepare.ts";
import type { TileReader } from "../../../shared/learning/tiles.ts";
import { createMemoryStore, LAYOUT } from "./memory-store.ts";
import { relativeError } from "./pseudo.ts";

beforeAll(() => loadEngine("auto"));

const ROWS = Int32Array.of(7, 3, 11, 0, 5, 2, 9);
const prepare = () => createPreparation({ layout: LAYOUT, bands: ["B11", "B04"], inputPixels: null });
const HELD = 2 ** 30;

test.each([HELD, 0])("gives the tiles of the positions asked for, in their order (budget %d)", async (memoryBudgetBytes) => {
  const before = tf.memory().numTensors;
  const { reader } = createMemoryStore(12);
  const { reader: other } = createMemoryStore(12); // with buffers of its own
  const preparation = prepare();
  const feed = await createTileFeed({ reader, preparation, rows: ROWS, memoryBudgetBytes });
  expect(feed.isResident).toBe(memoryBudgetBytes === HELD);
  const order = [Int32Array.of(6, 0), Int32Array.of(3, 3, 1)];
  let i = 0;
  for await (const { inputs, waitMs } of feed.batches(order)) {
    const tiles = feed.tiles(inputs);
    const specifications = feed.specifications(tiles.shape[0]);
    for (const [name, { shape, dtype }] of Object.entries(inputs)) expect({ shape, dtype }).toEqual(specifications[name]);
    const rows = order[i++]!.map((position) => ROWS[position]!);
    const expected = preparation.prepare(await other.read(rows));
    expect(tiles.shape).toEqual([rows.length, 16, 16, 2]);
    expect(relativeError((await tiles.data()) as Float32Array, (await expected.data()) as Float32Array)).toBe(0);
    expect(waitMs).toBeGreaterThanOrEqual(0);
    tf.dispose([tiles, expected, Object.values(inputs)]);
  }
  expect(i).toBe(2);
  feed.dispose();
  preparation.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("the next batch is being read while the consumer works on one, and no more than that", async () => {
  const { reader } = createMemoryStore(12);
  const log: string[] = [];
  const logged: TileReader = {
    layout: reader.layout,
    read(rows) {
      log.push(`read ${rows[0]}`);
      return reader.read(rows);
    },
  };
  const preparation = prepare();
  const feed = await createTileFeed({ reader: logged, preparation, rows: Int32Array.of(0, 1, 2, 3), memoryBudgetBytes: 0 });
  for await (const { inputs } of feed.batches(consecutive(4, 1))) {
    log.push("step");
    tf.dispose(Object.values(inputs));
  }
  expect(log).toEqual(["read 0", "read 1", "step", "read 2", "step", "read 3", "step", "step"]);
  preparation.dispose();
});

test.each([HELD, 0])("hands the signal to the reader and ends with its reason (budget %d)", async (memoryBudgetBytes) => {
  const before = tf.memory().numTensors;
  const { reader } = createMemoryStore(12, { delayMs: 5 });
  const preparation = prepare();
  const controller = new AbortController();
  const reason = new Error("cancelled");
  const work = async () => {
    const pending = createTileFeed({ reader, preparation, rows: ROWS, memoryBudgetBytes, signal: controller.signal });
    if (memoryBudgetBytes > 0) controller.abort(reason);
    const feed = await pending;
    for await (const { inputs } of feed.batches(consecutive(7, 2), { signal: controller.signal })) {
      tf.dispose(Object.values(inputs));
      controller.abort(reason);
    }
  };
  await expect(work()).rejects.toBe(reason);
  preparation.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("a failing read is thrown where the batch is awaited; one that nobody awaits is not unhandled", async () => {
  const failure = new Error("disk");
  const failing: TileReader = { layout: LAYOUT, read: () => Promise.reject(failure) };
  const preparation = prepare();
  const feed = await createTileFeed({ reader: failing, preparation, rows: ROWS, memoryBudgetBytes: 0 });
  await expect(feed.batches(consecutive(7, 2)).next()).rejects.toBe(failure);

  const { reader } = createMemoryStore(12);
  let reads = 0;
  const late: TileReader = { layout: LAYOUT, read: (rows) => (reads++ === 0 ? reader.read(rows) : Promise.reject(failure)) };
  const lateFeed = await createTileFeed({ reader: late, preparation, rows: ROWS, memoryBudgetBytes: 0 });
  for await (const { inputs } of lateFeed.batches(consecutive(7, 2))) {
    tf.dispose(Object.values(inputs));
    break;
  }
  preparation.dispose();
});

test("padded batches have one size and repeat the last position", () => {
  expect([...padded(5, 2)]).toEqual([Int32Array.of(0, 1), Int32Array.of(2, 3), Int32Array.of(4, 4)]);
  expect([...padded(2, 2)]).toEqual([Int32Array.of(0, 1)]);
});
