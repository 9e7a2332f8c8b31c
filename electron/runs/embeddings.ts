// Embeddings of a run: `embeddings/<stage>/features.npy`, `tiles.npy` (row of the store of each), `embedding.json`, and pictures of them,
// `pca.npy`, `umap-<neighbours>-<least distance>.npy`, each with its `.json`. A json is written last: without it, its arrays are not there.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../shared/domain/dataset.ts";
import { EmbeddingRecord, MOST_EMBEDDED_TILES, type ProjectionMethod, ProjectionRecord } from "../../shared/domain/embedding.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { CONTROL_ARM } from "../../shared/domain/study.ts";
import type { Matrix } from "../../shared/embedding/matrix.ts";
import { encodeNpy, npyHeader } from "../../shared/raster/npy.ts";
import { writeError, writeFileAtomic } from "../files/atomic-file.ts";
import { checkpointFiles, checkpointSteps } from "./checkpoints.ts";
import { readJson, readRun, runFiles } from "./run-folder.ts";

/** Raised when the same weights would give other features. */
const KEY_VERSION = 1;

export const embeddingFiles = (runFolder: string, stage: string) => {
  const folder = join(runFolder, "embeddings", stage);
  return {
    folder,
    record: join(folder, "embedding.json"),
    features: join(folder, "features.npy"),
    tiles: join(folder, "tiles.npy"),
    /** Features as far as they have come, and what they are of. */
    part: join(folder, "features.part"),
    partRecord: join(folder, "features.part.json"),
  };
};

/** `pca`, `umap-15-0.1`. */
export const projectionName = (method: ProjectionMethod): string =>
  method.kind === "pca" ? "pca" : `umap-${method.neighbours}-${method.minDistance}`;

export const projectionFiles = (folder: string, method: ProjectionMethod) => ({
  record: join(folder, `${projectionName(method)}.json`),
  points: join(folder, `${projectionName(method)}.npy`),
});

/** The stages of a run whose weights are there, from the start on; none of a run that never began. */
export async function embeddingStages(runFolder: string): Promise<{ stage: string; step: number | null }[]> {
  const hasEncoder = await isThere(runFiles(runFolder).encoder);
  const steps = (await checkpointSteps(runFolder)).sort((a, b) => a - b);
  if (!hasEncoder && steps.length === 0) return [];
  return [
    { stage: "start", step: 0 },
    ...steps.map((step) => ({ stage: `step-${step}`, step })),
    ...(hasEncoder ? [{ stage: "final", step: null }] : []),
  ];
}

/** What decides the features of a stage, as a hash. @throws AppError NOT_FOUND when the run or its weights are not there */
export async function embeddingKey(runFolder: string, stage: string, { fingerprint }: Pick<Dataset, "fingerprint">): Promise<string> {
  const record = await readRun(runFolder);
  if (!record) throw new AppError("NOT_FOUND", `${runFolder} holds no run. Run the study first.`);
  const { arm, encoder, bands, inputPixels, seed, initialWeights, finetune } = record.config;
  const { split, blockMetres, trainShare, validationShare, labelSets } = finetune;
  // The control is not trained: it ends as it starts.
  const weights = stage === "start" || arm === CONTROL_ARM ? [seed, initialWeights.sha256] : await hashOf(weightsFile(runFolder, stage));
  const calibration = { split, blockMetres, trainShare, validationShare, labelSets };
  const parts = [KEY_VERSION, fingerprint, encoder, bands, inputPixels, weights, calibration, MOST_EMBEDDED_TILES];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

const weightsFile = (runFolder: string, stage: string) =>
  stage === "final" ? runFiles(runFolder).encoder : checkpointFiles(runFolder, Number(stage.slice("step-".length))).tensors;

/** Hashes of files that have not changed since. */
const hashes = new Map<string, { stamp: string; hash: string }>();

async function hashOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found)
    throw new AppError("NOT_FOUND", `${path} is not there: the run has not come so far, or the checkpoint was replaced by a later one.`);
  const stamp = `${found.ino} ${found.size} ${found.mtimeNs}`;
  const known = hashes.get(path);
  if (known?.stamp === stamp) return known.hash;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const made = hash.digest("hex");
  hashes.set(path, { stamp, hash: made });
  return made;
}

/** The record of a stage's features; `undefined` when there are none. */
export function readEmbedding(runFolder: string, stage: string): Promise<EmbeddingRecord | undefined> {
  return readJson(embeddingFiles(runFolder, stage).record, EmbeddingRecord);
}

/** Features and the tiles that they are of. @throws AppError BAD_FILE, NOT_FOUND */
export async function readFeatures(folder: string): Promise<Matrix> {
  const { shape, data } = await readNpy(join(folder, "features.npy"), "<f4");
  return { rows: shape[0]!, columns: shape[1] ?? 1, values: data as Float32Array };
}

