// Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi's rotations (Golub and Van Loan, Matrix Computations, 8.5).

const MOST_SWEEPS = 30;
/** Of the squares beside the diagonal against those on it: the vectors are then right to 12 digits or more. */
const TOLERANCE = 1e-26;

/**
 * @param matrix symmetric, row by row // [n, n]
 * @returns `values` largest first; `vectors` their unit vectors, a row each // [n, n]
 */
export function symmetricEigenvectors(matrix: Float64Array, n: number): { values: Float64Array<ArrayBuffer>; vectors: Float64Array } {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(n * n); // rows are vectors
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let off = 0;
    let on = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (i === j) on += a[i * n + j]! ** 2;
        else off += a[i * n + j]! ** 2;
      }
    if (off <= TOLERANCE * on) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const values = Float64Array.from(order, (i) => a[i * n + i]!);
  const vectors = new Float64Array(n * n);
  for (const [to, from] of order.entries()) vectors.set(v.subarray(from * n, (from + 1) * n), to * n);
  return { values, vectors };
}

/** Turns the plane of p and q so that a[p, q] vanishes. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const akp = a[k * n + p]!;
    const akq = a[k * n + q]!;
    a[k * n + p] = c * akp - s * akq;
    a[k * n + q] = s * akp + c * akq;
  }
  for (const rows of [a, v])
    for (let k = 0; k < n; k++) {
      const xp = rows[p * n + k]!;
      const xq = rows[q * n + k]!;
      rows[p * n + k] = c * xp - s * xq;
      rows[q * n + k] = s * xp + c * xq;
    }
}
