// Two views of every tile: what each view undergoes is drawn on the host, number by number from the seed; the tiles go through it as tensors.
import * as tf from "@tensorflow/tfjs-core";
import type { AugmentationName, AugmentationSettings } from "../domain/augmentations.ts";
import { Random } from "../domain/random.ts";
import type { ViewPool } from "../domain/study.ts";
import { type Affine, applyTransforms, compose, fillModeOf, IDENTITY, transformRow } from "./augment/affine.ts";
import { applyBlur, blurTaps, drawBlur, MAXIMUM_RADIUS } from "./augment/blur.ts";
import { brightnessMap, drawBrightness } from "./augment/brightness.ts";
import { contrastMap, drawContrast } from "./augment/contrast.ts";
import { drawFlip } from "./augment/flip.ts";
import { drawGain, gainMap } from "./augment/gain.ts";
import { applyPixelMap, chain, type PixelMap } from "./augment/pixel-map.ts";
import { drawRotation } from "./augment/rotation.ts";
import { OPERATION_ORDER, type Sampler, type Scene, type Stage } from "./augment/scene.ts";
import { drawShift } from "./augment/shift.ts";
import { applyGammaSpeckle, applyImpulseSpeckle, drawSpeckle } from "./augment/speckle.ts";
import { drawZoom } from "./augment/zoom.ts";

/** An array that becomes a tensor. */
export interface DrawArray {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly values: Float32Array | Int32Array;
}

/**
 * Parameters by name, V = 2N views: first all first views, then all second ones. Which are there depends on the pool alone, never on the draw.
 * `transforms` [V, 8], `blurTaps` [V, 7], `contrast` [V], `brightness` [V], `gain` [V, C], `speckle` [V] and `noiseSeed` int32 [2].
 */
export const DRAW_NAMES = ["transforms", "blurTaps", "contrast", "brightness", "gain", "speckle", "noiseSeed"] as const;
export type DrawName = (typeof DRAW_NAMES)[number];

/** What one view undergoes, for people. */
export interface DrawnView {
  /** The list of the pool that was drawn, in the order in which its operations act. */
  readonly operations: readonly AugmentationName[];
  /** One text for each operation that changes the view: `rotation 90 deg`. */
  readonly words: readonly string[];
}

export interface ViewDraws {
  readonly arrays: Readonly<Partial<Record<DrawName, DrawArray>>>;
  /** // [2N] */
  readonly drawn: readonly DrawnView[];
}

/** The draws as tensors: the inputs of a recorded step. */
export type ViewTensors = Readonly<Partial<Record<DrawName, tf.Tensor>>>;

export interface Views {
  /**
   * Draws both views of a batch. Every sample and view has a random stream of its own.
   * @param count tiles in the batch, N
   */
  draw(keys: { readonly seed: number; readonly step: number }, count: number): ViewDraws;
  /** The tensors of `draws.arrays`; the caller frees them. */
  tensors(draws: ViewDraws): ViewTensors;
  /**
   * @param tiles standardised reflectance // [N, S, S, C]
   * @returns first views, then second views // [2N, S, S, C]
   */
  apply(tiles: tf.Tensor4D, draws: ViewDraws | ViewTensors): tf.Tensor4D;
}

export interface ViewsOptions {
  readonly settings: AugmentationSettings;
  readonly pool: ViewPool;
  readonly stage: Stage;
  /** Side of a tile, px. */
  readonly pixels: number;
  readonly channels: number;
  /** Mean reflectance of each channel. // [C] */
  readonly means: ArrayLike<number>;
  /** Standard deviation of each channel's reflectance. // [C] */
  readonly stds: ArrayLike<number>;
}

const GEOMETRIC_SAMPLERS = { flip: drawFlip, rotation: drawRotation, shift: drawShift, zoom: drawZoom } as const;

/**
 * What makes views. Operations that no list of the pool holds are left out of `draw` and `apply` altogether.
 * @see SimCLR, arXiv 2002.05709, section 2.1
 */
