// Images with all bands in one file: which sample is which band, the time steps that each holds, and the parts of split exports.
import { join } from "node:path";
import { BAND_NAMES, type BandName } from "../../../shared/domain/bands.ts";
import type { Problem, SourceKind } from "../../../shared/domain/dataset.ts";
import { messageOf } from "../../../shared/domain/errors.ts";
import { describeBands, suggestedOrders, type TimeStep } from "../readers/band-descriptions.ts";
import type { BandOrders } from "../readers/band-orders.ts";
import { granuleIn, isoDateIn } from "../readers/names.ts";
import { openRaster } from "../readers/open-raster.ts";
import { pause } from "../readers/pace.ts";
import type { Raster } from "../readers/raster.ts";
import { NO_SCENE, type Scene } from "../readers/scene.ts";
import { parseSplitName } from "../readers/split-raster.ts";
import { type FoundPatch, patchOf } from "./found-patch.ts";
import { type Gathering, namesAround } from "./gather.ts";

export interface MultiBandOptions {
  readonly bandOrders: BandOrders;
  readonly problems: Problem[];
  /** Says something of the source. */
  note(kind: SourceKind, text: string): void;
  readonly signal: AbortSignal | undefined;
  /** Images that are opened, at the least; by default 20,000. */
  readonly opened?: number;
}

/** Images with fewer samples are pictures, masks or single bands. */
const FEWEST_SAMPLES = 4;
/** Images that are opened of many; those between two alike are taken to be like them, which is checked when they are read. */
const OPENED_IMAGES = 20_000;
const LISTED_WORDS = 5;

/** An image, or all parts of a split one. */
interface Image {
  readonly folder: string;
  /** Its file, or that of the first part. */
  readonly file: string;
  readonly name: string;
  readonly parts: readonly string[] | null;
}

/** The time steps of images that are alike, shared by all of them. */
type Layout = readonly Step[];

interface Step {
  readonly label: string;
  readonly date: string | null;
  readonly bands: readonly BandName[];
  readonly samples: Readonly<Partial<Record<BandName, number>>>;
  readonly mask: { readonly kind: "scene-classes" | "probability"; readonly sample: number } | null;
}

/** The patches of all images that a gathering took for such ones. */
export async function tellMultiBand({ rasters, root }: Gathering, options: MultiBandOptions): Promise<FoundPatch[]> {
  const { problems, signal, opened = OPENED_IMAGES } = options;
  const images = rasters.flatMap(({ path, files }) => imagesOf(path, files));
  const layouts = new Layouts(root, options);
  const found: FoundPatch[] = [];
  const add = (image: Image, layout: Layout | null) => {
    if (layout) for (const patch of patchesOf(root, image, layout)) found.push(patch);
  };
  const open = async (image: Image): Promise<Layout | null> => {
    await pause(signal);
    const path = join(image.folder, image.file);
    try {
      return layouts.open(path, image);
    } catch (error) {
      problems.push({ path, reason: messageOf(error).replace(`${path} `, "") });
      return null;
    }
  };
  const step = Math.max(1, Math.ceil(images.length / opened));
  let before: Layout | null = null;
  for (let from = 0; from < images.length; from += step) {
    const layout = await open(images[from]!);
    for (let i = Math.max(0, from - step + 1); i < from; i++)
      add(images[i]!, layout && before === layout ? layout : await open(images[i]!));
    add(images[from]!, layout);
    before = layout;
  }
  for (let i = images.length - ((images.length - 1) % step); i < images.length; i++) add(images[i]!, await open(images[i]!));
  layouts.report();
  return found;
}

/** The images of a folder, the parts of each together. */
function imagesOf(folder: string, files: readonly string[]): Image[] {
  const parts = new Map<string, string[]>();
  const whole: Image[] = [];
  for (const file of files) {
    const split = parseSplitName(file);
    if (!split) whole.push({ folder, file, name: file.replace(/\.tiff?$/i, ""), parts: null });
    else if (parts.has(split.name)) parts.get(split.name)!.push(file);
    else parts.set(split.name, [file]);
  }
  const joined = [...parts].map(([name, own]) => ({ folder, file: own[0]!, name, parts: own.map((file) => join(folder, file)) }));
  return [...whole, ...joined];
}

function* patchesOf(root: string, { folder, file, name, parts }: Image, steps: Layout): Generator<FoundPatch> {
  const path = join(folder, file);
  const context = namesAround(root, name, folder);
  for (const [i, { label, date, bands, samples, mask }] of steps.entries()) {
    const scene: Scene | null = mask && !parts ? { ...NO_SCENE, mask: { ...mask, file: path } } : null;
    yield {
      ...patchOf("multi-band", path, label === "" ? name : `${name}_${label}`),
      bands,
      parts,
      member: steps.length > 1 ? i : null,
      samples,
      // The name's day is none of the single steps'.
      date: date ?? (steps.length > 1 ? null : isoDateIn(context)),
      granule: granuleIn(context),
      scene,
    };
  }
}

