// Vectors, row by row.

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** // [rows, columns] */
  readonly values: Float32Array;
}

/** Some rows of a matrix, in the order given. */
export function rowsOf({ columns, values }: Matrix, rows: ArrayLike<number>): Matrix {
  const out = new Float32Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) out.set(values.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
  return { rows: rows.length, columns, values: out };
}

/** Every row divided by its length; a row of zeros stays. Squared distances of such rows are 2 - 2 cos. */
export function unitRows({ rows, columns, values }: Matrix): Matrix {
  const out = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += values[at + c]! ** 2;
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let c = 0; c < columns; c++) out[at + c] = values[at + c]! * scale;
  }
  return { rows, columns, values: out };
}
