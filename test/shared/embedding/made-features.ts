// Made-up features: groups of points around centres, the same every time.
import { Random } from "../../../shared/domain/random.ts";
import type { Matrix } from "../../../shared/embedding/matrix.ts";

export interface MadeFeatures extends Matrix {
  /** Group of each row. */
  readonly codes: Int32Array;
}

/** @param spread of the points about their centre, against 1 of the centres about zero */
export function madeFeatures({ rows = 300, columns = 12, groups = 4, spread = 0.3, seed = 1 } = {}): MadeFeatures {
  const random = Random.of("made features", seed);
  const centres = Float32Array.from({ length: groups * columns }, () => random.normal());
  const codes = Int32Array.from({ length: rows }, (_, i) => i % groups);
  const values = Float32Array.from(
    { length: rows * columns },
    (_, at) => centres[codes[Math.floor(at / columns)]! * columns + (at % columns)]! + spread * random.normal(),
  );
  return { rows, columns, values, codes };
}