/** What images hold, told once for all that are alike; and what is to be said of those that tell nothing. */
class Layouts {
  private readonly root: string;
  private readonly options: MultiBandOptions;
  private readonly known = new Map<string, Layout | null>();
  private readonly untold = new Map<string, { readonly path: string; readonly reason: (others: string) => string; count: number }>();

  constructor(root: string, options: MultiBandOptions) {
    this.root = root;
    this.options = options;
  }

  /** @throws AppError when the image cannot be opened */
  open(path: string, { parts }: Image): Layout | null {
    const { bandOrders, problems } = this.options;
    const raster = openRaster(path, { parts });
    raster.close();
    if (raster.bands < FEWEST_SAMPLES) return null;
    if (raster.missing && raster.missing.length > 0) {
      const places = raster.missing.map(({ x, y, width, height }) => `${width} x ${height} px at ${x}, ${y}`);
      const shown = places.slice(0, LISTED_WORDS).join("; ");
      problems.push({ path, reason: `lacks parts of its export (${shown}), which are left without data. Download them, too.` });
    }
    const described = this.once(JSON.stringify(raster.descriptions), () => this.describedLayout(raster));
    if (described) return described;
    // Pictures.
    if (raster.dtype === "uint8" || raster.dtype === "int8") return null;
    const order = raster.descriptions.every(tellsNothing) ? bandOrders.find(this.root, { ...raster, path }) : null;
    if (order) return this.once(JSON.stringify(["in this order", ...order]), () => orderedLayout(order));
    this.count(path, raster);
    return null;
  }

  private once(key: string, make: () => Layout | null): Layout | null {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const layout = make();
    this.known.set(key, layout);
    return layout;
  }

  /** Says what could not be told, once for all images alike. */
  report(): void {
    for (const { path, reason, count } of this.untold.values()) {
      const others = count === 1 ? "" : `, as ${count - 1} more ${count === 2 ? "image" : "images"}`;
      this.options.problems.push({ path, reason: reason(others) });
    }
  }

  private count(path: string, raster: Raster): void {
    const key = JSON.stringify([raster.dtype, raster.descriptions]);
    const known = this.untold.get(key);
    if (known) known.count++;
    else this.untold.set(key, { path, reason: (others) => untoldReason(raster, others, this.options.bandOrders), count: 1 });
  }

  private describedLayout({ descriptions }: Raster): Layout | null {
    const { timeSteps, ignored } = describeBands(descriptions);
    if (timeSteps.length === 0) return null;
    const unused = new Set(timeSteps.flatMap(({ masks }) => Object.keys(masks)));
    const steps = timeSteps.map((step): Step => {
      const mask = maskOf(step);
      if (mask) unused.delete(mask.kind === "scene-classes" ? "SCL" : "MSK_CLDPRB");
      return {
        label: step.label,
        date: step.date,
        bands: BAND_NAMES.filter((band) => step.bands[band] !== undefined),
        samples: step.bands,
        mask,
      };
    });
    // `VV`, `VV_1`, `VV_2` are one thing to say.
    const words = [...new Set([...unused, ...ignored.map((word) => word.replace(/(?<=\D)_\d+$/, ""))])];
    if (words.length > 0)
      this.options.note(
        "multi-band",
        `Images hold more than is used: ${words.slice(0, LISTED_WORDS).join(", ")}${words.length > LISTED_WORDS ? ` and ${words.length - LISTED_WORDS} more` : ""}.`,
      );
    return steps;
  }
}

function maskOf({ masks }: TimeStep): Step["mask"] {
  if (masks.SCL !== undefined) return { kind: "scene-classes", sample: masks.SCL };
  return masks.MSK_CLDPRB === undefined ? null : { kind: "probability", sample: masks.MSK_CLDPRB };
}

function orderedLayout(order: readonly (BandName | null)[]): Layout {
  const samples = Object.fromEntries(order.flatMap((band, sample) => (band ? [[band, sample]] : [])));
  const bands = BAND_NAMES.filter((band) => order.includes(band));
  return [{ label: "", date: null, bands, samples, mask: null }];
}

/** No description, or one as `Band 1`. */
const tellsNothing = (description: string | null) => /^((band|layer|channel)?[ _-]*\d*)?$/i.test(description?.trim() ?? "");

/** Why an image whose bands nothing tells is left out, and what to do. */
function untoldReason({ bands, descriptions }: Raster, others: string, { told }: BandOrders): string {
  const words = descriptions.filter((description) => !tellsNothing(description));
  if (words.length > 0)
    return `has ${bands} bands that are none of Sentinel-2 by their descriptions (${words.slice(0, LISTED_WORDS).join(", ")} ...)${others}. If they are, describe them by their names, such as B02.`;
  const mismatch = told && told.length !== bands ? ` The order given names ${told.length} bands.` : "";
  const orders = suggestedOrders(bands).map((order) => `${order.bands.map((band) => band ?? "-").join(",")} (${order.name})`);
  const example = orders.length > 0 ? `; common ones are ${orders.join("; ")}` : "";
  return `has ${bands} bands, and nothing in it says which is which${others}.${mismatch} Tell their order with --band-order B02,B03,..., "-" for what is no band${example}.`;
}
