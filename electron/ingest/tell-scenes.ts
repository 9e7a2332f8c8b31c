// Reads what metadata beside the images tell of the scenes that were gathered; products become scenes by it.
import { basename, dirname } from "node:path";
import type { Problem } from "../../shared/domain/dataset.ts";
import { messageOf } from "../../shared/domain/errors.ts";
import { isScenes } from "./formats.ts";
import { compare, type FoundPatch, type Gathering, patchOf } from "./gather.ts";
import { listFolder } from "./readers/byte-source.ts";
import { readSafeProduct, type SafeGranule } from "./readers/safe-product.ts";
import { findStacItem } from "./readers/stac.ts";
import { bandsOf, type Scene, sceneOf, sceneOfStac } from "./scene.ts";
import { pause } from "./survey.ts";

export interface TellOptions {
  readonly problems: Problem[];
  readonly signal: AbortSignal | undefined;
}

/** All patches of a gathering, in the order of their paths, with what is told of each. */
export async function tellScenes(gathering: Gathering, { problems, signal }: TellOptions): Promise<FoundPatch[]> {
  const found: FoundPatch[] = [];
  for (const path of gathering.products) {
    await pause(signal);
    try {
      for (const granule of readSafeProduct(path)) {
        const patch = patchOfGranule(granule);
        if (patch.bands.length > 0) found.push(patch);
        else problems.push(...granule.problems);
      }
    } catch (error) {
      problems.push({ path, reason: messageOf(error).replace(`${path} `, "") });
    }
  }
  const list = rememberingLister();
  let told = 0;
  for (const patch of gathering.finish()) {
    if (!isScenes(patch.kind)) {
      found.push(patch);
      continue;
    }
    if (told++ % 50 === 0) await pause(signal);
    found.push(tellScene(patch, gathering, list));
  }
  return found.sort((a, b) => compare(a.path, b.path) || compare(a.name, b.name));
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

/** A scene with what metadata beside its images, or above them, tell. */
function tellScene(patch: FoundPatch, { described, root }: Gathering, list: Lister): FoundPatch {
  const { path, bands, files } = patch;
  if (!described.has(path) && !described.has(dirname(path)) && path !== root) return patch;
  const names = bands.map((band) => basename(files?.[band] ?? `${patch.name}_${band}.tif`));
  const item = findStacItem(path, names, list);
  if (!item) return patch;
  return {
    ...patch,
    date: item.date ?? patch.date,
    granule: item.granule ?? patch.granule,
    scene: withMask(sceneOfStac(item, bands), patch),
  };
}

/** What was told, with the mask that was found by its name. */
function withMask(scene: Scene, patch: FoundPatch): Scene {
  return { ...scene, mask: patch.scene?.mask ?? null };
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
