// The files of one simulated patch, named and laid out as in BigEarthNet v1.
import { BANDS } from "../../../shared/domain/bands.ts";
import type { SimulatedPatch } from "../../../shared/raster/scene/patch.ts";
import { PATCH_METRES } from "../../../shared/raster/scene/places.ts";
import { PATCH_PIXELS } from "../../../shared/raster/scene/sensor.ts";
import { SIMULATED_BANDS } from "../../../shared/raster/scene/spectra.ts";
import { SIMULATED_SOURCE } from "../patches/bigearthnet.ts";
import { encodeTiff, epsgOf } from "./tiff-writer.ts";

/** File name and content, bands first and labels last. */
export function patchFiles(patch: SimulatedPatch): [name: string, content: Buffer | string][] {
  const files: [string, Buffer | string][] = SIMULATED_BANDS.map((band) => {
    const { gsdMetres } = BANDS[band];
    const place = { utmZone: patch.granule.utmZone, eastMetres: patch.eastMetres, northMetres: patch.northMetres, gsdMetres };
    return [`${patch.name}_${band}.tif`, encodeTiff(patch.bands[band], PATCH_PIXELS[gsdMetres], place)];
  });
  files.push([`${patch.name}_labels_metadata.json`, labelsJson(patch)]);
  return files;
}

/** The names and sizes in bytes of a patch's image files: 192 or more bytes of header, then the pixels. */
export function isWholeImage(band: (typeof SIMULATED_BANDS)[number], bytes: number): boolean {
  const side = PATCH_PIXELS[BANDS[band].gsdMetres];
  return bytes === (side === PATCH_PIXELS[10] ? 392 : 360) + 2 * side * side;
}

/** `<patch>_labels_metadata.json`, spaced as Python's json writes it. */
export function labelsJson(patch: Omit<SimulatedPatch, "bands" | "site">): string {
  const { granule, eastMetres, northMetres, scene, time } = patch;
  const day = scene.date.replaceAll("-", "");
  const quoted = JSON.stringify;
  const labels = patch.labels.map((label) => quoted(label)).join(", ");
  const corners = { ulx: eastMetres, uly: northMetres, lrx: eastMetres + PATCH_METRES, lry: northMetres - PATCH_METRES };
  const coordinates = Object.entries(corners)
    .map(([key, value]) => `"${key}": ${value}`)
    .join(", ");
  const orbit = String(granule.orbit).padStart(3, "0");
  const source = `${SIMULATED_SOURCE}${scene.satellite}_MSIL1C_${day}T${time}_N0205_R${orbit}_T${granule.tile}_${day}T${time}.SAFE`;
  const acquired = `${scene.date} ${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}`;
  return `{"labels": [${labels}], "coordinates": {${coordinates}}, "projection": ${quoted(utmWkt(granule.utmZone))}, "tile_source": ${quoted(source)}, "acquisition_date": ${quoted(acquired)}}`;
}

/** WKT 1 of a northern UTM zone, as GDAL wrote it into BigEarthNet. */
function utmWkt(zone: number): string {
  return (
    `PROJCS["WGS 84 / UTM zone ${zone}N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],` +
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],' +
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],' +
    `PARAMETER["central_meridian",${6 * zone - 183}],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],` +
    `UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","${epsgOf(zone)}"]]`
  );
}
