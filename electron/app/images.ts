// Pictures, pixels and band profiles of tiles, and previews of augmentations. Views are drawn by the same code as in training, in a worker of their own.
import { createHash } from "node:crypto";
import { LARGEST_STRIP, TileOrderQuery } from "../../shared/contract/app.ts";
import type { HostInputs, HostOutputs } from "../../shared/contract/client.ts";
import { findBandCombination } from "../../shared/domain/band-combinations.ts";
import { BANDS, STUDY_BANDS } from "../../shared/domain/bands.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { previewWarnings, profileBands, profileImages, type ReflectanceImage } from "../../shared/domain/preview.ts";
import { parseTileList } from "../../shared/domain/tile-list.ts";
import { parseStretch } from "../../shared/domain/tile-stretch.ts";
import { composite, type Stretch, stretchOf } from "../../shared/raster/composite.ts";
import { toReflectance } from "../../shared/raster/radiometry.ts";
import { listRows, tileAt } from "../ingest/catalogue/catalogue.ts";
import { type BandCounts, countBands, sharedRanges } from "../ingest/store/shared-stretch.ts";
import { renderTilePng, renderTileStrip } from "../ingest/store/tile-image.ts";
import { openTileStore } from "../ingest/store/tile-store.ts";
import { startTrainingWorker, type TrainingWorker } from "../training/training-worker.ts";

export type PreviewInput = HostInputs["augmentation"]["preview"];
export type PreviewOutput = HostOutputs["augmentation"]["preview"];

type Store = Awaited<ReturnType<typeof openTileStore>>;
type StretchRanges = ReturnType<typeof stretchOf>;
type Png = Uint8Array<ArrayBuffer>;

const KEPT_PREVIEWS = 64;
const LARGEST_IMAGE_PIXELS = 1024;

export class Images {
  private readonly folderOf: (dataset: string) => Promise<string>;
  private readonly stores = new Map<string, Promise<Store>>();
  /** The images of the last previews by their key; the oldest is dropped first. */
  private readonly previews = new Map<string, [Png, Png, Png]>();
  /** The stretch of the last tile: it stays while its augmentations change. */
  private lastStretch: { readonly key: string; readonly ranges: StretchRanges } | undefined;
  private readonly counts = new WeakMap<Store, Promise<BandCounts>>();
  private worker: Promise<TrainingWorker> | undefined;

  /** @param folderOf the folder of a data set by its name; throws NOT_FOUND */
  constructor(folderOf: (dataset: string) => Promise<string>) {
    this.folderOf = folderOf;
  }

  /** The bytes at a path of `imagePaths`; `undefined` when it is none of them. @throws AppError when a tile does not exist; the signal's reason */
  async read(pathAndQuery: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const url = new URL(pathAndQuery, "image://host");
    const tile = /^\/image\/tile\/([^/]+)\/(\d{1,9})\.png$/.exec(url.pathname);
    if (tile) {
      const reader = await this.store(decodeURIComponent(tile[1]!));
      const size = Math.min(Math.max(Number(url.searchParams.get("size")) || reader.dataset.tilePixels, 16), LARGEST_IMAGE_PIXELS);
      return new Uint8Array(await renderTilePng({ reader, row: Number(tile[2]), size, ...(await this.pictureOf(tile[1]!, url)) }));
    }
    const strip = /^\/image\/strip\/([^/]+)\.jpg$/.exec(url.pathname);
    if (strip) {
      const reader = await this.store(decodeURIComponent(strip[1]!));
      const rows = parseTileList(url.searchParams.get("rows") ?? "", LARGEST_STRIP);
      if (!rows || rows.length === 0) throw new AppError("BAD_ARGUMENT", `A strip has 1 to ${LARGEST_STRIP} tiles.`);
      const pixels = Math.min(Math.max(Number(url.searchParams.get("size")) || 0, 8), reader.dataset.tilePixels);
      return new Uint8Array(await renderTileStrip({ reader, rows, pixels, signal, ...(await this.pictureOf(strip[1]!, url)) }));
    }
    const bands = /^\/image\/bands\/([^/]+)\/(\d{1,9})\.bin$/.exec(url.pathname);
    if (bands) return this.bands(decodeURIComponent(bands[1]!), Number(bands[2]));
    const order = /^\/image\/order\/([^/]+)\.bin$/.exec(url.pathname);
    if (order) return this.order(decodeURIComponent(order[1]!), url.searchParams.get("query") ?? "");
    const preview = /^\/image\/preview\/([0-9a-f]+)\/([012])\.png$/.exec(url.pathname);
    return preview ? this.previews.get(preview[1]!)?.[Number(preview[2]) as 0 | 1 | 2] : undefined;
  }

