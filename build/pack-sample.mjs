// Packs a finished study into assets/sample-project.zip: what the views read, without what the simulator makes again (tiles) or nobody asks for
// (checkpoints, the other encoders). node build/pack-sample.mjs WORKSPACE, where `npm run demo` made the workspace.

import { createWriteStream, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import yazl from "yazl";
import { root } from "./setup.mjs";

const KEPT = new Set(["study.json", "run.json", "events.jsonl", "metrics.json", "scores.parquet"]);
/** The run whose encoder is packed, too: that of the second stage. */
const WITH_ENCODER = "studies/demo/arms/full/seed-1/encoder.safetensors";
/** One time for all entries: the same study gives the same bytes. */
const PACKED_AT = new Date(Date.UTC(2020, 0, 1));

const workspace = process.argv[2];
if (workspace === undefined) throw new Error("give the workspace: node build/pack-sample.mjs demo/workspace");
const target = join(root, "assets", "sample-project.zip");

/** @param {string} name */
const read = (name) => readFileSync(join(workspace, name));

/** Weights cut to bfloat16, rounded to even: half the bytes, and no view can tell. @param {Buffer} file a safetensors file of float32 */
function inBfloat16(file) {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + headerBytes));
  const data = file.subarray(8 + headerBytes);
  const half = Buffer.alloc(data.length / 2);
  for (let i = 0; i < half.length; i += 2) {
    const bits = data.readUInt32LE(i * 2);
    half.writeUInt16LE(((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff, i);
  }
  for (const [name, tensor] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    if (tensor.dtype !== "F32") throw new Error(`${name} is ${tensor.dtype}, not F32`);
    tensor.dtype = "BF16";
    tensor.data_offsets = tensor.data_offsets.map((/** @type {number} */ at) => at / 2);
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " ");
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, half]);
}

const zip = new yazl.ZipFile();
const studies = join(workspace, "studies");
const names = readdirSync(studies, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && KEPT.has(entry.name))
  .map((entry) => relative(workspace, join(entry.parentPath, entry.name)).split(sep).join("/"))
  .sort();
for (const name of names) zip.addBuffer(read(name), name, { mtime: PACKED_AT });
zip.addBuffer(inBfloat16(read(WITH_ENCODER)), WITH_ENCODER, { mtime: PACKED_AT });
// What tells that the tiles made again are those of the study.
const { name, fingerprint } = JSON.parse(read(names.find((path) => path.endsWith("run.json")) ?? "").toString()).dataset;
const { options } = JSON.parse(readFileSync(join(dirname(workspace), "sample", "simulation.json"), "utf8"));
zip.addBuffer(Buffer.from(`${JSON.stringify({ version: 1, dataset: name, fingerprint, options }, null, 2)}\n`), "sample-project.json", {
  mtime: PACKED_AT,
});
zip.end();
mkdirSync(dirname(target), { recursive: true });
await pipeline(zip.outputStream, createWriteStream(target));
