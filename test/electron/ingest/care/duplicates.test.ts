import { describe, expect, it } from "vitest";
import { type Comparable, findDuplicates } from "../../../../electron/ingest/care/duplicates.ts";
import { Random } from "../../../../shared/domain/random.ts";
import { DuplicateQuery } from "../../../../shared/domain/tile-query.ts";

interface Row {
  readonly hash: bigint;
  readonly crc: number;
  readonly date: string | null;
  readonly place: readonly [number, number] | null;
}

const columns = (rows: readonly Row[]): Comparable => ({
  hash: rows.map(({ hash }) => hash.toString(16).padStart(16, "0")),
  crc: rows.map(({ crc }) => crc),
  date: rows.map(({ date }) => date),
  footprint: rows.map(({ place }) => {
    if (!place) return null;
    const [x, y] = place;
    return [x - 0.007, y + 0.005, x + 0.007, y + 0.005, x + 0.007, y - 0.005, x - 0.007, y - 0.005];
  }),
});

const groupsOf = (rows: readonly Row[], query: Partial<DuplicateQuery>) =>
  findDuplicates(columns(rows), DuplicateQuery.parse(query)).map((group) => group.rows);

const bits = (value: bigint) => value.toString(2).replaceAll("0", "").length;

/** All pairs, and what they connect. */
function oracle(rows: readonly Row[], { distance, place, sameDate }: DuplicateQuery): number[][] {
  const set = rows.map((_, i) => i);
  rows.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const b = rows[j]!;
      const isExact = a.crc === b.crc && a.hash === b.hash;
      const isThere =
        place === "any" ||
        (a.place !== null &&
          b.place !== null &&
          Math.abs(a.place[1] - b.place[1]) <= 0.001 &&
          Math.abs(a.place[0] - b.place[0]) * Math.cos((a.place[1] * Math.PI) / 180) <= 0.001);
      const isNear = isThere && bits(a.hash ^ b.hash) <= distance && (!sameDate || (a.date !== null && a.date === b.date));
      if (!isExact && !isNear) continue;
      const [from, to] = [set[i]!, set[j]!];
      set.forEach((id, k) => {
        if (id === from) set[k] = to;
      });
    }
  });
  const groups = [...new Set(set)].map((id) => rows.flatMap((_, i) => (set[i] === id ? [i] : [])));
  return groups.filter(({ length }) => length > 1).sort((a, b) => a[0]! - b[0]!);
}

function madeRows(seed: number): Row[] {
  const random = Random.of("duplicates", seed);
  const word = () => (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
  const rows: Row[] = [];
  for (let i = 0; i < 400; i++) {
    const other = rows.length > 0 && random.chance(0.5) ? rows[random.below(rows.length)]! : undefined;
    let hash = other?.hash ?? word();
    for (let flips = other ? random.below(6) : 0; flips > 0; flips--) hash ^= 1n << BigInt(random.below(64));
    const [x, y] = other?.place ?? [random.uniform(-10, 30), random.uniform(-60, 70)];
    const place = random.chance(0.1) ? null : ([x + random.uniform(-0.0015, 0.0015), y + random.uniform(-0.0015, 0.0015)] as const);
    const crc = other && other.hash === hash && random.chance(0.5) ? other.crc : random.below(2 ** 32);
    rows.push({ hash, crc, date: [null, "2018-01-01", "2018-01-02"][random.below(3)]!, place });
  }
  return rows;
}

describe("findDuplicates", () => {
  const queries = (["same", "any"] as const).flatMap((place) =>
    [0, 2, 3].flatMap((distance) => [false, true].map((sameDate) => DuplicateQuery.parse({ place, distance, sameDate }))),
  );
  it.each(queries)("finds what comparing all pairs finds: $place place, $distance bits, same date $sameDate", (query) => {
    for (let seed = 0; seed < 3; seed++) {
      const rows = madeRows(seed);
      const expected = oracle(rows, query);
      expect(expected.length).toBeGreaterThan(5);
      expect(groupsOf(rows, query)).toEqual(expected);
    }
  });

  const hash = 0x0123456789abcdefn;
  const row = (over: Partial<Row>): Row => ({ hash, crc: 1, date: null, place: null, ...over });

  it("tells the same pixels from what only looks the same", () => {
    const rows = [row({}), row({ hash: hash ^ 1n, crc: 2 }), row({}), row({ crc: 1, hash: ~hash & 0xffffffffffffffffn })];
    expect(findDuplicates(columns(rows), DuplicateQuery.parse({}))).toEqual([{ rows: [0, 2], isExact: true }]);
    expect(findDuplicates(columns(rows), DuplicateQuery.parse({ place: "any" }))).toEqual([{ rows: [0, 1, 2], isExact: false }]);
  });

  it("does not take all water for one tile", () => {
    const water = Array.from({ length: 50 }, (_, i) => row({ hash: BigInt(i % 3), crc: i, place: [i, 0] }));
    expect(groupsOf(water, { place: "any" })).toEqual([]);
    expect(groupsOf([...water, row({ hash: 0n, crc: 99, place: [4, 0] })], { place: "same" })).toEqual([[4, 50]]);
  });

  it("knows a place on both sides of the antimeridian by its corners", () => {
    const across = [179.999, 1, -179.999, 1, -179.999, 0.99, 179.999, 0.99];
    const tiles = { ...columns([row({}), row({ crc: 2 })]), footprint: [across, across] };
    expect(findDuplicates(tiles, DuplicateQuery.parse({}))).toEqual([{ rows: [0, 1], isExact: false }]);
  });

  it("leaves tiles without hashes alone", () => {
    expect(
      findDuplicates({ hash: [null, null], crc: [1, 1], date: [null, null], footprint: [null, null] }, DuplicateQuery.parse({})),
    ).toEqual([]);
  });
});
