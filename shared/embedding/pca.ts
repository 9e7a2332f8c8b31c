// Principal components: the covariance of all rows, its leading eigenvectors by subspace iteration (Golub and Van Loan, Matrix Computations, 8.2).
import { Random } from "../domain/random.ts";
import { type Matrix, rowsOf } from "./matrix.ts";
import { symmetricEigenvectors } from "./symmetric-eigenvectors.ts";

export interface Pca {
  readonly means: Float64Array;
  /** Unit vectors, the most explaining first; the largest coefficient of each is positive. // [count, columns] */
  readonly components: Float64Array;
  /** Of the whole variance, of each component, 0..1. */
  readonly explained: readonly number[];
  /** Rows that the components were found from: all, unless that would take minutes. */
  readonly rows: number;
}

/** Multiplications of a covariance that are waited for: 100,000 rows of 512 numbers, about 15 s. Beyond, as many rows are drawn as this allows. */
const MOST_WORK = 3e10;
/** Vectors beside those asked for: the iteration converges by the gap to the first eigenvalue that is left out. */
const MORE_VECTORS = 10;
/** The first two make the picture and converge to the tolerance; for the rest, which only serve to reduce, these many suffice. */
const LEAST_ITERATIONS = 20;
const MOST_ITERATIONS = 300;
/** Of |C v - lambda v| against the largest eigenvalue. */
const TOLERANCE = 1e-9;

export interface PcaOptions {
  readonly mostWork?: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The first components of the rows. @param count how many, at most as many as there are columns */
export function fitPca(data: Matrix, count: number, { mostWork = MOST_WORK, onProgress }: PcaOptions = {}): Pca {
  const { columns } = data;
  const most = Math.max(2 * columns, Math.floor(mostWork / columns ** 2));
  const sample = data.rows <= most ? data : rowsOf(data, drawn(data.rows, most));
  const { means, covariance } = covarianceOf(sample, onProgress);
  let total = 0;
  for (let c = 0; c < columns; c++) total += covariance[c * columns + c]!;
  const { values, vectors } = leadingEigenvectors(covariance, columns, Math.min(count, columns));
  return {
    means,
    components: vectors,
    explained: [...values].map((value) => (total > 0 ? Math.max(0, value) / total : 0)),
    rows: sample.rows,
  };
}

/** The rows along the components. // [rows, components] */
export function projectRows({ rows, columns, values }: Matrix, { means, components }: Pca): Matrix {
  const count = components.length / columns;
  const out = new Float32Array(rows * count);
  const centred = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < columns; c++) centred[c] = values[i * columns + c]! - means[c]!;
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let c = 0, at = k * columns; c < columns; c++, at++) sum += centred[c]! * components[at]!;
      out[i * count + k] = sum;
    }
  }
  return { rows, columns: count, values: out };
}

function drawn(rows: number, count: number): Int32Array {
  const order = Random.of("rows of the covariance").shuffled(Array.from({ length: rows }, (_, i) => i));
  return Int32Array.from(order.slice(0, count)).sort();
}

/** Four rows at once: the sums are read and written once for them. */
const AT_ONCE = 4;

function covarianceOf({ rows, columns, values }: Matrix, onProgress: PcaOptions["onProgress"]) {
  const means = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let c = 0; c < columns; c++) means[c] = means[c]! + values[i * columns + c]!;
  for (let c = 0; c < columns; c++) means[c] = means[c]! / rows;
  const covariance = new Float64Array(columns * columns);
  const block = Array.from({ length: AT_ONCE }, () => new Float64Array(columns)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < rows; i += AT_ONCE) {
    block.forEach((row, r) => {
      if (i + r >= rows) row.fill(0);
      else for (let c = 0; c < columns; c++) row[c] = values[(i + r) * columns + c]! - means[c]!;
    });
    const [p, q, s, t] = block;
    for (let a = 0; a < columns; a++) {
      const [pa, qa, sa, ta] = [p[a]!, q[a]!, s[a]!, t[a]!];
      for (let b = a, at = a * columns + a; b < columns; b++, at++)
        covariance[at] = covariance[at]! + pa * p[b]! + qa * q[b]! + sa * s[b]! + ta * t[b]!;
    }
    if (i % 4096 === 0) onProgress?.(i, rows);
  }
  const scale = 1 / Math.max(1, rows - 1);
  for (let a = 0; a < columns; a++)
    for (let b = a; b < columns; b++) {
      const value = covariance[a * columns + b]! * scale;
      covariance[a * columns + b] = value;
      covariance[b * columns + a] = value;
    }
  return { means, covariance };
}

