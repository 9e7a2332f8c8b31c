// The tiles as a layer of the map in WebGL 2, one instance a tile: its true four corners, or a square where those would be too small to see.
import type { CustomLayerInterface } from "maplibre-gl";
import { FAINT, type Footprints, SHOWN } from "./footprints.ts";
import { type MapView, turnsInView } from "./map-view.ts";

/** Least side of a tile on the screen, px. */
export const LEAST_SIDE_PIXELS = 4;
/** From this side on tiles have an outline, px: smaller ones would be all outline. */
const OUTLINED_PIXELS = 9;

export interface Look {
  /** `#rrggbb` by category. */
  readonly colours: readonly string[];
  readonly faint: string;
  /** Outlines are mixed with it. */
  readonly ink: string;
}

const MOST_COLOURS = 16;

const VERTEX = `#version 300 es
precision highp float;
in vec4 a_upper;
in vec4 a_lower;
in uvec2 a_kind;
uniform vec2 u_middle;
uniform float u_scale;
uniform vec2 u_half;
uniform float u_least;
uniform uint u_state;
uniform vec3 u_colours[${MOST_COLOURS}];
out vec2 v_place;
flat out vec2 v_side;
flat out vec3 v_colour;
void main() {
  vec2 middle = (a_upper.xy + a_upper.zw + a_lower.xy + a_lower.zw) * 0.25;
  vec2 unit = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  vec2 corner = unit.y < 0.5 ? mix(a_upper.xy, a_upper.zw, unit.x) : mix(a_lower.zw, a_lower.xy, unit.x);
  vec2 side = vec2(distance(a_upper.xy, a_upper.zw), distance(a_upper.xy, a_lower.zw)) * u_scale;
  vec2 offset = (corner - middle) * u_scale;
  bool small = max(side.x, side.y) < u_least;
  v_side = small ? vec2(u_least) : side;
  offset = small ? (unit - 0.5) * u_least : offset;
  v_place = unit;
  v_colour = u_colours[a_kind.x];
  vec2 pixels = (middle - u_middle) * u_scale + offset;
  gl_Position = a_kind.y == u_state ? vec4(pixels / u_half * vec2(1.0, -1.0), 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_place;
flat in vec2 v_side;
flat in vec3 v_colour;
uniform float u_alpha;
uniform float u_outlined;
uniform vec3 u_ink;
out vec4 colour;
void main() {
  vec2 inside = min(v_place, 1.0 - v_place) * v_side;
  float edge = min(inside.x, inside.y);
  bool outline = min(v_side.x, v_side.y) >= u_outlined && edge < 1.0;
  float alpha = outline ? 1.0 : u_alpha;
  colour = vec4((outline ? mix(v_colour, u_ink, 0.35) : v_colour) * alpha, alpha);
}`;

interface Graphics {
  readonly gl: WebGL2RenderingContext;
  readonly program: WebGLProgram;
  readonly vertices: WebGLVertexArrayObject;
  readonly corners: WebGLBuffer;
  readonly kinds: WebGLBuffer;
  readonly uniform: (name: string) => WebGLUniformLocation | null;
}

/** Draws the tiles. Everything is set from outside; a set takes effect with the map's next frame. */
export class FootprintLayer implements CustomLayerInterface {
  readonly id = "footprints";
  readonly type = "custom" as const;
  private readonly view: () => MapView;
  private footprints: Footprints | null = null;
  /** [tiles, 2]: category, and whether it is shown. */
  private kinds = new Uint8Array();
  private hasFaint = false;
  private look: Look = { colours: [], faint: "#000000", ink: "#000000" };
  private graphics: Graphics | null = null;

  constructor(view: () => MapView) {
    this.view = view;
  }

  setFootprints(footprints: Footprints): void {
    this.footprints = footprints;
    this.upload("corners", footprints.corners);
  }

