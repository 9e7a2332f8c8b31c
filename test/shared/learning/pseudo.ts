// The numbers of test/fixtures/make_learning_fixtures.py, made anew: they hang on name and position alone.

/** Uniform-looking numbers in [-1, 1). */
export function pseudo(name: string, size: number): Float64Array {
  let phase = 0;
  for (let i = 0; i < name.length; i++) phase += name.charCodeAt(i) * (i + 1);
  phase %= 1000;
  return Float64Array.from({ length: size }, (_, i) => {
    const value = Math.sin(i * 12.9898 + phase) * 43758.5453;
    return (value - Math.floor(value)) * 2 - 1;
  });
}

/** The values of a parameter in PyTorch's layout. */
export function pseudoParameter(name: string, shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  const values = pseudo(name, size);
  if (name.endsWith("running_var") || (name.endsWith("weight") && shape.length === 1)) return Float32Array.from(values, (v) => 1 + 0.3 * v);
  if (shape.length === 1) return Float32Array.from(values, (v) => 0.2 * v);
  const scale = Math.sqrt(6 / (size / shape[0]!));
  return Float32Array.from(values, (v) => v * scale);
}

/** Largest difference over the largest reference value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Number.isFinite(found[i]!) ? Math.abs(found[i]! - expected[i]!) : Number.POSITIVE_INFINITY);
  }
  return difference / Math.max(largest, 1e-12);
}