/** The eigenvectors of the largest eigenvalues of a symmetric matrix without negative ones. */
function leadingEigenvectors(matrix: Float64Array, n: number, count: number): { values: Float64Array; vectors: Float64Array } {
  const width = Math.min(n, count + MORE_VECTORS);
  const random = Random.of("start of the subspace");
  let basis = Float64Array.from({ length: width * n }, () => random.normal());
  orthonormalise(basis, width, n);
  let values = new Float64Array(width);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const image = multiplied(matrix, basis, width, n);
    // Rayleigh and Ritz: the matrix within the subspace, and its own eigenvectors.
    const small = new Float64Array(width * width);
    for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) small[a * width + b] = dot(basis, a * n, image, b * n, n);
    const ritz = symmetricEigenvectors(small, width);
    values = ritz.values;
    basis = combined(ritz.vectors, basis, width, n);
    const next = combined(ritz.vectors, image, width, n);
    let worst = 0;
    for (let k = 0; k < Math.min(2, count); k++) {
      let sum = 0;
      for (let c = 0; c < n; c++) sum += (next[k * n + c]! - values[k]! * basis[k * n + c]!) ** 2;
      worst = Math.max(worst, Math.sqrt(sum));
    }
    const isEnough = width === n || iteration >= LEAST_ITERATIONS;
    if (isEnough && worst <= TOLERANCE * Math.max(values[0]!, Number.MIN_VALUE)) break;
    basis = next;
    orthonormalise(basis, width, n);
  }
  for (let k = 0; k < count; k++) pointUp(basis.subarray(k * n, (k + 1) * n));
  return { values: values.slice(0, count), vectors: basis.slice(0, count * n) };
}

/** Rows of `basis` times a symmetric matrix. */
function multiplied(matrix: Float64Array, basis: Float64Array, width: number, n: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(width * n);
  for (let k = 0; k < width; k++) for (let c = 0; c < n; c++) out[k * n + c] = dot(matrix, c * n, basis, k * n, n);
  return out;
}

function combined(coefficients: Float64Array, rows: Float64Array, width: number, n: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(width * n);
  for (let k = 0; k < width; k++)
    for (let r = 0; r < width; r++) {
      const factor = coefficients[k * width + r]!;
      for (let c = 0; c < n; c++) out[k * n + c] = out[k * n + c]! + factor * rows[r * n + c]!;
    }
  return out;
}

/** Gram and Schmidt, twice: once leaves what rounding makes of nearly dependent rows. A row that vanishes becomes zero. */
function orthonormalise(rows: Float64Array, width: number, n: number): void {
  for (let k = 0; k < width; k++) {
    const before = Math.sqrt(dot(rows, k * n, rows, k * n, n));
    for (let pass = 0; pass < 2; pass++)
      for (let other = 0; other < k; other++) {
        const along = dot(rows, k * n, rows, other * n, n);
        for (let c = 0; c < n; c++) rows[k * n + c] = rows[k * n + c]! - along * rows[other * n + c]!;
      }
    const length = Math.sqrt(dot(rows, k * n, rows, k * n, n));
    const scale = length > 1e-12 * before ? 1 / length : 0;
    for (let c = 0; c < n; c++) rows[k * n + c] = rows[k * n + c]! * scale;
  }
}

function dot(a: Float64Array, from: number, b: Float64Array, at: number, n: number): number {
  let sum = 0;
  for (let c = 0; c < n; c++) sum += a[from + c]! * b[at + c]!;
  return sum;
}

/** The sign of an eigenvector is free: its largest coefficient becomes positive. */
function pointUp(vector: Float64Array): void {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value;
  if (largest < 0) for (let c = 0; c < vector.length; c++) vector[c] = -vector[c]!;
}
