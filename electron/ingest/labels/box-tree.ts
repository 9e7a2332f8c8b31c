// Boxes by where they are: a packed R-tree. Neighbours along a Z curve share a node, whatever their sizes and however they are spread.

const NODE_BOXES = 16;
/** Steps of the Z curve's grid in each direction. */
const CURVE_STEPS = 0xffff;

export class BoxTree {
  /** Of each level the boxes, 4 values each; the first level holds the given ones in the order of the curve. */
  private readonly levels: Float64Array[] = [];
  private readonly order: Uint32Array;

  /** @param boxes west, south, east, north of each */
  constructor(boxes: Float64Array) {
    const count = boxes.length / 4;
    this.order = alongCurve(boxes, count);
    let level = new Float64Array(boxes.length);
    for (let i = 0; i < count; i++) level.set(boxes.subarray(4 * this.order[i]!, 4 * this.order[i]! + 4), 4 * i);
    this.levels.push(level);
    while (level.length > 4 * NODE_BOXES) {
      const above = new Float64Array(4 * Math.ceil(level.length / (4 * NODE_BOXES)));
      for (let node = 0; node * 4 < above.length; node++)
        above.set(boxAround(level.subarray(4 * NODE_BOXES * node, 4 * NODE_BOXES * (node + 1))), 4 * node);
      this.levels.push(above);
      level = above;
    }
  }

  /** Numbers of the boxes that meet a box, touching included. */
  search(box: readonly [west: number, south: number, east: number, north: number]): number[] {
    const found: number[] = [];
    const visit = (level: number, from: number, to: number) => {
      const boxes = this.levels[level]!;
      for (let i = from; i < Math.min(to, boxes.length / 4); i++) {
        if (boxes[4 * i]! > box[2] || boxes[4 * i + 1]! > box[3] || boxes[4 * i + 2]! < box[0] || boxes[4 * i + 3]! < box[1]) continue;
        if (level === 0) found.push(this.order[i]!);
        else visit(level - 1, NODE_BOXES * i, NODE_BOXES * (i + 1));
      }
    };
    visit(this.levels.length - 1, 0, NODE_BOXES);
    return found;
  }
}

/** The box around boxes (4 values each). */
export function boxAround(boxes: Float64Array): [number, number, number, number] {
  const around: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < boxes.length; i += 4) {
    around[0] = Math.min(around[0], boxes[i]!);
    around[1] = Math.min(around[1], boxes[i + 1]!);
    around[2] = Math.max(around[2], boxes[i + 2]!);
    around[3] = Math.max(around[3], boxes[i + 3]!);
  }
  return around;
}

function alongCurve(boxes: Float64Array, count: number): Uint32Array {
  const [west, south, east, north] = boxAround(boxes);
  const step = (value: number, from: number, to: number) => (to > from ? Math.floor((CURVE_STEPS * (value - from)) / (to - from)) : 0);
  const keys = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const x = step((boxes[4 * i]! + boxes[4 * i + 2]!) / 2, west, east);
    const y = step((boxes[4 * i + 1]! + boxes[4 * i + 3]!) / 2, south, north);
    keys[i] = spread(x) | (spread(y) << 1);
  }
  return Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
}

/** The 16 bits of a number, a zero behind each. */
function spread(value: number): number {
  let bits = value & 0xffff;
  bits = (bits | (bits << 8)) & 0x00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x33333333;
  return (bits | (bits << 1)) & 0x55555555;
}
