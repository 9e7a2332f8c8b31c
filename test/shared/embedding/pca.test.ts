import { describe, expect, it } from "vitest";
import { fitPca, projectRows } from "../../../shared/embedding/pca.ts";
import { symmetricEigenvectors } from "../../../shared/embedding/symmetric-eigenvectors.ts";
import { symmetricEigenvalues } from "../../../shared/learning/symmetric-eigenvalues.ts";
import { madeFeatures } from "./made-features.ts";

const fraction = (i: number, c: number) => {
  const value = Math.sin(12.9898 * i + 78.233 * c) * 43758.5453;
  return value - Math.floor(value);
};

const ROWS = 40;
const COLUMNS = 6;
const data = {
  rows: ROWS,
  columns: COLUMNS,
  values: Float32Array.from({ length: ROWS * COLUMNS }, (_, at) => {
    const [i, c] = [Math.floor(at / COLUMNS), at % COLUMNS];
    return fraction(i, c) * (1 + (c === 1 ? 3 : 0) + (c === 4 ? 2 : 0)) + (c === 2 ? 0.5 * fraction(i, 1) : 0);
  }),
};

/*
 * What numpy 2.4.6 finds in the same numbers (x, float32 made float64):
 *   xc = x - x.mean(0); w, v = np.linalg.eigh(xc.T @ xc / 39); o = np.argsort(w)[::-1]; w = w[o]; v = v[:, o].T
 *   w / w.sum(), v (the largest coefficient made positive), xc @ v[:2].T
 */
const SHARES = [0.5551027174687089, 0.3034603959072003, 0.046623983614478];
const VECTORS = [
  [0.016704822479441994, 0.943185681177307, 0.17737048936198846, 0.006169567252007966, 0.27973439207879375, 0.01928822334351229],
  [-0.033929455450177615, -0.26444976013487165, -0.10508044623175307, 0.043296392057492306, 0.9549089009135957, 0.0644020933510016],
];
const FIRST = [-1.6201899259542292, -0.42142306677423563];
const LAST = [-1.2151888004490705, -0.5306974691774496];

describe("principal components", () => {
  it("are those of numpy", () => {
    const pca = fitPca(data, 3);
    for (const [k, share] of SHARES.entries()) expect(pca.explained[k]).toBeCloseTo(share, 9);
    expect(pca.components.length).toBe(3 * COLUMNS);
    for (const [at, value] of VECTORS.flat().entries()) expect(pca.components[at]).toBeCloseTo(value, 6);
    const { values, columns } = projectRows(data, pca);
    for (const [row, expected] of [[0, FIRST] as const, [ROWS - 1, LAST] as const])
      for (const [k, value] of expected.entries()) expect(values[row * columns + k]).toBeCloseTo(value, 5);
  });

  it("are found in a subspace of a wider matrix, the first two exactly", () => {
    const wide = madeFeatures({ rows: 200, columns: 60, groups: 6 });
    const few = fitPca(wide, 2);
    const all = fitPca(wide, 60);
    expect(all.explained.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    for (let k = 0; k < 2; k++) {
      expect(few.explained[k]).toBeCloseTo(all.explained[k]!, 10);
      for (let c = 0; c < 60; c++) expect(few.components[k * 60 + c]).toBeCloseTo(all.components[k * 60 + c]!, 6);
    }
  });

  it("come from a drawn part of the rows when all would take too long, and say so", () => {
    const many = madeFeatures({ rows: 2000, columns: 10 });
    const pca = fitPca(many, 2, { mostWork: 10 * 10 * 500 });
    expect(pca.rows).toBe(500);
    expect(pca.explained[0]).toBeCloseTo(fitPca(many, 2).explained[0]!, 1);
  });

  it("of rows that are all alike explain nothing", () => {
    const pca = fitPca({ rows: 5, columns: 3, values: new Float32Array(15).fill(2) }, 2);
    expect(pca.explained).toEqual([0, 0]);
    expect([...projectRows({ rows: 1, columns: 3, values: new Float32Array([2, 2, 2]) }, pca).values].every(Number.isFinite)).toBe(true);
  });
});

describe("eigenvectors of a symmetric matrix", () => {
  it("stand upright on each other and give the matrix again", () => {
    const n = 7;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = fraction(i, j) - 0.5;
    const { values, vectors } = symmetricEigenvectors(a, n);
    for (const [k, value] of symmetricEigenvalues(a, n).entries()) expect(values[k]).toBeCloseTo(value, 10);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let again = 0;
        let product = 0;
        for (let k = 0; k < n; k++) {
          again += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!;
          product += vectors[i * n + k]! * vectors[j * n + k]!;
        }
        expect(again).toBeCloseTo(a[i * n + j]!, 10);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 10);
      }
  });
});
