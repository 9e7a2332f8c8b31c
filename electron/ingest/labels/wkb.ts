// Well-known binary: polygons of ISO (Z, M and ZM by thousands) and extended (by flags) WKB, in both byte orders. OGC 06-103r4, section 8.
import type { Rings } from "./vector-file.ts";

const POLYGON = 3;
const MULTI_POLYGON = 6;
const GEOMETRY_COLLECTION = 7;
/** Curve polygons, and surfaces of them, are made of arcs. */
const NAMES: Readonly<Record<number, string>> = {
  1: "Point",
  2: "LineString",
  4: "MultiPoint",
  5: "MultiLineString",
  10: "CurvePolygon",
  11: "MultiCurve",
  12: "MultiSurface",
};
const MAXIMUM_DEPTH = 8;

class Broken extends Error {}

/** The polygons of a geometry; a text says why there are none. */
export function polygonsOfWkb(bytes: Uint8Array): Rings[] | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const need = (length: number) => {
    if (at + length > view.byteLength) throw new Broken();
    at += length;
    return at - length;
  };
  const geometry = (depth: number): Rings[] | string => {
    if (depth > MAXIMUM_DEPTH) throw new Broken();
    const order = view.getUint8(need(1));
    if (order > 1) throw new Broken();
    const little = order === 1;
    const count = () => view.getUint32(need(4), little);
    const code = count();
    // Extended WKB: bit 31 Z, bit 30 M, bit 29 an SRID follows.
    if (code & 0x2000_0000) need(4);
    const base = code & 0x0fff_ffff;
    const type = base % 1000;
    const thousands = Math.floor(base / 1000);
    const isZ = (code & 0x8000_0000) !== 0 || thousands === 1 || thousands === 3;
    const isM = (code & 0x4000_0000) !== 0 || thousands === 2 || thousands === 3;
    const stride = 8 * (2 + Number(isZ) + Number(isM));
    if (thousands > 3) throw new Broken();
    if (type === POLYGON) {
      const rings: number[][] = [];
      for (let n = count(); n > 0; n--) {
        const points = count();
        let p = need(points * stride);
        const ring = new Array<number>(2 * points);
        for (let i = 0; i < points; i++, p += stride) {
          ring[2 * i] = view.getFloat64(p, little);
          ring[2 * i + 1] = view.getFloat64(p + 8, little);
        }
        rings.push(ring);
      }
      return [rings];
    }
    if (type === MULTI_POLYGON || type === GEOMETRY_COLLECTION) {
      const all: Rings[] = [];
      for (let n = count(); n > 0; n--) {
        const inner = geometry(depth + 1);
        // What is no polygon cannot be stepped over: its length is not known.
        if (typeof inner === "string") return inner;
        for (const polygon of inner) all.push(polygon);
      }
      return all;
    }
    return NAMES[type] === undefined ? "broken geometry" : `no polygon but a ${NAMES[type]}`;
  };
  try {
    return geometry(0);
  } catch (error) {
    if (error instanceof Broken || error instanceof RangeError) return "broken geometry";
    throw error;
  }
}
