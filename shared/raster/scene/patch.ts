// Simulated patches: the n-th of a seed is the same whatever the number asked for and the order in which they are made.
import type { CorineClass } from "../../domain/labels.ts";
import { Random } from "../../domain/random.ts";
import type { SampleOptions } from "../../domain/sample-options.ts";
import { CANVAS_SIZE, createCanvas, SurfaceTable } from "./canvas.ts";
import { labelsOf, paintSite, type Site } from "./landscape.ts";
import { createTextures, TEXTURE_SIZE } from "./noise.ts";
import { GRANULE_PATCHES, type Granule, PATCH_METRES, SCENES_PER_GRANULE, type Scene, sceneOf } from "./places.ts";
import { type PatchBands, Sensor, shadeSlopes } from "./sensor.ts";
import { BAND_COUNT } from "./spectra.ts";

/** The n-th patch: where, when, and what it is called in BigEarthNet's manner. */
export interface PatchPlace {
  readonly index: number;
  readonly name: string;
  readonly scene: Scene;
  readonly granule: Granule;
  /** Overpass time, HHMMSS (UTC). */
  readonly time: string;
  /** Position in the granule, in patches from its north-west corner. */
  readonly column: number;
  readonly row: number;
  /** North-west corner, metres in the granule's UTM zone. */
  readonly eastMetres: number;
  readonly northMetres: number;
}

export interface SimulatedPatch extends PatchPlace {
  readonly site: Site;
  readonly labels: readonly CorineClass[];
  readonly bands: PatchBands;
}

export interface Simulation {
  place(index: number): PatchPlace;
  patch(index: number): SimulatedPatch;
}

/** How many patches a simulation has: every place of every granule on every overpass. */
export const maxPatches = (granules: number) => granules * GRANULE_PATCHES * GRANULE_PATCHES * SCENES_PER_GRANULE;

/** Prepares a simulation: textures and the order of places. Holds about 10 MB. */
export function createSimulation(options: Omit<SampleOptions, "patches">): Simulation {
  const { seed, granules, irrigatedShare } = options;
  const textures = createTextures(Random.of(seed, "textures"));
  const places = GRANULE_PATCHES * GRANULE_PATCHES;
  const orders = Array.from({ length: granules }, (_, g) =>
    Random.of(seed, "places", g).shuffled(Array.from({ length: places }, (_, place) => place)),
  );
  const scenes = new Map<number, Scene>();
  const canvas = createCanvas();
  const surfaces = new SurfaceTable();
  const sensor = new Sensor();

  const place = (index: number): PatchPlace => {
    if (!(Number.isInteger(index) && index >= 0 && index < maxPatches(granules))) throw new Error(`no patch ${index} in this simulation`);
    const granuleIndex = index % granules;
    const visit = Math.floor(index / granules);
    const cell = orders[granuleIndex]![visit % places]!;
    const column = cell % GRANULE_PATCHES;
    const row = Math.floor(cell / GRANULE_PATCHES);
    const firstOverpass = Random.of(seed, "overpass", granuleIndex, cell).below(SCENES_PER_GRANULE);
    const overpass = (firstOverpass + Math.floor(visit / places)) % SCENES_PER_GRANULE;
    const key = granuleIndex * SCENES_PER_GRANULE + overpass;
    let scene = scenes.get(key);
    if (!scene) {
      scene = sceneOf(seed, granuleIndex, overpass);
      scenes.set(key, scene);
    }
    const { granule } = scene;
    return {
      index,
      name: `${scene.satellite}_MSIL2A_${scene.date.replaceAll("-", "")}T${granule.time}_${column}_${row}`,
      scene,
      granule,
      time: granule.time,
      column,
      row,
      eastMetres: granule.eastMetres + column * PATCH_METRES,
      northMetres: granule.northMetres - row * PATCH_METRES,
    };
  };

  const patch = (index: number): SimulatedPatch => {
    const where = place(index);
    const { scene, column, row } = where;
    const site = paintSite({ seed, granule: scene.granule, column, row, irrigatedShare }, { canvas, surfaces, textures, scene });
    shadeSlopes(canvas, textures.relief, {
      textureSize: TEXTURE_SIZE,
      offset: (column * CANVAS_SIZE + row * CANVAS_SIZE * TEXTURE_SIZE) & (TEXTURE_SIZE * TEXTURE_SIZE - 1),
      relief: site.relief,
      sunElevationRadians: scene.sunElevationRadians,
      sunAzimuthRadians: scene.sunAzimuthRadians,
    });
    const random = Random.of(seed, "view", index);
    const calibration = Random.of(seed, "calibration", scene.granule.tile, scene.date);
    const bandGains = Array.from({ length: BAND_COUNT }, () => Math.exp(scene.bandGainSpread * calibration.normal()));
    const bands = sensor.view(
      canvas,
      surfaces,
      {
        // The angle of view and of the sun brightens or darkens a place as a whole.
        gain: scene.gain * Math.exp(0.07 * random.normal()),
        bandGains,
        haze: scene.haze * random.uniform(0.6, 1.6),
        hazeExponent: scene.hazeExponent,
        sunElevationRadians: scene.sunElevationRadians,
        noiseScale: options.noiseScale,
      },
      random,
    );
    return { ...where, site, labels: labelsOf(site), bands };
  };

  return { place, patch };
}
