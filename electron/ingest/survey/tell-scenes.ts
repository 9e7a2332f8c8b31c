// Reads what metadata beside the images tell of the scenes that were gathered; products become scenes by it.
import { basename, dirname, join } from "node:path";
import type { Problem, SourceKind } from "../../../shared/domain/dataset.ts";
import { messageOf } from "../../../shared/domain/errors.ts";
import { fileState, listFolder } from "../../files/byte-source.ts";
import type { BandOrders } from "../readers/band-orders.ts";
import { isScenes } from "../readers/formats.ts";
import { CLOUD_MASK_FILE, parseMajorTomPath } from "../readers/major-tom.ts";
import { pause } from "../readers/pace.ts";
import { readSafeProduct, type SafeGranule } from "../readers/safe-product.ts";
import {
  bandsOf,
  NO_SCENE,
  type Scene,
  type SceneRadiometry,
  sceneOf,
  sceneOfEarthEngine,
  sceneOfMajorTom,
  sceneOfStac,
} from "../readers/scene.ts";
import { METADATA_FILE, readEarthEngineMetadata } from "../readers/ssl4eo.ts";
import { findStacItem } from "../readers/stac.ts";
import { type FoundPatch, patchOf } from "./found-patch.ts";
import type { Gathering } from "./gather.ts";
import { tellMultiBand } from "./multi-band.ts";
import { inOrder, PatchList } from "./patch-list.ts";
import { tellBigEarthNet } from "./tell-bigearthnet.ts";
import { tellTfRecords } from "./tell-tfrecords.ts";

export interface TellOptions {
  readonly problems: Problem[];
  readonly bandOrders: BandOrders;
  readonly signal: AbortSignal | undefined;
}

/** The patches of a gathering, and what is to be said of the sources that they form. */
export interface Told {
  /** In the order of their paths. */
  readonly patches: PatchList;
  readonly notes: ReadonlyMap<SourceKind, ReadonlySet<string>>;
}

/** All patches of a gathering with what is told of each. */
export async function tellScenes(gathering: Gathering, { problems, bandOrders, signal }: TellOptions): Promise<Told> {
  const products = new PatchList();
  const notes = new Map<SourceKind, Set<string>>();
  const note = (kind: SourceKind, text: string) => notes.set(kind, (notes.get(kind) ?? new Set()).add(text));
  for (const path of gathering.products) {
    await pause(signal);
    try {
      for (const granule of readSafeProduct(path)) {
        const patch = patchOfGranule(granule);
        if (patch.bands.length > 0) products.push(patch);
        else problems.push(...granule.problems);
      }
    } catch (error) {
      problems.push({ path, reason: messageOf(error).replace(`${path} `, "") });
    }
  }
  const list = rememberingLister();
  const radiometries = new Map<string, SceneRadiometry>();
  let told = 0;
  const gathered = await tellBigEarthNet(gathering.finish(), gathering, { problems, note, signal });
  const patches = gathered.filter(({ kind }) => !isScenes(kind));
  const scenes = new PatchList();
  for (const patch of patches === gathered ? [] : gathered) {
    if (!isScenes(patch.kind)) continue;
    if (told++ % 50 === 0) await pause(signal);
    scenes.push(shareRadiometry(tellScene(patch, gathering, list), radiometries));
  }
  const multiBand = PatchList.of(await tellMultiBand(gathering, { bandOrders, problems, note, signal }));
  const records = PatchList.of(await tellTfRecords(gathering, { problems, signal }));
  return { patches: inOrder([products, patches, scenes, multiBand, records]), notes };
}

type Lister = typeof listFolder;

/** Lists a folder asked for again only once. */
function rememberingLister(): Lister {
  let last: { path: string; names: ReturnType<Lister> } | undefined;
  return (path) => {
    if (last?.path !== path) last = { path, names: listFolder(path) };
    return last.names;
  };
}

/** One object for all scenes with the same radiometry: there may be a million. */
function shareRadiometry(patch: FoundPatch, known: Map<string, SceneRadiometry>): FoundPatch {
  const radiometry = patch.scene?.radiometry;
  if (!radiometry) return patch;
  const key = JSON.stringify(radiometry);
  const same = known.get(key);
  if (!same) known.set(key, radiometry);
  return same ? { ...patch, scene: { ...patch.scene!, radiometry: same } } : patch;
}

/** What was told of a scene besides its bands. */
interface ToldScene extends Pick<FoundPatch, "date" | "granule"> {
  readonly scene: Scene;
}

/** A scene with what its path, or metadata beside its images or above them, tell. */
function tellScene(patch: FoundPatch, gathering: Gathering, list: Lister): FoundPatch {
  const told = tellMajorTom(patch) ?? tellByJson(patch, gathering, list);
  if (!told) return patch;
  const { date, granule, scene } = told;
  const mask = scene.mask ?? patch.scene?.mask ?? null;
  return { ...patch, date: date ?? patch.date, granule: granule ?? patch.granule, scene: { ...scene, mask } };
}

function tellMajorTom({ path }: FoundPatch): ToldScene | null {
  const told = parseMajorTomPath(path);
  if (!told) return null;
  const file = join(path, CLOUD_MASK_FILE);
  return {
    date: told.date,
    granule: told.granule,
    scene: { ...sceneOfMajorTom(told), mask: fileState(file) ? { kind: "cloud-classes", file } : null },
  };
}

function tellByJson({ path, name, bands, files }: FoundPatch, { described, root }: Gathering, list: Lister): ToldScene | null {
  if (described.has(path)) {
    const file = join(path, METADATA_FILE);
    try {
      const told = fileState(file) ? readEarthEngineMetadata(file) : null;
      if (told) return { date: told.date, granule: told.granule, scene: sceneOfEarthEngine(told, name) };
    } catch (error) {
      const warning = `${messageOf(error)} DN / 10000 without an offset is assumed.`;
      return { date: null, granule: null, scene: { ...NO_SCENE, warnings: [warning] } };
    }
  } else if (!described.has(dirname(path)) && path !== root) return null;
  const names = bands.map((band) => basename(files?.[band] ?? `${name}_${band}.tif`));
  const item = findStacItem(path, names, list);
  return item && { date: item.date, granule: item.granule, scene: sceneOfStac(item, bands) };
}

function patchOfGranule(granule: SafeGranule): FoundPatch {
  return {
    ...patchOf(granule.level === "L1C" ? "safe-l1c" : "safe-l2a", granule.path, granule.productName),
    ...bandsOf(granule),
    date: granule.date,
    granule: granule.granule,
    scene: sceneOf(granule),
  };
}
