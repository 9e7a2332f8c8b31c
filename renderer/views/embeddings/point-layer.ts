// Points by WebGL 2: their places and looks lie on the graphics card; a frame is one call.
import type { Camera, Size } from "./camera.ts";

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
in float shape;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
out vec4 ink;
flat out int form;
void main() {
  ink = colour;
  form = int(shape);
  gl_PointSize = size;
  gl_Position = colour.a > 0.0 ? vec4((place - middle) * scale, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}`;

/** Disc, square, triangle, diamond, each of about one area. */
const FRAGMENT = `#version 300 es
precision highp float;
in vec4 ink;
flat in int form;
uniform float size;
out vec4 result;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  float edge = form == 1 ? max(abs(p.x), abs(p.y)) / 0.8
    : form == 2 ? max(p.y / 0.75, abs(p.x) / 0.9 - p.y * 0.62 + 0.1) 
    : form == 3 ? abs(p.x) + abs(p.y)
    : length(p) / 0.92;
  float cover = clamp((1.0 - edge) * size * 0.5 + 0.5, 0.0, 1.0);
  if (cover <= 0.0) discard;
  float alpha = ink.a * cover;
  result = vec4(ink.rgb * alpha, alpha);
}`;

/** How many forms there are. */
export const POINT_SHAPES = 4;

export interface PointLooks {
  /** RGBA; alpha 0 hides a point. // [n, 4] */
  readonly colours: Uint8Array;
  /** 0 .. POINT_SHAPES - 1. */
  readonly shapes: Uint8Array;
  /** Points in the order in which they are drawn: the last lies on top. */
  readonly order: Uint32Array;
}

export interface PointLayer {
  setPlaces(places: Float32Array): void;
  setLooks(looks: PointLooks): void;
  /** @param pointPixels side of a point on the screen, CSS px */
  draw(camera: Camera, size: Size, ratio: number, pointPixels: number): void;
  dispose(): void;
}

/** Null where the browser has no WebGL 2. */
export function createPointLayer(canvas: HTMLCanvasElement): PointLayer | null {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, preserveDrawingBuffer: true });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    if (gl.isContextLost()) return null;
    throw new Error(`points cannot be drawn: ${gl.getProgramInfoLog(program)}`);
  }
  gl.useProgram(program);
  const attribute = (name: string, width: number, type: number, isShare: boolean) => {
    const buffer = gl.createBuffer();
    const location = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, width, type, isShare, 0, 0);
    return (data: Float32Array | Uint8Array) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    };
  };
  const writePlaces = attribute("place", 2, gl.FLOAT, false);
  const writeColours = attribute("colour", 4, gl.UNSIGNED_BYTE, true);
  const writeShapes = attribute("shape", 1, gl.UNSIGNED_BYTE, false);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  const [middle, scale, side] = [uniform("middle"), uniform("scale"), uniform("size")];
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  let placed = 0;
  let drawn = 0;
  return {
    setPlaces(places) {
      placed = places.length / 2;
      writePlaces(places);
    },
    setLooks({ colours, shapes, order }) {
      writeColours(colours);
      writeShapes(shapes);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.STATIC_DRAW);
      drawn = order.length;
    },
    draw(camera, { width, height }, ratio, pointPixels) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (drawn === 0 || drawn !== placed) return;
      gl.uniform2f(middle, camera.x, camera.y);
      gl.uniform2f(scale, (2 * camera.scale) / width, (2 * camera.scale) / height);
      gl.uniform1f(side, pointPixels * ratio);
      gl.drawElements(gl.POINTS, drawn, gl.UNSIGNED_INT, 0);
    },
    dispose: () => gl.getExtension("WEBGL_lose_context")?.loseContext(),
  };
}
