// Times and memory of pictures of embeddings: made-up features of 1,000, 10,000 and 100,000 tiles, and umap-learn beside them where Python has it.
//   node --input-type=module -e 'import { runnerImport } from "vite"; await runnerImport("./test/bench/projections.ts")'
// TILES=1000,10000 chooses; WIDTH=512 is the features' (ResNet-18's).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project } from "../../electron/embeddings/projection.ts";
import type { ProjectionMethod } from "../../shared/domain/embedding.ts";
import { nearestByCosine } from "../../shared/embedding/neighbours.ts";
import { encodeNpy } from "../../shared/raster/npy.ts";
import { madeFeatures } from "../shared/embedding/made-features.ts";

const TILES = (process.env.TILES ?? "1000,10000,100000").split(",").map(Number);
const WIDTH = Number(process.env.WIDTH ?? 512);
const METHODS: readonly ProjectionMethod[] = [{ kind: "pca" }, { kind: "umap", neighbours: 15, minDistance: 0.1 }];

const PEER = `
import sys, time, resource, numpy as np
x = np.load(sys.argv[1])
from sklearn.decomposition import PCA
t = time.time(); PCA(2).fit_transform(x); print(f"scikit-learn PCA: {time.time() - t:.1f} s")
import umap
t = time.time(); umap.UMAP(n_neighbors=15, min_dist=0.1, metric="cosine", init="pca", random_state=1).fit_transform(x)
print(f"umap-learn: {time.time() - t:.1f} s, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
`;

const folder = mkdtempSync(join(tmpdir(), "bench-projections-"));
const python = process.env.SIMCLR_S2_TEST_PYTHON ?? "python3";
try {
  for (const rows of TILES) {
    const features = madeFeatures({ rows, columns: WIDTH, groups: 20, spread: 1 });
    for (const method of METHODS) {
      const startedAt = performance.now();
      const before = process.cpuUsage();
      const { recall } = project(features, method, () => {});
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(before);
      const peak = process.resourceUsage().maxRSS / 1024;
      const found = recall === null ? "" : `, ${(100 * recall).toFixed(1)} % of neighbours found`;
      console.log(
        `${rows} tiles of ${WIDTH}, ${method.kind}: ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of the processor), peak so far ${peak.toFixed(0)} MB${found}`,
      );
    }
    const startedAt = performance.now();
    nearestByCosine(features, 0, 24);
    console.log(`${rows} tiles of ${WIDTH}, neighbours of one: ${(performance.now() - startedAt).toFixed(0)} ms`);
    const path = join(folder, "features.npy");
    writeFileSync(path, encodeNpy(features.values, [rows, WIDTH]));
    const { status, stdout, stderr } = spawnSync(python, ["-c", PEER, path], { encoding: "utf8" });
    console.log(stdout.trim() || `no peer: ${stderr.trim().split("\n").at(-1)}`);
    if (status !== 0 && stdout) console.log(stderr.trim().split("\n").at(-1));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
