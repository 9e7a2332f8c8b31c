// Where the native TensorFlow runtime lives, and whether the one there is whole. Made by provision.ts; read at every start, so it is quick.

import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../../../shared/domain/errors.ts";
import { findOnPath } from "./exec.ts";
import { NATIVE_SOURCES } from "./native-sources.ts";
import { TENSORFLOW_VERSION, type Variant } from "./wheels.ts";

/** What a finished runtime says of itself; written last, so a folder without it was never finished. */
export interface RuntimeManifest {
  readonly version: 1;
  readonly tensorflow: string;
  readonly variant: Variant;
  /** Whether the application's own operations are in it: other releases of TensorFlow may lack what they call. */
  readonly ownKernels: boolean;
  /** Relative to the folder, or absolute for an external TensorFlow. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** A runtime that can be loaded. */
export interface TensorflowRuntime {
  readonly folder: string;
  readonly bindingPath: string;
  readonly version: string;
  readonly variant: Variant;
  readonly ownKernels: boolean;
}

/** The outcome of looking for a runtime; `reason` is a sentence for the user. */
export type RuntimeLookup =
  | { readonly kind: "ready"; readonly runtime: TensorflowRuntime; readonly bytes: number }
  | { readonly kind: "absent"; readonly reason: string };

/** The file name of a runtime's manifest. */
export const MANIFEST_NAME = "manifest.json";
/** Where the compiled binding lies in a runtime's folder: beside the libraries, whose own search paths are relative. */
export const BINDING_PATH = join("tensorflow", "tfjs_binding.node");

/** The folder of this application in the user's cache, as the platform has it. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const name = "simclr-s2-studio";
  if (platform === "win32") return join(env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), name, "Cache");
  if (platform === "darwin") return join(env.HOME ?? homedir(), "Library", "Caches", name);
  return join(env.XDG_CACHE_HOME || join(env.HOME ?? homedir(), ".cache"), name);
}

/** The folder that holds all runtimes of a user. */
export function runtimesFolder(): string {
  return join(cacheFolder(), "tensorflow");
}

/** The folder of the npm package whose binding is compiled. */
export function bindingPackageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-node-gpu/package.json"));
}

/** A runtime's name: anything that would make another build of it is part of the name. */
export function runtimeKey(variant: Variant): string {
  const folder = join(bindingPackageFolder(), "binding");
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  for (const [name, text] of Object.entries(NATIVE_SOURCES)) hash.update(name).update(text);
  const version = variant === "external" ? "own" : TENSORFLOW_VERSION;
  return `${version}-${variant}-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 8)}`;
}

const NVIDIA_DRIVER = "/proc/driver/nvidia/version";

/** What the loaded NVIDIA driver says of itself; null where there is none, or no such file. */
export function nvidiaDriver(): string | null {
  return existsSync(NVIDIA_DRIVER) ? readFileSync(NVIDIA_DRIVER, "utf8") : null;
}

/** Whether an NVIDIA driver is installed. */
export function hasNvidiaGpu(): boolean {
  return existsSync(NVIDIA_DRIVER) || findOnPath(["nvidia-smi"]) !== undefined;
}

/** The kinds of runtime worth having here, best first: the user's own choice, then the GPU's, then the processor's. */
export function wantedVariants(gpu: boolean = hasNvidiaGpu()): readonly Variant[] {
  return gpu ? ["external", "gpu", "cpu"] : ["external", "cpu"];
}

/**
 * The best runtime there is: one shipped with a packaged application, else one in the user's cache. Sizes are checked, not contents.
 * @see verifyRuntime for the contents
 */
export function findRuntime(): RuntimeLookup {
  let reason = "The TensorFlow runtime is not set up yet: run `npm run setup`.";
  const shipped = (process as { resourcesPath?: string }).resourcesPath;
  for (const variant of wantedVariants()) {
    const key = runtimeKey(variant);
    for (const root of shipped === undefined ? [runtimesFolder()] : [join(shipped, "tensorflow"), runtimesFolder()]) {
      const found = openRuntime(join(root, key));
      if (found.kind === "ready") return found;
      if (existsSync(join(root, key))) reason = found.reason;
    }
  }
  return { kind: "absent", reason };
}

/** The runtime in one folder, if all its files are there in full size. */
export function openRuntime(folder: string): RuntimeLookup {
  try {
    const manifest = readManifest(folder);
    let bytes = 0;
    for (const file of manifest.files) {
      const found = statSync(resolve(folder, file.path)).size;
      if (found !== file.bytes) {
        const reason = `The TensorFlow runtime is damaged: ${file.path} in ${folder} has ${found} bytes instead of ${file.bytes}. Run \`npm run setup -- --retry\`.`;
        return { kind: "absent", reason };
      }
      bytes += found;
    }
    const { tensorflow: version, variant, ownKernels } = manifest;
    const runtime = { folder, bindingPath: join(folder, BINDING_PATH), version, variant, ownKernels };
    return { kind: "ready", runtime, bytes };
  } catch (error) {
    return {
      kind: "absent",
      reason: `No TensorFlow runtime can be read in ${folder} (${messageOf(error)}). Run \`npm run setup -- --retry\`.`,
    };
  }
}

/**
 * Reads every byte of a runtime and compares it with its manifest.
 * @returns the paths that differ: none when it is whole
 */
export async function verifyRuntime(folder: string): Promise<string[]> {
  const manifest = readManifest(folder);
  const wrong: string[] = [];
  for (const file of manifest.files) {
    const path = resolve(folder, file.path);
    if (!existsSync(path) || (await sha256Of(path)) !== file.sha256) wrong.push(path);
  }
  return wrong;
}

/** The SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

function readManifest(folder: string): RuntimeManifest {
  const manifest = JSON.parse(readFileSync(join(folder, MANIFEST_NAME), "utf8")) as RuntimeManifest;
  if (manifest.version !== 1) throw new Error(`${MANIFEST_NAME} has version ${manifest.version}`);
  return manifest;
}