  /** Combination and stretch that an address asks for. */
  private async pictureOf(encodedDataset: string, url: URL): Promise<{ combination: string; stretch?: Stretch }> {
    const combination = url.searchParams.get("combination") ?? "true-colour";
    const text = url.searchParams.get("stretch");
    if (text === null) return { combination };
    const stretch = parseStretch(text);
    if (!stretch) throw new AppError("BAD_ARGUMENT", `"${text}" is no stretch: write shared-2-98 or tile-2-98.`);
    const { scope, low, high } = stretch;
    const chosen = findBandCombination(combination);
    if (scope === "tile" || !chosen || chosen.kind === "index") return { combination, stretch: { kind: "percentiles", low, high } };
    const { reader, counts } = await this.counted(decodeURIComponent(encodedDataset));
    return {
      combination,
      stretch: { kind: "ranges", ranges: sharedRanges(counts, chosen, { low, high, radiometry: reader.layout.radiometry }) },
    };
  }

  private async counted(dataset: string): Promise<{ reader: Store; counts: BandCounts }> {
    const reader = await this.store(dataset);
    const known = this.counts.get(reader);
    if (known) return { reader, counts: await known };
    const counting = countBands(reader);
    this.counts.set(reader, counting);
    counting.catch(() => this.counts.delete(reader));
    return { reader, counts: await counting };
  }

