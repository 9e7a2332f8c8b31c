// What the catalogue knows of a tile, in words.
import { type Dataset, SOURCE_TITLES, type Tile } from "../../../shared/domain/dataset.ts";
import { count, percent, radiometryText } from "../../state/words.ts";

const share = (value: number | null): string | null => (value === null ? null : percent(value));

/** Names and values; those not known are null. */
export function factsOf(dataset: Dataset, tile: Tile): (readonly [string, string | null])[] {
  const gsd = tile.transform?.[0];
  const { offset, quantification, radiometrySource } = tile;
  return [
    ["Index", count(tile.index)],
    ["In use", tile.excluded ? "no: an exclusion list names it" : null],
    ["Date", tile.date],
    ["Split", tile.split],
    ["Country", tile.country],
    ["Cloud", share(tile.cloud)],
    ["Cloud shadow", share(tile.shadow)],
    ["Snow", share(tile.snow)],
    ["No data", percent(tile.nodata)],
    ["Saturated", share(tile.saturated)],
    ["Source", SOURCE_TITLES[tile.source]],
    ["Product", tile.product],
    ["Granule", tile.granule],
    ["Baseline", baselineOf(tile)],
    ["Reflectance", offset === null || quantification === null ? null : radiometryText(quantification, offset)],
    ["Told by", radiometrySource],
    ["CRS", tile.crs],
    ["Upper left", tile.transform ? `${count(tile.transform[2]!)} E, ${count(tile.transform[5]!)} N` : null],
    ["Side", `${dataset.tilePixels} px${gsd ? `, ${count(dataset.tilePixels * gsd)} m` : ""}`],
    ["Corners", tile.footprint && cornersText(tile.footprint)],
  ];
}

/** `04.00` of a product named by ESA's convention, `..._N0400_...`; null for others, and for BigEarthNet's N9999. */
export function baselineOf({ product }: Pick<Tile, "product">): string | null {
  const digits = /_N(\d{2})(\d{2})_/.exec(product ?? "");
  return digits && digits[1] !== "99" ? `${digits[1]}.${digits[2]}` : null;
}

/** Granule and centre: `T33UUP, 47.12° N 12.33° E`. */
export function placeText({ granule, footprint }: Pick<Tile, "granule" | "footprint">): string {
  return [granule, footprint && centreText(footprint)].filter(Boolean).join(", ");
}

/** To 1 km. The second and third corner may lie beyond the antimeridian. */
function centreText(footprint: readonly number[]): string {
  const west = footprint[0]!;
  const mean = (first: number, value: (at: number) => number) => [0, 2, 4, 6].reduce((sum, at) => sum + value(first + at), 0) / 4;
  const longitude = mean(0, (at) => footprint[at]! + (footprint[at]! < west - 180 ? 360 : 0));
  const latitude = mean(1, (at) => footprint[at]!);
  const turned = longitude > 180 ? longitude - 360 : longitude;
  return `${degrees(latitude, ["N", "S"], 2)} ${degrees(turned, ["E", "W"], 2)}`;
}

/** Longitude and latitude of the corners, from the upper left on, to about 10 m. */
function cornersText(footprint: readonly number[]): string {
  const corners = [0, 2, 4, 6].map((at) => `${degrees(footprint[at + 1]!, ["N", "S"], 4)} ${degrees(footprint[at]!, ["E", "W"], 4)}`);
  return corners.join("; ");
}

const degrees = (value: number, [above, below]: readonly [string, string], decimals: number) =>
  `${Math.abs(value).toFixed(decimals)}° ${value < 0 ? below : above}`;
