// A value that can be watched: the present value first, then each later one. A slow watcher skips to the newest.

export class Watched<T> {
  private current: T;
  private readonly wakers = new Set<() => void>();

  constructor(initial: T) {
    this.current = initial;
  }

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    this.current = value;
    for (const wake of this.wakers) wake();
  }

  /**
   * Yields the value now and after changes until the signal aborts (then it ends without an error).
   * @param minimumGapMs values that follow faster are merged into the newest
   */
  async *watch(signal: AbortSignal | undefined, minimumGapMs = 100): AsyncGenerator<T> {
    let changed = true;
    let wake: () => void = () => {};
    const onChange = () => {
      changed = true;
      wake();
    };
    this.wakers.add(onChange);
    signal?.addEventListener("abort", onChange);
    try {
      while (!signal?.aborted) {
        if (!changed) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (changed || signal?.aborted) resolve();
          });
          continue;
        }
        changed = false;
        yield this.current;
        await new Promise((resolve) => setTimeout(resolve, minimumGapMs));
      }
    } finally {
      this.wakers.delete(onChange);
      signal?.removeEventListener("abort", onChange);
    }
  }
}
