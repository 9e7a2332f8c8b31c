// Eigenvalues of a symmetric matrix: Householder's tridiagonal form, then the implicit QL algorithm (Golub and Van Loan, Matrix Computations, 8.3).

/**
 * All eigenvalues, largest first.
 * @param matrix symmetric, row by row // [n, n]
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  if (matrix.length !== n * n) throw new RangeError(`${matrix.length} values for a matrix of ${n} x ${n}`);
  const { diagonal, offDiagonal } = tridiagonalise(Float64Array.from(matrix), n);
  solveTridiagonal(diagonal, offDiagonal);
  return diagonal.sort().reverse();
}

/** Reduces A by reflections that each clear one row left of the sub-diagonal. Overwrites `a`. */
function tridiagonalise(a: Float64Array, n: number): { diagonal: Float64Array; offDiagonal: Float64Array } {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n); // [i]: between i and i + 1
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let last = n - 1; last >= 1; last--) {
    const row = last * n;
    let norm = 0;
    for (let j = 0; j < last; j++) norm += a[row + j]! ** 2;
    norm = Math.sqrt(norm);
    diagonal[last] = a[row + last]!;
    const beside = a[row + last - 1]!;
    const alpha = beside > 0 ? -norm : norm;
    offDiagonal[last - 1] = alpha;
    if (norm === 0) continue;
    // v = x - alpha e, H = I - v v^T / half
    for (let j = 0; j < last; j++) v[j] = a[row + j]!;
    v[last - 1] = beside - alpha;
    const half = norm * norm - alpha * beside;
    if (half === 0) continue;
    // p = A v / half; then A <- A - v q^T - q v^T with q = p - (v.p / 2 half) v
    let dot = 0;
    for (let i = 0; i < last; i++) {
      let sum = 0;
      for (let j = 0; j < last; j++) sum += a[i * n + j]! * v[j]!;
      p[i] = sum / half;
      dot += p[i]! * v[i]!;
    }
    const shift = dot / (2 * half);
    for (let i = 0; i < last; i++) p[i] = p[i]! - shift * v[i]!;
    for (let i = 0; i < last; i++) {
      const vi = v[i]!;
      const qi = p[i]!;
      for (let j = 0; j < last; j++) a[i * n + j] = a[i * n + j]! - vi * p[j]! - qi * v[j]!;
    }
  }
  if (n > 0) diagonal[0] = a[0]!;
  return { diagonal, offDiagonal };
}

/** Implicit QL with Wilkinson's shift; the eigenvalues replace the diagonal. */
function solveTridiagonal(d: Float64Array, e: Float64Array): void {
  const n = d.length;
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      let m = l;
      for (; m < n - 1; m++) if (Math.abs(e[m]!) <= Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) break;
      if (m === l) break;
      if (iteration > 60) throw new Error("eigenvalues did not converge"); // 30 suffice for every known matrix
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let r = Math.hypot(g, 1);
      g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] = d[i + 1]! - p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        r = (d[i]! - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
      }
      if (r === 0 && i >= l) continue;
      d[l] = d[l]! - p;
      e[l] = g;
      e[m] = 0;
    }
  }
}
