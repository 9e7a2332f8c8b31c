// The scatter plot on its two canvases: points below, pictures of tiles, marks and the lasso above. It draws when something changed, never else.
import { type Camera, fitted, panned, type Size, toPlane, toScreen, zoomed } from "./camera.ts";
import { indexPoints, type PointIndex, pointsInside, simplified } from "./point-index.ts";
import { createPointLayer, type PointLayer, type PointLooks } from "./point-layer.ts";

export type Tool = "move" | "box" | "lasso";

export interface PlotListener {
  onHover(point: number | null, at: { readonly x: number; readonly y: number }): void;
  onPick(point: number | null): void;
  /** @param isMore added to what is picked already */
  onSelect(points: Int32Array, isMore: boolean): void;
}

export interface PlotOptions {
  readonly points: HTMLCanvasElement;
  readonly marks: HTMLCanvasElement;
  readonly listener: PlotListener;
}

export interface PlotData {
  /** Within the square from -1 to 1. // [n, 2] */
  readonly places: Float32Array;
  /** Address of a point's picture. */
  readonly pictureOf: (point: number) => string;
}

export interface PlotMarks {
  readonly picked: number | null;
  readonly neighbours: readonly number[];
  readonly ink: string;
  readonly ground: string;
}

/** A pointer that moved less is a click, px. */
const CLICK_PIXELS = 4;
const REACH_PIXELS = 12;
const WHEEL_ZOOM = 0.0016;
const KEY_PAN_PIXELS = 60;
const KEY_ZOOM = 1.5;
/** Side of a picture and of the cell that it has for itself, px. */
const PICTURE_PIXELS = 44;
const CELL_PIXELS = 60;
/** Pictures fade in from so many points a cell down to one. */
const CROWDED = 3;
const KEPT_PICTURES = 800;
const LASSO_STEP_PIXELS = 5;
/** What a lasso may be off where corners are left out: each costs a step a point. */
const LASSO_TOLERANCE_PIXELS = 1;

/** Side of a point: small among many, larger as they come apart. */
function pointPixels(count: number, zoom: number): number {
  const whole = Math.min(8, Math.max(2.6, 60 / Math.sqrt(Math.sqrt(count) * 3)));
  return Math.min(14, whole * Math.max(1, zoom) ** 0.35);
}

export class Plot {
  /** Whether the browser can draw points. */
  isAble: boolean;
  private readonly options: PlotOptions;
  private readonly context: CanvasRenderingContext2D;
  private layer: PointLayer | null;
  private size: Size = { width: 1, height: 1 };
  private camera: Camera | null = null;
  private data: PlotData | null = null;
  private index: PointIndex | null = null;
  private looks: PointLooks | null = null;
  private marks: PlotMarks = { picked: null, neighbours: [], ink: "#000000", ground: "#ffffff" };
  private tool: Tool = "move";
  private drag: {
    readonly tool: Tool;
    readonly isMore: boolean;
    readonly from: [number, number];
    path: [number, number][];
    isClick: boolean;
  } | null = null;
  private readonly pictures = new Map<string, HTMLImageElement>();
  private frame = 0;
  private readonly stops: (() => void)[] = [];

  constructor(options: PlotOptions) {
    this.options = options;
    this.context = options.marks.getContext("2d")!;
    this.layer = createPointLayer(options.points);
    this.isAble = this.layer !== null;
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(options.marks);
    this.stops.push(() => observer.disconnect());
    this.listen(options.points, "webglcontextlost", (event) => event.preventDefault());
    this.listen(options.points, "webglcontextrestored", () => this.restore());
    this.listen(options.marks, "pointerdown", (event) => this.press(event as PointerEvent));
    this.listen(options.marks, "pointermove", (event) => this.move(event as PointerEvent));
    this.listen(options.marks, "pointerup", (event) => this.release(event as PointerEvent));
    this.listen(options.marks, "pointercancel", () => this.letGo());
    this.listen(options.marks, "pointerleave", () => options.listener.onHover(null, { x: 0, y: 0 }));
    this.listen(options.marks, "wheel", (event) => this.wheel(event as WheelEvent), { passive: false });
    this.listen(options.marks, "keydown", (event) => this.key(event as KeyboardEvent));
    this.listen(options.marks, "focus", () => this.invalidate());
    this.listen(options.marks, "blur", () => this.invalidate());
    this.resize();
  }

  setData(data: PlotData): void {
    this.data = data;
    this.index = indexPoints(data.places);
    this.layer?.setPlaces(data.places);
    this.invalidate();
  }

  setLooks(looks: PointLooks): void {
    this.looks = looks;
    this.layer?.setLooks(looks);
    this.invalidate();
  }

  setMarks(marks: PlotMarks): void {
    this.marks = marks;
    this.invalidate();
  }

  setTool(tool: Tool): void {
    this.tool = tool;
  }

  fit(): void {
    this.camera = null;
    this.invalidate();
  }

  zoom(factor: number): void {
    this.camera = zoomed(this.view(), this.size, factor);
    this.invalidate();
  }

