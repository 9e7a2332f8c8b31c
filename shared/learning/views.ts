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
import { when } from "./ops/when.ts";
import type { TensorSpecification } from "./program.ts";

/** An array that becomes a tensor. */
export interface DrawArray {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/**
 * Parameters by name, V = 2N views: first all first views, then all second ones. Which are there depends on the pool alone, never on the draw.
 * `transforms` [V, 8], `blurTaps` [V, 7], `contrast` [V], `brightness` [V], `gain` [V, C], `speckle` [V] and `noiseSeed` int32 [2].
 */
export const DRAW_NAMES = ["transforms", "blurTaps", "contrast", "brightness", "gain", "speckle", "noiseSeed"] as const;
/** Bool scalars that say which stages a pool has; views for any pool have them, and all of the arrays. */
export const STAGE_NAMES = ["doesMove", "doesResample", "doesBlur", "doesMap", "doesSpeckle"] as const;
export type DrawName = (typeof DRAW_NAMES)[number] | (typeof STAGE_NAMES)[number];

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
  /** What `tensors` gives for a batch of `count` tiles. */
  specifications(count: number): Readonly<Record<string, TensorSpecification>>;
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
  /** Whether `apply` can be recorded once for all pools: every stage is there, and inputs say which are taken. */
  readonly forAnyPool?: boolean;
}

const GEOMETRIC_SAMPLERS = { flip: drawFlip, rotation: drawRotation, shift: drawShift, zoom: drawZoom } as const;

/**
 * What makes views. Operations that no list of the pool holds are left out of `draw` and `apply` altogether.
 * @see SimCLR, arXiv 2002.05709, section 2.1
 */
export function createViews({ settings, pool, stage, pixels, channels, means, stds, forAnyPool = false }: ViewsOptions): Views {
  if (pool.length === 0) throw new Error("the pool of views is empty: for the identity give one empty list");
  const scene: Scene = { settings, stage, pixels, channels };
  const lists = pool.map((list) => OPERATION_ORDER.filter((name) => list.includes(name)));
  const has = (name: AugmentationName) => lists.some((list) => list.includes(name));
  const isGeometric = has("flip") || has("rotation") || has("shift") || has("zoom");
  // Flips, quarter turns and whole shifts only move pixels.
  const isWhole = !has("zoom") && (settings.profile === "physical" || stage === "full" || !(has("rotation") || has("shift")));
  const fillMode = fillModeOf(settings.profile, stage);
  /** Stages of this pool. */
  const stages: Readonly<Record<(typeof STAGE_NAMES)[number], boolean>> = {
    doesMove: isGeometric && isWhole,
    doesResample: isGeometric && !isWhole,
    doesBlur: has("blur"),
    doesMap: has("contrast") || has("brightness") || has("gain"),
    doesSpeckle: has("speckle"),
  };
  const levels = Float32Array.from({ length: channels }, (_, c) => means[c]! / stds[c]!);
  const isPhysical = settings.profile === "physical";

  /** Arrays for a batch, holding what changes nothing. */
  function neutralArrays(views: number): Partial<Record<DrawName, DrawArray>> {
    const array = (width: number, shape: readonly number[] = [views, width]): DrawArray => ({
      shape,
      dtype: "float32",
      values: new Float32Array(views * width),
    });
    const isThere = (name: AugmentationName) => forAnyPool || has(name);
    return {
      ...(forAnyPool || isGeometric ? { transforms: array(8) } : {}),
      ...(isThere("blur") ? { blurTaps: array(MAXIMUM_RADIUS + 1) } : {}),
      ...(isThere("contrast") ? { contrast: array(1, [views]) } : {}),
      ...(isThere("brightness") ? { brightness: array(1, [views]) } : {}),
      ...(isThere("gain") ? { gain: array(channels) } : {}),
      ...(isThere("speckle") ? { speckle: array(1, [views]), noiseSeed: { shape: [2], dtype: "int32", values: new Int32Array(2) } } : {}),
      ...(forAnyPool ? Object.fromEntries(Object.entries(stages).map(([name, isTaken]) => [name, flag(isTaken)])) : {}),
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
    const random = Random.of(seed, "views", step, "noise");
    arrays.noiseSeed?.values.set([random.nextInt32(), random.nextInt32()]);
    return { arrays, drawn };
  }

  function specifications(count: number): Record<string, TensorSpecification> {
    return Object.fromEntries(Object.entries(neutralArrays(2 * count)).map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
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
      const takes = (name: (typeof STAGE_NAMES)[number]) => (forAnyPool ? given[name]! : stages[name]);
      const resample = (interpolation: "nearest" | "bilinear") => (x: tf.Tensor4D) =>
        applyTransforms(x, given.transforms as tf.Tensor2D, { fillMode, interpolation });
      let x = tf.concat4d([tiles, tiles], 0);
      x = when(takes("doesMove"), x, resample("nearest"));
      x = when(takes("doesResample"), x, resample("bilinear"));
      x = when(takes("doesBlur"), x, (views, gate) => applyBlur(views, gate(given.blurTaps as tf.Tensor2D), settings.profile));
      x = when(takes("doesMap"), x, (views) => applyPixelMap(views, pixelMap(views, given)));
      return when(takes("doesSpeckle"), x, (views, gate) => {
        const seed = gate(given.noiseSeed as tf.Tensor1D);
        return settings.profile === "physical"
          ? applyGammaSpeckle(views, { inverseLooks: given.speckle!, seed, levels })
          : applyImpulseSpeckle(views, { rates: given.speckle!, seed, value: settings.parameters.speckle.value });
      });
    });
  }

  function pixelMap(views: tf.Tensor4D, given: ViewTensors): PixelMap {
    let map: PixelMap = {};
    if (given.contrast) map = chain(map, contrastMap(views, given.contrast));
    if (given.brightness) map = chain(map, brightnessMap(given.brightness));
    if (given.gain) map = chain(map, gainMap(given.gain, isPhysical ? levels : null));
    return map;
  }

  return { draw, specifications, tensors, apply };
}

const flag = (value: boolean): DrawArray => ({ shape: [], dtype: "bool", values: Uint8Array.of(Number(value)) });
