// Reads what metadata beside the images tell of the scenes that were gathered; products become scenes by it.
import type { Problem } from "../../shared/domain/dataset.ts";
import { messageOf } from "../../shared/domain/errors.ts";
import { isScenes } from "./formats.ts";
import { compare, type FoundPatch, type Gathering, patchOf } from "./gather.ts";
import { stacRadiometry } from "./radiometry-source.ts";
import { readSafeProduct, type SafeGranule } from "./readers/safe-product.ts";
import { bandsOf, NO_SCENE, sceneOf } from "./scene.ts";
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
  let told = 0;
  for (const patch of gathering.finish()) {
    if (!isScenes(patch.kind)) {
      found.push(patch);
      continue;
    }
    if (told++ % 50 === 0) await pause(signal);
    const radiometry = stacRadiometry(patch.path);
    found.push(radiometry ? { ...patch, scene: { ...NO_SCENE, radiometry } } : patch);
  }
  return found.sort((a, b) => compare(a.path, b.path) || compare(a.name, b.name));
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