  /** @param categories [tiles] @param states [tiles]: HIDDEN, FAINT or SHOWN */
  setKinds(categories: Uint8Array, states: Uint8Array): void {
    const kinds = new Uint8Array(states.length * 2);
    let hasFaint = false;
    for (let i = 0; i < states.length; i++) {
      kinds[2 * i] = categories[i]!;
      kinds[2 * i + 1] = states[i]!;
      hasFaint ||= states[i] === FAINT;
    }
    this.kinds = kinds;
    this.hasFaint = hasFaint;
    this.upload("kinds", kinds);
  }

  setLook(look: Look): void {
    this.look = look;
  }

  onAdd(_map: unknown, gl: WebGL2RenderingContext): void {
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`The tiles cannot be drawn: ${gl.getProgramInfoLog(program)}`);
    const places = new Map<string, WebGLUniformLocation | null>();
    const uniform = (name: string) => {
      if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
      return places.get(name)!;
    };
    const [corners, kinds] = [gl.createBuffer(), gl.createBuffer()];
    const vertices = gl.createVertexArray();
    this.graphics = { gl, program, vertices, corners, kinds, uniform };
    gl.bindVertexArray(vertices);
    const attribute = (name: string) => {
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribDivisor(place, 1);
      return place;
    };
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.vertexAttribPointer(attribute("a_upper"), 4, gl.FLOAT, false, 32, 0);
    gl.vertexAttribPointer(attribute("a_lower"), 4, gl.FLOAT, false, 32, 16);
    gl.bindBuffer(gl.ARRAY_BUFFER, kinds);
    gl.vertexAttribIPointer(attribute("a_kind"), 2, gl.UNSIGNED_BYTE, 2, 0);
    gl.bindVertexArray(null);
    if (this.footprints) this.upload("corners", this.footprints.corners);
    this.upload("kinds", this.kinds);
  }

  onRemove(): void {
    if (!this.graphics) return;
    const { gl, program, vertices, corners, kinds } = this.graphics;
    gl.deleteProgram(program);
    gl.deleteVertexArray(vertices);
    gl.deleteBuffer(corners);
    gl.deleteBuffer(kinds);
    this.graphics = null;
  }

  render(gl: WebGL2RenderingContext): void {
    const { graphics, footprints, look, kinds } = this;
    if (!graphics || !footprints || kinds.length !== footprints.tiles * 2) return;
    const { program, vertices, uniform } = graphics;
    const view = this.view();
    gl.useProgram(program);
    gl.bindVertexArray(vertices);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.uniform1f(uniform("u_scale"), view.scale);
    gl.uniform2f(uniform("u_half"), view.width / 2, view.height / 2);
    gl.uniform1f(uniform("u_least"), LEAST_SIDE_PIXELS);
    gl.uniform1f(uniform("u_outlined"), OUTLINED_PIXELS);
    gl.uniform3fv(uniform("u_ink"), rgb(look.ink));
    for (const turn of footprints.extent ? turnsInView(view, footprints.extent[0], footprints.extent[2]) : []) {
      gl.uniform2f(uniform("u_middle"), view.middle[0] - footprints.origin[0] - turn, view.middle[1] - footprints.origin[1]);
      if (this.hasFaint) {
        gl.uniform3fv(
          uniform("u_colours"),
          look.colours.flatMap(() => rgb(look.faint)),
        );
        this.draw(FAINT, 0.28);
      }
      gl.uniform3fv(uniform("u_colours"), look.colours.flatMap(rgb));
      this.draw(SHOWN, 0.72);
    }
    gl.bindVertexArray(null);
  }

  private draw(state: number, alpha: number): void {
    const { gl, uniform } = this.graphics!;
    gl.uniform1ui(uniform("u_state"), state);
    gl.uniform1f(uniform("u_alpha"), alpha);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.footprints!.tiles);
  }

  private upload(which: "corners" | "kinds", data: Float32Array | Uint8Array): void {
    if (!this.graphics) return;
    const { gl } = this.graphics;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.graphics[which]);
    gl.bufferData(gl.ARRAY_BUFFER, data, which === "corners" ? gl.STATIC_DRAW : gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
  }
}

function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
}