  private async bands(dataset: string, index: number): Promise<Uint8Array<ArrayBuffer>> {
    const { groups } = await (await this.store(dataset)).readTile(index);
    const out = new Uint8Array(groups.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of groups) {
      out.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return out;
  }

  private async order(dataset: string, text: string): Promise<Uint8Array<ArrayBuffer>> {
    const query = TileOrderQuery.safeParse(parseJson(text));
    if (!query.success) throw new AppError("BAD_ARGUMENT", `This is no query for tiles: ${text.slice(0, 200)}`);
    const { filter, ...order } = query.data;
    return new Uint8Array((await listRows(await this.folderOf(dataset), { ...filter, ...order })).buffer);
  }

  /** The catalogue's row of a tile and its bands' figures, each band at its own size, by wavelength. */
  async describe(dataset: string, index: number): Promise<HostOutputs["dataset"]["tile"]> {
    const reader = await this.store(dataset);
    const tile = await tileAt(await this.folderOf(dataset), index);
    const raw = await reader.readTile(index);
    const profile = reader.layout.groups.flatMap(({ bands, pixels }, group) => {
      const { data, mask } = toReflectance(raw.groups[group]!, reader.layout.radiometry);
      return profileBands({ bands, pixels, data, mask });
    });
    return { tile, profile: profile.sort((a, b) => a.wavelengthNm - b.wavelengthNm) };
  }

  /** Draws two views of a tile and keeps their pictures under a key. The three pictures share the original's stretch. */
  async preview(input: PreviewInput): Promise<PreviewOutput> {
    const { dataset, index, operations, augmentation, inputPixels = null, seed, combination: id = "true-colour" } = input;
    const reader = await this.store(dataset);
    const stored = new Set(reader.layout.groups.flatMap((group) => group.bands));
    const bands = STUDY_BANDS.filter((band) => stored.has(band));
    const combination = findBandCombination(id);
    if (!combination?.bands.every((band) => bands.includes(band as (typeof bands)[number]))) {
      throw new AppError("BAD_ARGUMENT", `The band combination ${id} cannot be shown: the views have ${bands.join(", ")}.`);
    }
    const worker = await this.previewWorker();
    const { pixels, images, drawn } = await worker.preview({
      datasetFolder: await this.folderOf(dataset),
      index,
      bands: [...bands],
      operations,
      augmentation: augmentation ?? { profile: "physical" },
      inputPixels,
      seed,
    });
    const byWavelength = [...bands].sort((a, b) => BANDS[a].wavelengthNm - BANDS[b].wavelengthNm);
    const [original, first, second] = images.map((data): ReflectanceImage => ({ bands, pixels, data })) as [
      ReflectanceImage,
      ReflectanceImage,
      ReflectanceImage,
    ];
    const ranges = this.stretch([dataset, index, inputPixels, id].join("/"), () => stretchOf(original, combination));
    const { default: sharp } = await import("sharp");
    const picture = async (image: ReflectanceImage): Promise<Png> => {
      const rgba = composite(image, combination, { stretch: { kind: "ranges", ranges } });
      return new Uint8Array(
        await sharp(rgba, { raw: { width: pixels, height: pixels, channels: 4 } })
          .png()
          .toBuffer(),
      );
    };
    const key = createHash("sha256").update(JSON.stringify(input)).digest("hex").slice(0, 32);
    this.keep(key, await Promise.all([picture(original), picture(first), picture(second)]));
    const warnings = [first, second].flatMap((after, view) =>
      previewWarnings({ before: original, after, operations, profile: augmentation?.profile ?? "physical", drawn: drawn[view]! }),
    );
    const profiles = profileImages([original, first, second]).map((profile) =>
      profile.sort((a, b) => byWavelength.indexOf(a.band as never) - byWavelength.indexOf(b.band as never)),
    );
    return {
      key,
      drawn,
      profiles: profiles as PreviewOutput["profiles"],
      warnings: warnings.filter((warning, i) => warnings.findIndex((other) => other.message === warning.message) === i),
    };
  }

  /** Closes the store of a data set that is about to go. */
  async forget(dataset: string): Promise<void> {
    const store = this.stores.get(dataset);
    this.stores.delete(dataset);
    this.lastStretch = undefined;
    await (await store?.catch(() => undefined))?.close();
  }

  async close(): Promise<void> {
    for (const dataset of [...this.stores.keys()]) await this.forget(dataset);
    await (await this.worker?.catch(() => undefined))?.terminate();
  }

  private stretch(key: string, make: () => StretchRanges): StretchRanges {
    if (this.lastStretch?.key !== key) this.lastStretch = { key, ranges: make() };
    return this.lastStretch.ranges;
  }

  private store(dataset: string): Promise<Store> {
    const known = this.stores.get(dataset);
    if (known) return known;
    const opening = this.folderOf(dataset).then(openTileStore);
    this.stores.set(dataset, opening);
    opening.catch(() => this.stores.delete(dataset));
    return opening;
  }

  /** A worker on the WebAssembly engine: one tile is small, and training keeps the other engine to itself. */
  private previewWorker(): Promise<TrainingWorker> {
    this.worker ??= (async () => {
      const worker = startTrainingWorker();
      void worker.lost.then(() => {
        this.worker = undefined;
      });
      await worker.engine({ engine: "wasm", threads: 1 });
      return worker;
    })();
    this.worker.catch(() => {
      this.worker = undefined;
    });
    return this.worker;
  }

  private keep(key: string, images: [Png, Png, Png]): void {
    this.previews.delete(key);
    this.previews.set(key, images);
    for (const oldest of [...this.previews.keys()].slice(0, Math.max(0, this.previews.size - KEPT_PREVIEWS))) this.previews.delete(oldest);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
