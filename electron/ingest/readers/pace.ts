// Long loops that let the program breathe: they hand over to the event loop every few milliseconds, and end when told to.

const TURN_MS = 25;
/** Calls between looks at the clock. */
const CALLS = 32;

/** Lets other work and the signal in. @throws the reason of the abort */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** `await pace.breathe()` in each turn of a loop: the screen and a cancellation are served meanwhile. */
export class Pace {
  private readonly signal: AbortSignal | undefined;
  private calls = 0;
  private since = performance.now();

  constructor(signal?: AbortSignal) {
    this.signal = signal;
  }

  /** @throws the reason of the abort */
  breathe(): Promise<void> | undefined {
    if (++this.calls % CALLS !== 0 || performance.now() - this.since < TURN_MS) return undefined;
    return this.rest();
  }

  private async rest(): Promise<void> {
    await pause(this.signal);
    this.since = performance.now();
  }
}
