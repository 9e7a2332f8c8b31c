// A value with the ones before it: undo and redo. Changes of one kind that follow one another closely, such as a dragged slider, are one step.
export interface Step<T> {
  readonly value: T;
  /** What was changed after it: `rotation probability`. */
  readonly label: string;
}

export interface History<T> {
  readonly past: readonly Step<T>[];
  readonly present: T;
  readonly future: readonly Step<T>[];
  /** Of the newest change. */
  readonly changedAt: number;
}

const MOST_STEPS = 100;
/** Changes of one label within so long are one step, ms. */
const JOINED_MS = 1_000;

export const historyOf = <T>(present: T): History<T> => ({ past: [], present, future: [], changedAt: Number.NEGATIVE_INFINITY });

/** @param now wall clock, ms */
export function changed<T>(history: History<T>, present: T, label: string, now: number): History<T> {
  const isJoined = history.future.length === 0 && history.past.at(-1)?.label === label && now - history.changedAt < JOINED_MS;
  const past = isJoined ? history.past : [...history.past, { value: history.present, label }].slice(-MOST_STEPS);
  return { past, present, future: [], changedAt: now };
}

export function undone<T>({ past, present, future }: History<T>): History<T> {
  const step = past.at(-1);
  if (!step) return { past, present, future, changedAt: Number.NEGATIVE_INFINITY };
  return {
    past: past.slice(0, -1),
    present: step.value,
    future: [{ value: present, label: step.label }, ...future],
    changedAt: Number.NEGATIVE_INFINITY,
  };
}

export function redone<T>({ past, present, future }: History<T>): History<T> {
  const [step, ...later] = future;
  if (!step) return { past, present, future, changedAt: Number.NEGATIVE_INFINITY };
  return {
    past: [...past, { value: present, label: step.label }],
    present: step.value,
    future: later,
    changedAt: Number.NEGATIVE_INFINITY,
  };
}
