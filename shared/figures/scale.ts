// Linear scales and round ticks.

export interface Scale {
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
  /** Place of a value, px; not clamped. */
  at(value: number): number;
  /** Value at a place. */
  invert(place: number): number;
}

/** A linear scale. A domain without extent is widened, so that every value has a place. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = widened(domain);
  const [from, to] = range;
  return {
    domain: [low, high],
    range,
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    invert: (place) => low + ((place - from) / (to - from)) * (high - low),
  };
}

function widened([low, high]: readonly [number, number]): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (high > low) return [low, high];
  const half = Math.abs(low) * 0.05 || 0.5;
  return [low - half, low + half];
}

/** The step 1, 2 or 5 times a power of ten that gives about `count` intervals. */
export function tickStep(low: number, high: number, count: number): number {
  const raw = (high - low) / Math.max(1, count);
  if (!(raw > 0) || !Number.isFinite(raw)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const share = raw / power;
  return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

/** Round ticks inside a domain, about `count` of them. */
export function ticks([low, high]: readonly [number, number], count: number): number[] {
  const step = tickStep(low, high, count);
  const out: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

/** The domain widened to whole ticks. */
export function niceDomain([low, high]: readonly [number, number], count: number): [number, number] {
  const [a, b] = widened([low, high]);
  const step = tickStep(a, b, count);
  return [Number((Math.floor(a / step + 1e-9) * step).toPrecision(12)), Number((Math.ceil(b / step - 1e-9) * step).toPrecision(12))];
}

/** Ticks as text, all with the decimals that the finest needs; thousands apart. */
export function tickLabels(values: readonly number[]): string[] {
  const decimals = Math.max(0, ...values.map((value) => (String(Number(value.toPrecision(10))).split(".")[1] ?? "").length));
  return values.map((value) => withSpaces(value.toFixed(Math.min(6, decimals))));
}

/** `12 345` and `−3`: thin groups from five digits on, a true minus sign. */
function withSpaces(text: string): string {
  const [whole = "", fraction] = text.replace("-", "").split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return `${text.startsWith("-") ? "−" : ""}${grouped}${fraction ? `.${fraction}` : ""}`;
}

/** Least and largest of what is finite; null of nothing. */
export function extent(values: Iterable<number | null | undefined>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value == null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}