  /** All points that can be seen. */
  selectSeen(): void {
    const { width, height } = this.size;
    this.finishSelection(
      [
        [0, 0],
        [width, 0],
        [width, height],
        [0, height],
      ],
      false,
    );
  }

  /** The points as a picture on a ground. */
  picture(ground: string): Promise<Blob | null> {
    this.draw();
    const { points, marks } = this.options;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [marks.width, marks.height];
    const context = canvas.getContext("2d")!;
    context.fillStyle = ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(points, 0, 0);
    context.drawImage(marks, 0, 0);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
    this.layer?.dispose();
  }

  private listen(target: EventTarget, name: string, use: (event: Event) => void, options?: AddEventListenerOptions): void {
    target.addEventListener(name, use, options);
    this.stops.push(() => target.removeEventListener(name, use, options));
  }

  private restore(): void {
    this.layer = createPointLayer(this.options.points);
    if (this.data) this.layer?.setPlaces(this.data.places);
    if (this.looks) this.layer?.setLooks(this.looks);
    this.invalidate();
  }

  private resize(): void {
    const { points, marks } = this.options;
    const { clientWidth: width, clientHeight: height } = marks;
    if (width === 0 || height === 0) return;
    // What was in the middle stays there.
    if (this.camera)
      this.camera = { ...this.camera, scale: (this.camera.scale * fitted({ width, height }).scale) / fitted(this.size).scale };
    this.size = { width, height };
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [points, marks]) [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    this.draw(); // a resized canvas is empty: it is drawn before it is shown
  }

  private view(): Camera {
    return this.camera ?? fitted(this.size);
  }

  private invalidate(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { data, context, size, marks } = this;
    const camera = this.view();
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    if (!data || !this.looks) return;
    const side = pointPixels(data.places.length / 2, camera.scale / fitted(size).scale);
    this.layer?.draw(camera, size, ratio, side);
    this.drawPictures(camera);
    const placeOf = (point: number) => toScreen(camera, size, data.places[2 * point]!, data.places[2 * point + 1]!);
    context.lineWidth = 2;
    for (const point of marks.neighbours) this.ring(placeOf(point), side / 2 + 3, false);
    if (marks.picked !== null) this.ring(placeOf(marks.picked), side / 2 + 6, true);
    if (this.drag && this.drag.tool !== "move") this.outline(this.drag.path, this.drag.tool);
    if (this.options.marks.matches(":focus-visible")) this.cross();
  }

  private ring([x, y]: [number, number], radius: number, isDouble: boolean): void {
    const { context, marks } = this;
    for (const [ink, width] of [
      [marks.ground, isDouble ? 6 : 4],
      [marks.ink, isDouble ? 3 : 1.5],
    ] as const) {
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  private outline(path: readonly [number, number][], tool: Tool): void {
    const { context, marks } = this;
    const corners = tool === "box" ? boxOf(path) : path;
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(x, y);
    context.closePath();
    context.fillStyle = `${marks.ink}18`;
    context.fill();
    context.strokeStyle = marks.ink;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  }

  /** Where the keyboard picks. */
  private cross(): void {
    const { context, marks, size } = this;
    const [x, y] = [size.width / 2, size.height / 2];
    context.strokeStyle = marks.ink;
    context.lineWidth = 1;
    context.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      context.moveTo(x + 5 * dx, y + 5 * dy);
      context.lineTo(x + 14 * dx, y + 14 * dy);
    }
    context.stroke();
  }

  /** One picture a cell of the plane, so that a picture stays where it is while the plane is moved. */
  private drawPictures(camera: Camera): void {
    const { data, index, size, looks, context } = this;
    if (!data || !index || !looks) return;
    const [left, top] = toPlane(camera, size, 0, 0);
    const [right, bottom] = toPlane(camera, size, size.width, size.height);
    const cell = 2 ** Math.round(Math.log2(CELL_PIXELS / camera.scale));
    const capacity = (size.width * size.height) / CELL_PIXELS ** 2;
    const chosen = new Map<string, number>();
    let seen = 0;
    const isTooMany = () => seen > CROWDED * capacity;
    index.within(left, bottom, right, top, (i) => {
      if (looks.colours[4 * i + 3] === 0 || isTooMany()) return;
      seen++;
      const key = `${Math.floor(data.places[2 * i]! / cell)} ${Math.floor(data.places[2 * i + 1]! / cell)}`;
      if (!chosen.has(key)) chosen.set(key, i);
    });
    if (isTooMany()) return;
    const opacity = Math.min(1, (CROWDED * capacity - seen) / ((CROWDED - 1) * capacity));
    for (const i of chosen.values()) {
      const image = this.image(data.pictureOf(i));
      if (!image) continue;
      const [x, y] = toScreen(camera, size, data.places[2 * i]!, data.places[2 * i + 1]!);
      const [r, g, b, a] = looks.colours.subarray(4 * i, 4 * i + 4);
      context.globalAlpha = opacity * (a! / 255);
      context.fillStyle = `rgb(${r}, ${g}, ${b})`;
      const half = PICTURE_PIXELS / 2;
      context.fillRect(x - half - 2, y - half - 2, PICTURE_PIXELS + 4, PICTURE_PIXELS + 4);
      context.drawImage(image, x - half, y - half, PICTURE_PIXELS, PICTURE_PIXELS);
    }
    context.globalAlpha = 1;
  }

  /** A picture that has come; asked for when it has not. */
  private image(address: string): HTMLImageElement | null {
    let image = this.pictures.get(address);
    if (!image) {
      image = new Image();
      image.decoding = "async";
      image.onload = () => this.invalidate();
      image.src = address;
      this.pictures.set(address, image);
      for (const oldest of [...this.pictures.keys()].slice(0, Math.max(0, this.pictures.size - KEPT_PICTURES)))
        this.pictures.delete(oldest);
    }
    return image.complete && image.naturalWidth > 0 ? image : null;
  }

  private pointAt(x: number, y: number): number | null {
    const { data, index, looks } = this;
    if (!data || !index || !looks) return null;
    const camera = this.view();
    const [px, py] = toPlane(camera, this.size, x, y);
    return index.nearest(px, py, REACH_PIXELS / camera.scale, (i) => looks.colours[4 * i + 3]! > 0);
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.options.marks.setPointerCapture(event.pointerId);
    const at: [number, number] = [event.offsetX, event.offsetY];
    const tool = this.tool === "move" && event.shiftKey ? "lasso" : this.tool;
    this.drag = { tool, isMore: event.shiftKey && this.tool !== "move", from: at, path: [at], isClick: true };
  }

  private move(event: PointerEvent): void {
    const at: [number, number] = [event.offsetX, event.offsetY];
    const { drag } = this;
    if (!drag) {
      this.options.listener.onHover(this.pointAt(...at), { x: at[0], y: at[1] });
      return;
    }
    const last = drag.path.at(-1)!;
    if (Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > CLICK_PIXELS) drag.isClick = false;
    if (drag.isClick) return;
    this.options.listener.onHover(null, { x: 0, y: 0 });
    if (drag.tool === "move") {
      this.camera = panned(this.view(), at[0] - last[0], at[1] - last[1]);
      drag.path = [at];
    } else if (drag.tool === "box") drag.path = [drag.from, at];
    else if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= LASSO_STEP_PIXELS) drag.path.push(at);
    this.invalidate();
  }

