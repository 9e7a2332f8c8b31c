import { describe, expect, it, vi } from "vitest";
import { type Picture, TileStrips } from "../../../../renderer/views/data/tile-strips.ts";

interface Request {
  readonly strip: number;
  readonly level: number;
  readonly signal: AbortSignal;
  done(): void;
  fail(error: Error): void;
}

/** Strips of 10 x 10 px, of 20 x 20 px at the second level, whose requests the test answers. */
function made({ capacity = 1e6, levels = 1 } = {}) {
  const requests: Request[] = [];
  const closed: number[] = [];
  const strips = new TileStrips<Picture>({
    levels,
    concurrent: 2,
    capacity,
    load: (strip, level, signal) =>
      new Promise((resolve, reject) => {
        const side = 10 * (level + 1);
        const picture = { width: side, height: side, close: () => closed.push(strip) };
        requests.push({ strip, level, signal, done: () => resolve(picture), fail: reject });
      }),
  });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const asked = () => requests.map(({ strip }) => strip);
  return { strips, requests, closed, settled, asked };
}

describe("strips of tiles", () => {
  it("are asked for in order, a few at once", async () => {
    const { strips, requests, settled, asked } = made();
    strips.show([3, 4, 5]);
    expect(asked()).toEqual([3, 4]);
    requests[0]!.done();
    await settled();
    expect(asked()).toEqual([3, 4, 5]);
    expect(strips.get(3)).toBeDefined();
  });

  it("are coarse at first, and fine ones are asked for when no coarse one is missing", async () => {
    const { strips, requests, settled } = made({ levels: 2 });
    const order = () => requests.map(({ strip, level }) => [strip, level]);
    strips.show([1, 2, 3]);
    requests[0]!.done();
    await settled();
    expect(strips.get(1)?.width).toBe(10);
    requests[1]!.done();
    await settled();
    expect(order()).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [1, 1],
    ]);
    requests[3]!.done();
    await settled();
    expect(strips.get(1)?.width).toBe(20);
  });

  it("are given up when fine and scrolled past, while coarse ones are kept for the way back", async () => {
    const { strips, requests, closed, settled, asked } = made({ levels: 2 });
    strips.show([1, 2]);
    requests[0]!.done();
    requests[1]!.done();
    await settled();
    expect(asked()).toEqual([1, 2, 1, 2]);
    strips.show([2, 8]);
    expect(requests[2]!.signal.aborted).toBe(true);
    expect(requests[3]!.signal.aborted).toBe(false);
    expect(asked()).toEqual([1, 2, 1, 2, 8]);
    requests[2]!.done();
    await settled();
    expect(closed).toEqual([1]);
    expect(strips.get(1)?.width).toBe(10);
    strips.show([9]);
    strips.show([]);
    expect(requests[4]!.signal.aborted).toBe(false);
    requests[4]!.done();
    await settled();
    expect(strips.get(8)?.width).toBe(10);
  });

  it("are asked for after a jump only when no other follows", async () => {
    const { strips, requests, settled, asked } = made();
    strips.show([1, 2]);
    for (const { done } of requests) done();
    await settled();
    vi.useFakeTimers();
    try {
      for (const strip of [100, 200, 300]) {
        strips.show([strip, strip + 1]);
        vi.advanceTimersByTime(16);
      }
      expect(asked()).toEqual([1, 2]);
      vi.advanceTimersByTime(50);
      expect(asked()).toEqual([1, 2, 300, 301]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are not asked for again while they are kept, and the one used longest ago is dropped first", async () => {
    const { strips, requests, closed, settled, asked } = made({ capacity: 2 * 400 });
    strips.show([1]);
    requests.at(-1)!.done();
    await settled();
    strips.show([1, 2]);
    requests.at(-1)!.done();
    await settled();
    strips.show([2, 1]);
    expect(asked()).toEqual([1, 2]);
    strips.show([1, 3]);
    requests.at(-1)!.done();
    await settled();
    expect(closed).toEqual([2]);
    expect(strips.get(1)).toBeDefined();
  });

  it("are dropped when fine before any coarse one is", async () => {
    const { strips, requests, closed, settled } = made({ capacity: 3 * 400 + 1600, levels: 2 });
    for (const strip of [1, 2]) {
      strips.show([strip]);
      for (let level = 0; level < 2; level++) {
        await vi.waitFor(() => expect(requests.at(-1)).toMatchObject({ strip, level }));
        requests.at(-1)!.done();
        await settled();
      }
    }
    expect(closed).toEqual([1]);
    expect([strips.get(1)?.width, strips.get(2)?.width]).toEqual([10, 20]);
  });

  it("tell what failed, once, and are asked for again when wanted", async () => {
    const { strips, requests, settled, asked } = made();
    const told: number[] = [];
    strips.subscribe((strip) => told.push(strip));
    strips.show([1]);
    requests[0]!.fail(new Error("gone"));
    await settled();
    strips.show([1, 2]);
    expect(asked()).toEqual([1, 2]);
    expect(strips.failure).toEqual(new Error("gone"));
    strips.retry();
    expect(asked()).toEqual([1, 2, 1]);
    expect(strips.failure).toBeUndefined();
    expect(told).toEqual([1]);
  });

  it("let everything go when they are closed", async () => {
    const { strips, requests, closed, settled } = made();
    strips.show([1, 2]);
    requests[0]!.done();
    await settled();
    strips.close();
    expect(closed).toEqual([1]);
    expect(requests[1]!.signal.aborted).toBe(true);
  });
});
