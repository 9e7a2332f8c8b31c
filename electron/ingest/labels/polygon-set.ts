// The polygons of a file that have a class: checked, counted, in small pieces in the file's own coordinates.
import { AppError } from "../../../shared/domain/errors.ts";
import type { Pace } from "../readers/pace.ts";
import { ClassNames, className } from "./class-name.ts";
import type { Crs } from "./crs.ts";
import type { Skips } from "./skips.ts";
import { subdivide } from "./subdivide.ts";
import { openVector } from "./vector.ts";
import type { Ring, Rings, VectorFeature } from "./vector-file.ts";

/** A part of one polygon. */
export interface Piece {
  readonly rings: Rings;
  readonly classNumber: number;
  /** Number of its feature in the set. */
  readonly feature: number;
}

export interface PolygonSet {
  readonly path: string;
  readonly crs: Crs;
  readonly classNames: readonly string[];
  readonly pieces: readonly Piece[];
  /** Names of the features in it, for messages. */
  readonly features: readonly string[];
  /** Features of the file. */
  readonly read: number;
  readonly notes: readonly string[];
}

export interface PolygonOptions {
  readonly path: string;
  readonly layer: string | null;
  readonly attribute: string | null;
  readonly map: Readonly<Record<string, string>>;
  readonly skips: Skips;
  readonly pace: Pace;
}

/** 16 bytes each: 640 MB. A country's fields have some 10 million. */
const MAXIMUM_CORNERS = 40_000_000;
/** Features that are looked at for the attributes that there are, and values of each that are told. */
const SAMPLED_FEATURES = 1000;
const SAMPLED_VALUES = 3;
const LISTED_ATTRIBUTES = 40;

/**
 * Reads the polygons of a file.
 * @throws AppError as `openVector`; BAD_ARGUMENT when the attribute is not there, naming those that are; NO_DATA without a usable polygon
 */
export async function readPolygons({ path, layer, attribute, map, skips, pace }: PolygonOptions): Promise<PolygonSet> {
  const file = await openVector(path, layer);
  try {
    const classNames = new ClassNames(`The attribute "${attribute}" of ${path}`);
    const classOf = new Map(Object.entries(map).map(([value, name]) => [value, className(name)]));
    const unmapped = new Set<string>();
    const sample = new AttributeSample();
    const pieces: Piece[] = [];
    const features: string[] = [];
    let read = 0;
    let corners = 0;
    for (const feature of file.features()) {
      await pace.breathe();
      if (++read <= SAMPLED_FEATURES) sample.add(feature);
      if (attribute === null && read === SAMPLED_FEATURES) break;
      const value = attribute === null ? null : feature.value(attribute);
      if (value === null) {
        if (attribute !== null && feature.attributes.includes(attribute)) sample.isThere = true;
        skips.add(`polygon without a value of "${attribute}"`, feature.name);
        continue;
      }
      sample.isThere = true;
      const name = classOf.get(value) ?? className(value);
      if (classOf.size > 0 && !classOf.has(value) && unmapped.size < SAMPLED_FEATURES) unmapped.add(name);
      const polygons = typeof feature.polygons === "string" ? feature.polygons : soundParts(feature.polygons);
      if (typeof polygons === "string") skips.add(polygons, feature.name);
      else if (name === "") skips.add("polygon whose value the map leaves out", `${feature.name}: ${value}`);
      else {
        const classNumber = classNames.number(name);
        const number = features.push(feature.name) - 1;
        for (const rings of polygons.flatMap((polygon) => subdivide(polygon))) {
          for (const ring of rings) corners += ring.length / 2;
          pieces.push({ rings, classNumber, feature: number });
        }
        if (corners > MAXIMUM_CORNERS)
          throw new AppError(
            "UNSUPPORTED",
            `${path} has more than ${MAXIMUM_CORNERS} corners. Cut out the part with your tiles, or simplify its polygons.`,
            { data: { path } },
          );
      }
    }
    if (read === 0) throw new AppError("NO_DATA", `${path} (${file.format}) holds no features.`, { data: { path } });
    if (!sample.isThere) throw sample.missing(path, attribute);
    const crs = file.crs();
    if (pieces.length === 0) {
      const reasons = skips.list().map(({ reason, count }) => `${count} x ${reason}`);
      throw new AppError("NO_DATA", `${path} has no usable polygon among ${read} features: ${reasons.join("; ")}.`, { data: { path } });
    }
    const notes = crs.note === null ? [] : [crs.note];
    if (unmapped.size > 0)
      notes.push(
        `Values that the map does not name are classes of their own: ${[...unmapped].slice(0, 10).join(", ")}${unmapped.size > 10 ? " ..." : ""}.`,
      );
    return { path, crs, classNames: classNames.names, pieces, features, read, notes };
  } finally {
    file.close();
  }
}

/** Areas without rings that enclose nothing; a text says why none is left. */
function soundParts(polygons: readonly Rings[]): Rings[] | string {
  if (polygons.length === 0) return "no geometry";
  const sound = polygons.map((rings) => rings.filter(enclosesSomething)).filter((rings) => rings.length > 0);
  if (!polygons.every((rings) => rings.every((ring) => ring.every(Number.isFinite))))
    return "polygon with a corner that has no finite coordinates";
  return sound.length > 0 ? sound : "polygon with fewer than three different corners";
}

function enclosesSomething(ring: Ring): boolean {
  const corners = new Set<string>();
  for (let i = 0; i < ring.length && corners.size < 3; i += 2) corners.add(`${ring[i]} ${ring[i + 1]}`);
  return corners.size === 3;
}

/** Which attributes a file has, and some values of each. */
class AttributeSample {
  isThere = false;
  private readonly values = new Map<string, Set<string>>();

  add(feature: VectorFeature): void {
    for (const attribute of feature.attributes) {
      const values = this.values.get(attribute) ?? new Set();
      this.values.set(attribute, values);
      const value = values.size < SAMPLED_VALUES ? feature.value(attribute) : null;
      if (value !== null) values.add(value.slice(0, 40));
    }
  }

  missing(path: string, attribute: string | null): AppError {
    const there = [...this.values]
      .slice(0, LISTED_ATTRIBUTES)
      .map(([name, values]) => (values.size > 0 ? `${name} (${[...values].join(", ")})` : name));
    const what = attribute === null ? `Choose the attribute of ${path} that holds the class.` : `${path} has no attribute "${attribute}".`;
    return new AppError(
      "BAD_ARGUMENT",
      `${what} ${there.length > 0 ? `There are: ${there.join("; ")}.` : "It has no attributes at all."}`,
      {
        data: { path, attributes: [...this.values.keys()] },
      },
    );
  }
}
