import { describe, expect, it, vi } from "vitest";
import { type Picture, TileStrips } from "../../../../renderer/views/data/tile-strips.ts";

interface Request {
  readonly strip: number;
  readonly signal: AbortSignal;
  done(): void;
  fail(error: Error): void;
}

/** Strips of 10 x 10 px, whose requests the test answers. */
function made(capacity = 1e6) {
  const requests: Request[] = [];
  const closed: number[] = [];
  const strips = new TileStrips<Picture>({
    concurrent: 2,
    capacity,
    load: (strip, signal) =>
      new Promise((resolve, reject) => {
        const picture = { width: 10, height: 10, close: () => closed.push(strip) };
        requests.push({ strip, signal, done: () => resolve(picture), fail: reject });
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

  it("are given up when they are scrolled past, and those now seen are asked for at once", async () => {
    const { strips, requests, closed, settled, asked } = made();
    strips.show([1, 2]);
    strips.show([2, 8]);
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(requests[1]!.signal.aborted).toBe(false);
    expect(asked()).toEqual([1, 2, 8]);
    requests[0]!.done();
    await settled();
    expect(strips.get(1)).toBeUndefined();
    expect(closed).toEqual([1]);
  });

  it("are asked for after a jump only when no other follows", () => {
    vi.useFakeTimers();
    try {
      const { strips, asked } = made();
      strips.show([1, 2]);
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
    const { strips, requests, closed, settled, asked } = made(2 * 400);
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