export function createViews({ settings, pool, stage, pixels, channels, means, stds }: ViewsOptions): Views {
  if (pool.length === 0) throw new Error("the pool of views is empty: for the identity give one empty list");
  const scene: Scene = { settings, stage, pixels, channels };
  const lists = pool.map((list) => OPERATION_ORDER.filter((name) => list.includes(name)));
  const has = (name: AugmentationName) => lists.some((list) => list.includes(name));
  const isGeometric = has("flip") || has("rotation") || has("shift") || has("zoom");
  // Flips, quarter turns and whole shifts only move pixels.
  const isWhole = !has("zoom") && (settings.profile === "physical" || stage === "full" || !(has("rotation") || has("shift")));
  const resampling = { fillMode: fillModeOf(settings.profile, stage), interpolation: isWhole ? "nearest" : "bilinear" } as const;
  const levels = Float32Array.from({ length: channels }, (_, c) => means[c]! / stds[c]!);
  const isPhysical = settings.profile === "physical";

  /** Arrays for a batch, holding what changes nothing. */
  function neutralArrays(views: number): Partial<Record<DrawName, DrawArray>> {
    const array = (width: number, shape: readonly number[] = [views, width]): DrawArray => ({
      shape,
      dtype: "float32",
      values: new Float32Array(views * width),
    });
    return {
      ...(isGeometric ? { transforms: array(8) } : {}),
      ...(has("blur") ? { blurTaps: array(MAXIMUM_RADIUS + 1) } : {}),
      ...(has("contrast") ? { contrast: array(1, [views]) } : {}),
      ...(has("brightness") ? { brightness: array(1, [views]) } : {}),
      ...(has("gain") ? { gain: array(channels) } : {}),
      ...(has("speckle") ? { speckle: array(1, [views]) } : {}),
    };
  }

  function draw({ seed, step }: { readonly seed: number; readonly step: number }, count: number): ViewDraws {
    const views = 2 * count;
    const arrays = neutralArrays(views);
    const drawn: DrawnView[] = [];
    for (let at = 0; at < views; at++) {
      const view = at < count ? 0 : 1;
      const random = Random.of(seed, "views", step, at - view * count, view);
      const list = lists.length > 1 ? lists[random.below(lists.length)]! : lists[0]!;
      drawn.push(drawView(random, list, arrays, at));
    }
    if (!has("speckle")) return { arrays, drawn };
    const random = Random.of(seed, "views", step, "noise");
    const noiseSeed: DrawArray = { shape: [2], dtype: "int32", values: Int32Array.of(random.nextInt32(), random.nextInt32()) };
    return { arrays: { ...arrays, noiseSeed }, drawn };
  }

  /** Draws the operations of a list for one view and writes their numbers into its rows of the arrays. */
  function drawView(
    random: Random,
    list: readonly AugmentationName[],
    arrays: Partial<Record<DrawName, DrawArray>>,
    at: number,
  ): DrawnView {
    const words: string[] = [];
    function sample<Value>(name: AugmentationName, sampler: Sampler<Value>, neutral: Value): Value {
      if (!list.includes(name)) return neutral;
      const { value, words: text } = sampler(random, scene);
      if (text !== null) words.push(text);
      return value;
    }
    const write = (name: DrawName, values: ArrayLike<number>) => arrays[name]?.values.set(values, at * values.length);

    let transform: Affine = IDENTITY;
    for (const name of ["flip", "rotation", "shift", "zoom"] as const) {
      transform = compose(transform, sample(name, GEOMETRIC_SAMPLERS[name], IDENTITY));
    }
    write("transforms", transformRow(transform));
    write("blurTaps", blurTaps(sample("blur", drawBlur, 0), settings.profile));
    write("contrast", [sample("contrast", drawContrast, 1)]);
    write("brightness", [sample("brightness", drawBrightness, 0)]);
    write("gain", sample("gain", drawGain, new Float32Array(channels).fill(1)));
    write("speckle", [sample("speckle", drawSpeckle, 0)]);
    return { operations: list, words };
  }

  function tensors({ arrays }: ViewDraws): ViewTensors {
    const entries = Object.entries(arrays).map(([name, { values, shape, dtype }]) => [name, tf.tensor(values, [...shape], dtype)] as const);
    return Object.fromEntries(entries);
  }

  function apply(tiles: tf.Tensor4D, draws: ViewDraws | ViewTensors): tf.Tensor4D {
    return tf.tidy(() => {
      const given = "drawn" in draws ? tensors(draws as ViewDraws) : (draws as ViewTensors);
      let x = tf.concat4d([tiles, tiles], 0);
      if (given.transforms) x = applyTransforms(x, given.transforms as tf.Tensor2D, resampling);
      if (given.blurTaps) x = applyBlur(x, given.blurTaps as tf.Tensor2D, settings.profile);
      let map: PixelMap = {};
      if (given.contrast) map = chain(map, contrastMap(x, given.contrast));
      if (given.brightness) map = chain(map, brightnessMap(given.brightness));
      if (given.gain) map = chain(map, gainMap(given.gain, isPhysical ? levels : null));
      x = applyPixelMap(x, map);
      if (!given.speckle) return x;
      const seed = given.noiseSeed as tf.Tensor1D;
      return settings.profile === "physical"
        ? applyGammaSpeckle(x, { inverseLooks: given.speckle, seed, levels })
        : applyImpulseSpeckle(x, { rates: given.speckle, seed, value: settings.parameters.speckle.value });
    });
  }

  return { draw, tensors, apply };
}