  private release(event: PointerEvent): void {
    const { drag } = this;
    this.letGo();
    if (!drag) return;
    if (drag.isClick) this.options.listener.onPick(this.pointAt(event.offsetX, event.offsetY));
    else if (drag.tool !== "move") this.finishSelection(drag.tool === "box" ? boxOf(drag.path) : drag.path, drag.isMore);
  }

  private letGo(): void {
    this.drag = null;
    this.invalidate();
  }

  private finishSelection(path: readonly [number, number][], isMore: boolean): void {
    const { data, index, looks } = this;
    if (!data || !index || !looks) return;
    const polygon = simplified(path, LASSO_TOLERANCE_PIXELS).map(([x, y]) => toPlane(this.view(), this.size, x, y));
    this.options.listener.onSelect(
      pointsInside(index, data.places, polygon, (i) => looks.colours[4 * i + 3]! > 0),
      isMore,
    );
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 20 : event.deltaY;
    this.camera = zoomed(this.view(), this.size, Math.exp(-pixels * WHEEL_ZOOM), event.offsetX, event.offsetY);
    this.options.listener.onHover(null, { x: 0, y: 0 });
    this.invalidate();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pans: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [KEY_PAN_PIXELS, 0],
      ArrowRight: [-KEY_PAN_PIXELS, 0],
      ArrowUp: [0, KEY_PAN_PIXELS],
      ArrowDown: [0, -KEY_PAN_PIXELS],
    };
    const pan = pans[event.key];
    const { width, height } = this.size;
    if (pan) this.camera = panned(this.view(), ...pan);
    else if (event.key === "+" || event.key === "=") this.camera = zoomed(this.view(), this.size, KEY_ZOOM);
    else if (event.key === "-") this.camera = zoomed(this.view(), this.size, 1 / KEY_ZOOM);
    else if (event.key === "0") this.camera = null;
    else if (event.key === "Enter") this.options.listener.onPick(this.nearestToMiddle(width / 2, height / 2));
    else return;
    event.preventDefault();
    this.invalidate();
  }

  private nearestToMiddle(x: number, y: number): number | null {
    const { data, index, looks } = this;
    if (!data || !index || !looks) return null;
    const camera = this.view();
    const [px, py] = toPlane(camera, this.size, x, y);
    return index.nearest(px, py, Math.max(x, y) / camera.scale, (i) => looks.colours[4 * i + 3]! > 0);
  }
}

function boxOf(path: readonly [number, number][]): [number, number][] {
  const [ax, ay] = path[0]!;
  const [bx, by] = path.at(-1)!;
  return [
    [ax, ay],
    [bx, ay],
    [bx, by],
    [ax, by],
  ];
}
