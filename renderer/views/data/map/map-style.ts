// The map under the tiles: land, borders and names of countries in greys, so that colour is left to the tiles.
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Outlines } from "./outlines.ts";

export interface MapColours {
  readonly sea: string;
  readonly land: string;
  readonly coast: string;
  readonly border: string;
  readonly name: string;
}

export const MAP_COLOURS: Readonly<Record<"light" | "dark", MapColours>> = {
  light: { sea: "#e9edf1", land: "#fbfbfa", coast: "#b4bcc6", border: "#d0d5db", name: "#767e89" },
  dark: { sea: "#121418", land: "#22262b", coast: "#4a515a", border: "#383e46", name: "#868f9b" },
};

/** The map before its outlines are there. Without `glyphs`: names are drawn in the machine's own font, and nothing is asked for anywhere. */
export function emptyStyle({ sea }: MapColours): StyleSpecification {
  return { version: 8, sources: {}, layers: [{ id: "sea", type: "background", paint: { "background-color": sea } }] };
}

/** Layers of the outlines from below, each with its source of `Outlines`. */
export function outlineLayers({ land, coast, border, name }: MapColours): (LayerSpecification & { readonly source: keyof Outlines })[] {
  return [
    { id: "land", type: "fill", source: "land", paint: { "fill-color": land } },
    { id: "borders", type: "line", source: "borders", paint: { "line-color": border, "line-width": 1 } },
    { id: "coast", type: "line", source: "coast", paint: { "line-color": coast, "line-width": 1 } },
    {
      id: "names",
      type: "symbol",
      source: "names",
      layout: {
        "text-field": ["get", "name"],
        "text-font": ["sans-serif"],
        "text-size": 12,
        "text-max-width": 8,
        "symbol-sort-key": ["-", 0, ["get", "size"]],
      },
      paint: { "text-color": name, "text-halo-color": land, "text-halo-width": 1.2 },
    },
  ];
}
