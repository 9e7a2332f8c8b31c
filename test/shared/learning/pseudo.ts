// The numbers of test/fixtures/make_learning_fixtures.py, made anew: they hang on name and position alone.

/** Uniform-looking numbers in [-1, 1). */
export function pseudo(name: string, size: number): Float64Array {
  let phase = 0;
  for (let i = 0; i < name.length; i++) phase += name.charCodeAt(i) * (i + 1);
  phase %= 1000;
  const values = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const value = Math.sin(i * 12.9898 + phase) * 43758.5453;
    values[i] = (value - Math.floor(value)) * 2 - 1;
  }
  return values;
}

/** The values of a parameter in PyTorch's layout. */
export function pseudoParameter(name: string, shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  const isScale = name.endsWith("running_var") || (name.endsWith("weight") && shape.length === 1);
  const [centre, spread] = isScale ? [1, 0.3] : shape.length === 1 ? [0, 0.2] : [0, Math.sqrt(6 / (size / shape[0]!))];
  const values = pseudo(name, size);
  const parameter = new Float32Array(size);
  for (let i = 0; i < size; i++) parameter[i] = centre + spread * values[i]!;
  return parameter;
}

/** The values of a parameter under which most units pass the rectifier (make_encoder_fixtures.py, `load_calm`). */
export function calmPseudoParameter(name: string, shape: readonly number[]): Float32Array {
  const values = pseudoParameter(name, shape);
  if (name.endsWith("bias")) return values.map((v) => v + 0.5);
  return shape.length === 1 && name.endsWith("weight") ? values.map((v) => v * 0.5) : values;
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
