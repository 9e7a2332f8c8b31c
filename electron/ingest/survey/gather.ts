// Patches by what the names in each folder say; nothing is opened here.
import { basename, dirname, join, relative, sep } from "node:path";
import { BAND_NAMES, BANDS, type BandName } from "../../../shared/domain/bands.ts";
import type { Problem } from "../../../shared/domain/dataset.ts";
import { LABELS_FILE } from "../patches/bigearthnet.ts";
import { EXCLUSION_FILE, METADATA_FILE, parsePatchName, REFERENCE_MAP } from "../readers/bigearthnet-v2.ts";
import { BIGEARTHNET_BANDS } from "../readers/formats.ts";
import { granuleIn, isoDateIn, parseBandFileName } from "../readers/names.ts";
import { isSafeProduct } from "../readers/safe-product.ts";
import { NO_SCENE, type Scene } from "../readers/scene.ts";
import { TFRECORD_NAME } from "../readers/tfrecord.ts";
import { type FoundPatch, patchOf } from "./found-patch.ts";
import { inOrder, PatchList } from "./patch-list.ts";
import type { Folder } from "./walk.ts";

/** Image files that are remembered, to say what a folder without bands holds. */
const REMEMBERED_IMAGES = 20;

/** Gathers patches from folders as they are visited, keeping little of each. */
export class Gathering {
  folders = 0;
  files = 0;
  readonly images: string[] = [];
  /** Folders with JSON files that may tell of scenes. */
  readonly described = new Set<string>();
  /** Folders of Sentinel-2 products: what is in them belongs together, and their metadata tell what it is. */
  readonly products = new Set<string>();
  readonly simulations: string[] = [];
  /** Files that may be TFRecords. */
  readonly records: string[] = [];
  /** BigEarthNet v2's metadata, and lists of patches to leave out. */
  readonly metadataFiles: string[] = [];
  readonly exclusionFiles: string[] = [];
  /** Reference maps that were seen. */
  referenceMaps = 0;
  /** Images that may have all bands in one file, by folder. */
  readonly rasters: { readonly path: string; readonly files: readonly string[] }[] = [];
  readonly root: string;
  private readonly problems: Problem[];
  private readonly found = new PatchList();
  /** Folders of folders with labels: a neighbour without is a patch whose labels are missing. */
  private readonly labelledParents = new Set<string>();
  /** `<folder>/<folder>_B02.tif` without labels: BigEarthNet by its layout if its neighbours have labels, else a scene. */
  private readonly unlabelled = new PatchList();
  /** `R10m`, `R20m`, `R60m` belong to one scene, that of the folder above. */
  private readonly resolutionFolders = new Map<string, { path: string; files: string[] }>();
  private readonly bandLists = new Map<string, readonly BandName[]>();

  constructor(root: string, problems: Problem[]) {
    this.root = root;
    this.problems = problems;
  }