export async function readEmbeddedTiles(folder: string): Promise<Int32Array<ArrayBuffer>> {
  return (await readNpy(join(folder, "tiles.npy"), "<i4")).data as Int32Array<ArrayBuffer>;
}

/** The records of the pictures of features with this key. */
export async function listProjections(folder: string, key: string): Promise<ProjectionRecord[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^(pca|umap-[\d.-]+)\.json$/.test(name));
  const records = await Promise.all(names.map((name) => readJson(join(folder, name), ProjectionRecord)));
  return records.filter((record) => record !== undefined).filter((record) => record.key === key);
}

export async function readProjection(folder: string, method: ProjectionMethod): Promise<ProjectionRecord | undefined> {
  return readJson(projectionFiles(folder, method).record, ProjectionRecord);
}

export async function readPoints(folder: string, method: ProjectionMethod): Promise<Matrix> {
  const { shape, data } = await readNpy(projectionFiles(folder, method).points, "<f4");
  return { rows: shape[0]!, columns: 2, values: data as Float32Array };
}

export async function writeProjection(folder: string, record: ProjectionRecord, points: Matrix): Promise<void> {
  const files = projectionFiles(folder, record.method);
  await writeFileAtomic(files.points, encodeNpy(points.values, [points.rows, 2]));
  await writeFileAtomic(files.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Writes a picture as a table beside it: tile (row of the store), x, y. @returns its path */
export async function writePointsTable(folder: string, method: ProjectionMethod): Promise<string> {
  const path = join(folder, `${projectionName(method)}.csv`);
  const [tiles, { values }] = await Promise.all([readEmbeddedTiles(folder), readPoints(folder, method)]);
  const lines = Array.from(tiles, (tile, i) => `${tile},${values[2 * i]},${values[2 * i + 1]}`);
  await writeFileAtomic(path, `tile,x,y\n${lines.join("\n")}\n`);
  return path;
}

/** Makes a stage's folder. */
export async function makeEmbeddingFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, folder);
  });
}

const isThere = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined;

/** An array that this application wrote. */
async function readNpy(path: string, type: "<f4" | "<i4"): Promise<{ shape: number[]; data: Float32Array | Int32Array }> {
  const broken = () => new AppError("BAD_FILE", `${path} is damaged. Delete the folder that it is in, and compute the embedding again.`);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new AppError(error.code === "ENOENT" ? "NOT_FOUND" : "NO_ACCESS", `${path} cannot be read: ${error.message}`, { cause: error });
  });
  try {
    const head = Buffer.alloc(10);
    await file.read(head, 0, 10, 0);
    const offset = 10 + head.readUInt16LE(8);
    const header = Buffer.alloc(offset - 10);
    await file.read(header, 0, header.length, 10);
    const shape = /'shape': \(([\d, ]+)\)/
      .exec(header.toString("latin1"))?.[1]
      ?.split(",")
      .filter((part) => part.trim() !== "")
      .map(Number);
    const { size } = await file.stat();
    const length = shape?.reduce((product, side) => product * side, 1) ?? -1;
    if (head.toString("latin1", 1, 6) !== "NUMPY" || !shape || !header.includes(type) || size !== offset + 4 * length) throw broken();
    const bytes = new Uint8Array(4 * length);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 1 << 30), offset + at);
      if (bytesRead === 0) throw broken();
      at += bytesRead;
    }
    return { shape, data: type === "<f4" ? new Float32Array(bytes.buffer) : new Int32Array(bytes.buffer) };
  } finally {
    await file.close();
  }
}

/** What unfinished features are of. */
export interface FeaturePart {
  readonly key: string;
  readonly tiles: number;
  readonly width: number;
}

/** Takes features up where they were left, or begins anew. The file is an array of the whole size from its first byte on. */
export async function openFeaturePart(files: ReturnType<typeof embeddingFiles>, { key, tiles, width }: FeaturePart) {
  const header = npyHeader("<f4", [tiles, width]);
  const left: unknown = await readFile(files.partRecord, "utf8")
    .then(JSON.parse)
    .catch(() => undefined);
  const own = JSON.stringify({ key, tiles, width });
  const rowBytes = 4 * width;
  const size = JSON.stringify(left) === own ? ((await stat(files.part).catch(() => undefined))?.size ?? 0) : 0;
  const done = Math.max(0, Math.min(tiles, Math.floor((size - header.length) / rowBytes)));
  try {
    if (size === 0) await writeFileAtomic(files.partRecord, own);
    const file = await open(files.part, size === 0 ? "w" : "r+");
    await file.truncate(done > 0 ? header.length + done * rowBytes : 0);
    if (done === 0) await file.write(header, 0, header.length, 0);
    return {
      /** Rows that are there. */
      done,
      write: async (row: number, values: Float32Array) => {
        await file.write(
          new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
          0,
          values.byteLength,
          header.length + row * rowBytes,
        );
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  } catch (error) {
    throw writeError(error, files.part);
  }
}
