// The tiles as a layer of the map in WebGL 2: their true corners, or squares of one size where those would be too small to see.
// Every frame names the tiles in view by an index: near, few are drawn, and software that stands in for a graphics card keeps up.
import type { CustomLayerInterface } from "maplibre-gl";
import { FAINT, type Footprints, tilesInView } from "./footprints.ts";
import { boxInView, type MapView, turnsInView } from "./map-view.ts";

/** Least side of a tile on the screen, px. */
export const LEAST_SIDE_PIXELS = 4;
/** From this side on tiles have an outline, px: smaller ones would be all outline. */
const OUTLINED_PIXELS = 9;
/** How much covers what lies below: tiles of one place are seen to be several. */
const SHOWN_ALPHA = 0.72;
const FAINT_ALPHA = 0.22;

export interface Look {
  /** `#rrggbb` by category. */
  readonly colours: readonly string[];
  readonly faint: string;
  /** Outlines are mixed with it. */
  readonly ink: string;
}

const MOST_COLOURS = 17;
/** Colour of those that the filter leaves out. */
const FAINT_KIND = MOST_COLOURS - 1;

const VERTEX = `#version 300 es
precision highp float;
in vec2 a_corner;
in vec2 a_middle;
in uint a_kind;
uniform vec2 u_middle;
uniform float u_scale;
uniform vec2 u_half;
uniform float u_least;
uniform float u_ratio;
uniform bool u_points;
uniform vec4 u_colours[${MOST_COLOURS}];
out vec2 v_place;
flat out float v_side;
flat out vec4 v_colour;
void main() {
  int corner = gl_VertexID & 3;
  vec2 unit = vec2(corner == 1 || corner == 2 ? 1.0 : 0.0, corner > 1 ? 1.0 : 0.0);
  vec2 offset = (a_corner - a_middle) * u_scale;
  float side = 2.0 * max(abs(offset.x), abs(offset.y));
  v_side = max(side, u_least);
  v_place = unit;
  v_colour = u_colours[a_kind];
  vec2 pixels = (a_middle - u_middle) * u_scale;
  if (!u_points) pixels += side < u_least ? (unit - 0.5) * u_least : offset;
  gl_Position = vec4(pixels / u_half * vec2(1.0, -1.0), 0.0, 1.0);
  gl_PointSize = u_least * u_ratio;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_place;
flat in float v_side;
flat in vec4 v_colour;
uniform float u_outlined;
uniform vec3 u_ink;
out vec4 colour;
void main() {
  vec2 inside = min(v_place, 1.0 - v_place) * v_side;
  bool outline = v_side >= u_outlined && min(inside.x, inside.y) < 1.0;
  float alpha = outline ? min(1.0, v_colour.a * 1.6) : v_colour.a;
  colour = vec4((outline ? mix(v_colour.rgb, u_ink, 0.35) : v_colour.rgb) * alpha, alpha);
}`;

interface Graphics {
  readonly gl: WebGL2RenderingContext;
  readonly program: WebGLProgram;
  readonly vertices: WebGLVertexArrayObject;
  readonly corners: WebGLBuffer;
  readonly kinds: WebGLBuffer;
  readonly indices: WebGLBuffer;
  readonly places: ReadonlyMap<string, WebGLUniformLocation | null>;
}

/** Draws the tiles. Everything is set from outside; a set takes effect with the map's next frame. */
export class FootprintLayer implements CustomLayerInterface {
  readonly id = "footprints";
  readonly type = "custom" as const;
  private readonly view: () => MapView;
  private footprints: Footprints | null = null;
  private states: Uint8Array = new Uint8Array();
  /** Four numbers a tile, one for each corner: its place among the colours. */
  private kinds = new Uint32Array();
  /** What is drawn in a frame: rows in view, and their vertices. */
  private rows = new Uint32Array();
  private indices = new Uint32Array();
  private look: Look = { colours: [], faint: "#000000", ink: "#000000" };
  private graphics: Graphics | null = null;

  constructor(view: () => MapView) {
    this.view = view;
  }

  setFootprints(footprints: Footprints): void {
    this.footprints = footprints;
    this.rows = new Uint32Array(footprints.tiles);
    this.indices = new Uint32Array(footprints.tiles * 6);
    this.upload("corners", cornerVertices(footprints));
  }

  /** @param categories [tiles] @param states [tiles], as `statesOf` */
  setKinds(categories: Uint8Array, states: Uint8Array): void {
    this.states = states;
    const kinds = new Uint32Array(states.length * 4);
    for (let i = 0, at = 0; i < states.length; i++) {
      const kind = states[i] === FAINT ? FAINT_KIND : categories[i]!;
      for (let corner = 0; corner < 4; corner++) kinds[at++] = kind;
    }
    this.kinds = kinds;
    this.upload("kinds", kinds);
  }

  setLook(look: Look): void {
    this.look = look;
  }