  add({ path, files, folders }: Folder): void {
    this.folders++;
    this.files += files.length;
    if (this.isInProduct(path)) return;
    const name = basename(path);
    if (isSafeProduct({ files, folders }) || (files.includes("tileInfo.json") && hasBands(files, folders))) {
      this.products.add(path);
      return;
    }
    if (files.includes("simulation.json")) this.simulations.push(path);
    for (const file of files) {
      if (METADATA_FILE.test(file)) this.metadataFiles.push(join(path, file));
      else if (EXCLUSION_FILE.test(file)) this.exclusionFiles.push(join(path, file));
      else if (REFERENCE_MAP.test(file)) this.referenceMaps++;
    }
    const labelsName = files.find((file) => LABELS_FILE.test(file));
    if (labelsName) {
      this.labelledParents.add(dirname(path));
      this.addLabelled(path, files, LABELS_FILE.exec(labelsName)![1]!);
      return;
    }
    if (files.some((file) => /\.(geo)?json$/i.test(file))) this.described.add(path);
    const plain = plainBands(name, files);
    const v2 = plain.length > 0 ? parsePatchName(name) : null;
    if (v2) {
      const { date, granule } = v2;
      this.found.push({ ...patchOf("bigearthnet-v2", path, name), bands: this.shared(plain), date, granule });
      return;
    }
    if (plain.length > 0) {
      const context = this.context("", path);
      this.unlabelled.push({
        ...patchOf("geotiff-bands", path, name),
        bands: this.shared(plain),
        date: isoDateIn(context),
        granule: granuleIn(context),
        scene: maskedScene(path, sceneClassesOf(files).get(parseBandFileName(`${name}_B02`)!.scene)),
      });
      return;
    }
    if (/^R(10|20|60)m$/i.test(name)) {
      const parent = dirname(path);
      const scene = this.resolutionFolders.get(parent) ?? { path: parent, files: [] };
      scene.files.push(...files.map((file) => join(name, file)));
      this.resolutionFolders.set(parent, scene);
      return;
    }
    const eurosat = eurosatPatches(path, files);
    const scenes = eurosat.length > 0 ? [] : this.scenes(path, files);
    for (const patch of [...eurosat, ...scenes]) this.found.push(patch);
    const rasters = eurosat.length > 0 ? [] : files.filter(isOtherRaster);
    if (rasters.length > 0) this.rasters.push({ path, files: rasters });
    for (const file of files) if (TFRECORD_NAME.test(file) || !file.includes(".")) this.records.push(join(path, file));
    if (eurosat.length + scenes.length > 0 || this.images.length >= REMEMBERED_IMAGES) return;
    for (const file of files) if (/\.(tiff?|jp2|zip)$/i.test(file)) this.images.push(join(path, file));
  }

  /** All patches, in the order of their paths. */
  finish(): PatchList {
    const unlabelled = new PatchList();
    for (const patch of this.unlabelled)
      unlabelled.push(
        this.labelledParents.has(dirname(patch.path)) ? { ...patch, kind: "bigearthnet-v1", date: null, granule: null } : patch,
      );
    const split = new PatchList();
    for (const { path, files } of this.resolutionFolders.values()) for (const patch of this.scenes(path, files.sort())) split.push(patch);
    return inOrder([this.found, unlabelled, split]);
  }

  private isInProduct(path: string): boolean {
    if (this.products.size === 0) return false;
    for (let folder = path; folder.length >= this.root.length; folder = dirname(folder)) {
      if (this.products.has(folder)) return true;
      if (folder === dirname(folder)) break;
    }
    return false;
  }

  private addLabelled(path: string, files: readonly string[], name: string): void {
    let bands = plainBands(name, files);
    let named: Partial<Record<BandName, string>> | null = null;
    if (bands.length < BIGEARTHNET_BANDS.length) {
      named = {};
      for (const file of files) {
        const parsed = file.startsWith(`${name}_`) ? parseBandFileName(file) : null;
        if (
          parsed &&
          file
            .slice(name.length + 1)
            .toUpperCase()
            .startsWith(parsed.band)
        )
          named[parsed.band] = file;
      }
      bands = BAND_NAMES.filter((band) => named![band]);
    }
    if (bands.length === 0) {
      this.problems.push({ path, reason: `has a labels file, but no band files (${name}_B02.tif ...). Copy or download the patch again.` });
      return;
    }
    this.found.push({ ...patchOf("bigearthnet-v1", path, name), bands: this.shared(bands), files: named, hasLabelsFile: true });
  }

