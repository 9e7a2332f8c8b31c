// MapLibre with the tiles on it: what the view sets on the map, and what it hears of it. North stays up and the map flat.
import "maplibre-gl/dist/maplibre-gl.css";
import { Map as MapLibre, setWorkerUrl } from "maplibre-gl";
import workerAddress from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { latitudeAt, longitudeAt, mercatorX, mercatorY } from "../../../../shared/domain/mercator.ts";
import { createStore, type Store } from "../../../state/store.ts";
import { FootprintLayer } from "./footprint-layer.ts";
import { type Box, middleOf, type Point } from "./footprints.ts";
import { emptyStyle, type MapColours, outlineLayers } from "./map-style.ts";
import { boxInView, fitted, LEAST_ZOOM, type MapView, MOST_ZOOM, scaleOf } from "./map-view.ts";
import type { Outlines } from "./outlines.ts";

export interface MapOptions {
  readonly container: HTMLElement;
  /** How a screen reader names it. */
  readonly title: string;
  readonly colours: MapColours;
  readonly place: { readonly middle: Point; readonly zoom: number } | null;
  /** When a movement has ended. */
  readonly onMoved: () => void;
  /** A click, px from the upper left. */
  readonly onClick: (at: Point) => void;
  /** The pointer over the map; null: it has left. */
  readonly onPointer: (at: Point | null) => void;
  /** What could not be drawn. */
  readonly onError: (error: unknown) => void;
}

/** Whether maps can be drawn here. */
export function hasWebGl2(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

type PaintProperty = Parameters<MapLibre["setPaintProperty"]>[1];

const MOVING_MS = 250;
const degrees = ([x, y]: Point): [number, number] => [longitudeAt(x), latitudeAt(y)];

export class FootprintMap {
  readonly view: Store<MapView>;
  readonly layer: FootprintLayer;
  private readonly map: MapLibre;
  private readonly ready: Promise<void>;
  private outlines: Outlines | null = null;
  private colours: MapColours;
  private isClosed = false;

  constructor({ container, title, colours, place, onMoved, onClick, onPointer, onError }: MapOptions) {
    setWorkerUrl(workerAddress);
    this.colours = colours;
    this.map = new MapLibre({
      container,
      style: emptyStyle(colours),
      center: place ? degrees(place.middle) : [0, 20],
      zoom: place?.zoom ?? 1,
      minZoom: LEAST_ZOOM,
      maxZoom: MOST_ZOOM,
      maxPitch: 0,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      boxZoom: false,
      attributionControl: false,
      fadeDuration: 0,
      locale: { "Map.Title": title },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.view = createStore(this.look());
    this.layer = new FootprintLayer(() => this.view.get());
    const look = () => this.view.set(this.look());
    this.map.on("move", look);
    this.map.on("resize", look);
    this.map.on("moveend", onMoved);
    this.map.on("click", ({ point }) => onClick([point.x, point.y]));
    this.map.on("mousemove", ({ point, originalEvent }) => originalEvent.buttons === 0 && onPointer([point.x, point.y]));
    this.map.on("mouseout", () => onPointer(null));
    this.map.on("error", ({ error }) => onError(error));
    this.map.on("webglcontextrestored", () => void this.fill());
    this.ready = new Promise((done) => this.map.once("load", () => done()));
    void this.ready.then(() => this.fill());
  }

  private look(): MapView {
    const { lng, lat } = this.map.getCenter();
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    return { middle: [mercatorX(lng), mercatorY(lat)], scale: scaleOf(this.map.getZoom()), width, height };
  }

  /** Puts what was set so far on a new or restored map. */
  private async fill(): Promise<void> {
    if (!this.map.getLayer(this.layer.id)) this.map.addLayer(this.layer);
    if (!this.outlines) return;
    // One in a frame: each is packed for MapLibre's worker, and the first of its kind brings a shader to be built.
    for (let i = 0; ; i++) {
      await new Promise(requestAnimationFrame);
      const layer = outlineLayers(this.colours)[i];
      if (!layer || this.isClosed) return;
      const { source } = layer;
      if (!this.map.getSource(source)) this.map.addSource(source, { type: "geojson", data: this.outlines[source] });
      if (!this.map.getLayer(layer.id)) this.map.addLayer(layer, this.layer.id);
    }
  }

  setOutlines(outlines: Outlines): void {
    this.outlines = outlines;
    void this.ready.then(() => this.fill());
  }

  setColours(colours: MapColours): void {
    this.colours = colours;
    void this.ready.then(() => {
      for (const { id, paint } of [...emptyStyle(colours).layers, ...outlineLayers(colours)])
        if (this.map.getLayer(id))
          for (const [property, value] of Object.entries(paint ?? {})) this.map.setPaintProperty(id, property as PaintProperty, value);
    });
  }

  /** After the layer was given something else to draw. */
  redraw(): void {
    this.map.triggerRepaint();
  }

  /** Shows a box whole. */
  fit(box: Box): void {
    this.goTo(fitted(box, this.view.get()));
  }

  goTo({ middle, zoom }: { middle: Point; zoom: number }): void {
    this.map.jumpTo({ center: degrees(middle), zoom });
  }

  /** Moves so far that a box is in view. */
  reveal(box: Box): void {
    const [x, y] = middleOf(box);
    const [west, north, east, south] = boxInView(this.view.get());
    if (x > west && x < east && y > north && y < south) return;
    this.map.easeTo({ center: degrees([x, y]), duration: MOVING_MS });
  }

  zoomBy(steps: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + steps, duration: MOVING_MS });
  }

  close(): void {
    this.isClosed = true;
    this.map.remove();
  }
}