  onAdd(_map: unknown, gl: WebGL2RenderingContext): void {
    const program = linked(gl);
    const names = ["u_middle", "u_scale", "u_half", "u_least", "u_ratio", "u_points", "u_colours", "u_outlined", "u_ink"];
    const vertices = gl.createVertexArray();
    const [corners, kinds, indices] = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
    const places = new Map(names.map((name) => [name, gl.getUniformLocation(program, name)]));
    this.graphics = { gl, program, vertices, corners, kinds, indices, places };
    const attribute = (name: string) => {
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      return place;
    };
    gl.bindVertexArray(vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.vertexAttribPointer(attribute("a_corner"), 2, gl.FLOAT, false, 16, 0);
    gl.vertexAttribPointer(attribute("a_middle"), 2, gl.FLOAT, false, 16, 8);
    gl.bindBuffer(gl.ARRAY_BUFFER, kinds);
    gl.vertexAttribIPointer(attribute("a_kind"), 1, gl.UNSIGNED_INT, 4, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
    gl.bindVertexArray(null);
    if (this.footprints) this.upload("corners", cornerVertices(this.footprints));
    this.upload("kinds", this.kinds);
  }

  onRemove(): void {
    if (!this.graphics) return;
    const { gl, program, vertices, corners, kinds, indices } = this.graphics;
    gl.deleteProgram(program);
    gl.deleteVertexArray(vertices);
    for (const buffer of [corners, kinds, indices]) gl.deleteBuffer(buffer);
    this.graphics = null;
  }

  render(gl: WebGL2RenderingContext): void {
    const { graphics, footprints, look, states } = this;
    if (!graphics || !footprints?.extent || states.length !== footprints.tiles) return;
    const view = this.view();
    const place = (name: string) => graphics.places.get(name)!;
    const arePoints = footprints.largestSide * view.scale < LEAST_SIDE_PIXELS;
    gl.useProgram(graphics.program);
    gl.bindVertexArray(graphics.vertices);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.uniform1f(place("u_scale"), view.scale);
    gl.uniform2f(place("u_half"), view.width / 2, view.height / 2);
    gl.uniform1f(place("u_least"), LEAST_SIDE_PIXELS);
    gl.uniform1f(place("u_ratio"), gl.drawingBufferWidth / view.width);
    gl.uniform1i(place("u_points"), arePoints ? 1 : 0);
    gl.uniform1f(place("u_outlined"), OUTLINED_PIXELS);
    gl.uniform3fv(place("u_ink"), rgb(look.ink));
    const colours = new Float32Array(MOST_COLOURS * 4);
    look.colours.forEach((colour, i) => void colours.set([...rgb(colour), SHOWN_ALPHA], 4 * i));
    colours.set([...rgb(look.faint), FAINT_ALPHA], 4 * FAINT_KIND);
    gl.uniform4fv(place("u_colours"), colours);
    for (const turn of turnsInView(view, footprints.extent[0], footprints.extent[2])) {
      const [west, north, east, south] = boxInView(view);
      const rows = tilesInView(footprints, [west - turn, north, east - turn, south], states, this.rows);
      const indices = this.indices.subarray(0, arePoints ? pointIndices(rows, this.indices) : triangleIndices(rows, this.indices));
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STREAM_DRAW);
      gl.uniform2f(place("u_middle"), view.middle[0] - footprints.origin[0] - turn, view.middle[1] - footprints.origin[1]);
      gl.drawElements(arePoints ? gl.POINTS : gl.TRIANGLES, indices.length, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
  }

  private upload(which: "corners" | "kinds", data: Float32Array | Uint32Array): void {
    if (!this.graphics) return;
    const { gl } = this.graphics;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.graphics[which]);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
  }
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`The tiles cannot be drawn: ${gl.getProgramInfoLog(program)}`);
  return program;
}

/** [tiles, 4 corners, 4]: the corner and the tile's middle. */
function cornerVertices({ corners, boxes, tiles }: Footprints): Float32Array {
  const vertices = new Float32Array(tiles * 16);
  for (let i = 0; i < tiles; i++) {
    const middleX = (boxes[4 * i]! + boxes[4 * i + 2]!) / 2;
    const middleY = (boxes[4 * i + 1]! + boxes[4 * i + 3]!) / 2;
    for (let corner = 0; corner < 4; corner++) {
      const at = 16 * i + 4 * corner;
      vertices[at] = corners[8 * i + 2 * corner]!;
      vertices[at + 1] = corners[8 * i + 2 * corner + 1]!;
      vertices[at + 2] = middleX;
      vertices[at + 3] = middleY;
    }
  }
  return vertices;
}

/** The first vertex of each row. @returns how many were written */
function pointIndices(rows: Uint32Array, indices: Uint32Array): number {
  for (let i = 0; i < rows.length; i++) indices[i] = 4 * rows[i]!;
  return rows.length;
}

/** Two triangles of each row. @returns how many were written */
function triangleIndices(rows: Uint32Array, indices: Uint32Array): number {
  for (let i = 0; i < rows.length; i++) {
    const [at, first] = [6 * i, 4 * rows[i]!];
    indices[at] = first;
    indices[at + 1] = first + 1;
    indices[at + 2] = first + 2;
    indices[at + 3] = first;
    indices[at + 4] = first + 2;
    indices[at + 5] = first + 3;
  }
  return 6 * rows.length;
}

function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
}