  /** Scenes of a folder: band files that share the rest of their names. */
  private scenes(path: string, files: readonly string[]): FoundPatch[] {
    const byScene = new Map<string, { files: Partial<Record<BandName, { file: string; metres: number | null }>>; isRaw: boolean }>();
    for (const file of files) {
      const parsed = parseBandFileName(basename(file));
      if (!parsed) continue;
      const { band, isRaw } = parsed;
      // `R10m/B02.tif`: the folder tells the resolution when the name does not.
      const metres = parsed.resolutionMetres ?? (Number(/^R(\d\d)m$/i.exec(dirname(file))?.[1] ?? 0) || null);
      const scene = byScene.get(parsed.scene) ?? { files: {}, isRaw: false };
      byScene.set(parsed.scene, scene);
      scene.isRaw ||= isRaw;
      const other = scene.files[band];
      // Of several copies the one at the band's native resolution; products hold resampled ones, too.
      if (!other || (other.metres !== BANDS[band].gsdMetres && metres === BANDS[band].gsdMetres)) scene.files[band] = { file, metres };
    }
    const folder = basename(path);
    const sceneClasses = byScene.size > 0 ? sceneClassesOf(files) : new Map<string, string>();
    return [...byScene].map(([scene, { files: bands, isRaw }]) => {
      const context = this.context(scene, path);
      return {
        ...patchOf("geotiff-bands", path, byScene.size > 1 && scene !== "" && scene !== folder ? `${folder}_${scene}` : folder),
        bands: this.shared(BAND_NAMES.filter((band) => bands[band])),
        files: Object.fromEntries(BAND_NAMES.flatMap((band) => (bands[band] ? [[band, bands[band].file]] : []))),
        date: isoDateIn(context),
        granule: granuleIn(context),
        isRaw,
        scene: maskedScene(path, sceneClasses.get(scene)),
      };
    });
  }

  private context(scene: string, path: string): string {
    return namesAround(this.root, scene, path);
  }

  /** One list for all patches with the same bands. */
  private shared(bands: readonly BandName[]): readonly BandName[] {
    const key = bands.join();
    const known = this.bandLists.get(key);
    if (known) return known;
    this.bandLists.set(key, bands);
    return bands;
  }
}

/** Names that may tell date and granule, nearest first. */
export function namesAround(root: string, name: string, path: string): string {
  const place = relative(root, path) || basename(path);
  return `${name} ${place.split(sep).reverse().join(" ")}`;
}

/** Images beside bands that never have all of them: Sentinel-1, masks, BigEarthNet v2's reference maps. */
const SINGLE_RASTERS = /_(VV|VH|reference_map)\.tiff?$|^cloud_mask\.tiff?$/i;

/** Whether a file may be an image with all bands. */
function isOtherRaster(file: string): boolean {
  return /\.tiff?$/i.test(file) && !file.startsWith(".") && !SINGLE_RASTERS.test(file) && !SCL_TOKEN.test(file) && !parseBandFileName(file);
}

/** Files of scene classifications, by the name of the scene as `parseBandFileName` gives it: `SCL.tif`, `x_SCL_20m.jp2`. */
function sceneClassesOf(files: readonly string[]): Map<string, string> {
  const out = new Map<string, string>();
  for (const file of files) {
    const name = basename(file);
    const parsed = SCL_TOKEN.test(name) ? parseBandFileName(name.replace(SCL_TOKEN, "B02")) : null;
    // Of copies the finer one: R20m comes before R60m.
    if (parsed && !out.has(parsed.scene)) out.set(parsed.scene, file);
  }
  return out;
}

const SCL_TOKEN = /(?<![a-z0-9])scl(?![a-z0-9])/i;

/** A scene of which no more is known than its scene classification. */
function maskedScene(path: string, file: string | undefined): Scene | null {
  return file === undefined ? null : { ...NO_SCENE, mask: { kind: "scene-classes", file: join(path, file) } };
}

function hasBands(files: readonly string[], folders: readonly string[]): boolean {
  return folders.some((folder) => /^R(10|20|60)m$/i.test(folder)) || files.some((file) => parseBandFileName(file) !== null);
}

/** The bands whose files are `<name>_<band>.tif`. */
function plainBands(name: string, files: readonly string[]): BandName[] {
  const names = new Set(files);
  return BAND_NAMES.filter((band) => names.has(`${name}_${band}.tif`));
}

function eurosatPatches(folder: string, files: readonly string[]): FoundPatch[] {
  const label = basename(folder);
  if (parseBandFileName(label)) return [];
  return files
    .filter((file) => file.startsWith(`${label}_`) && /^\d{1,9}\.tiff?$/i.test(file.slice(label.length + 1)))
    .map((file) => ({
      ...patchOf("eurosat-ms", join(folder, file), file.replace(/\.tiff?$/i, "")),
      bands: BAND_NAMES,
      label,
    }));
}
