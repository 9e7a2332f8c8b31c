// Makes the native TensorFlow runtime: fetches the published libraries, compiles the npm package's binding against them, and puts the whole
// in the user's cache at once. The package's own installer fetches a 2021 build from a host that many machines do not reach.

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { type Exec, exec as realExec } from "./exec.ts";
import { NATIVE_SOURCES } from "./native-sources.ts";
import {
  BINDING_PATH,
  bindingPackageFolder,
  hasNvidiaGpu,
  MANIFEST_NAME,
  openRuntime,
  type RuntimeManifest,
  runtimeKey,
  runtimesFolder,
  sha256Of,
  type TensorflowRuntime,
} from "./runtime.ts";
import { TENSORFLOW_VERSION, type Variant, type Wheel, type WheelSet, wheelsFor } from "./wheels.ts";

/** What {@link provision} may be told. */
export interface ProvisionOptions {
  readonly variant?: Variant;
  /** An installed TensorFlow to use instead of downloading one: its package folder, a virtual environment, or a Python program. */
  readonly tensorflowPath?: string;
  /** A TensorFlow wheel on disk, for machines without a network; it must be the pinned one. */
  readonly wheelPath?: string;
  /** Where runtimes are kept (default: the user's cache). */
  readonly root?: string;
  readonly platform?: string;
  readonly exec?: Exec;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A program, and what it says of itself. */
export interface Tool {
  readonly command: string;
  readonly version: string;
}

/** The tools that provisioning needs, as found. Any Python 3 will do: it only fetches and unpacks. */
export interface Toolchain {
  readonly python: Tool | undefined;
  readonly pip: Tool | undefined;
  readonly compiler: Tool | undefined;
}

const UNPACK = `
import re, sys, zipfile
wheel, target, pattern = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    z.extractall(target, [n for n in z.namelist() if re.match(pattern, n) and ".." not in n])
`;
const LIBRARY = /^libtensorflow_(cc|framework)\.(so\.2|2\.dylib)$/;
const GIGABYTE = 1e9;
const STALE_LOCK_MS = 2 * 3600_000;
const UNSIGNED_LOCK_MS = 10_000;

/** Finds Python, pip and a C++ compiler by running each. */
export async function findToolchain(exec: Exec = realExec): Promise<Toolchain> {
  const ask = async (command: string, args: readonly string[]): Promise<Tool | undefined> => {
    const { code, stdout } = await exec(command, args);
    return code === 0 ? { command, version: stdout.split(/\n| from /)[0]!.trim() } : undefined;
  };
  const first = async (commands: readonly string[], args: readonly string[]): Promise<Tool | undefined> => {
    for (const command of commands) {
      const tool = await ask(command, args);
      if (tool) return tool;
    }
    return undefined;
  };
  const python = await first(
    ["python3", "python"],
    ["-c", "import sys; assert sys.version_info >= (3, 8); print('Python', sys.version.split()[0])"],
  );
  const pip = python && (await ask(python.command, ["-m", "pip", "--version"]));
  return { python, pip, compiler: await first(compilers(), ["--version"]) };
}

function compilers(): string[] {
  const own = process.env.CXX;
  return [...(own ? [own] : []), "c++", "g++", "clang++"];
}

/**
 * Makes a runtime, or returns the one that is already whole. Made in a folder of its own and renamed, so that it is either all there or
 * not at all, however many processes try and wherever one is stopped.
 * @throws ENGINE_UNAVAILABLE with the reason and what to install
 */
export async function provision(options: ProvisionOptions = {}): Promise<TensorflowRuntime> {
  const { exec = realExec, log = () => {}, signal } = options;
  const platform = options.platform ?? `${process.platform}-${process.arch}`;
  const variant = options.variant ?? (options.tensorflowPath !== undefined ? "external" : hasNvidiaGpu() ? "gpu" : "cpu");
  const root = options.root ?? runtimesFolder();
  const folder = join(root, runtimeKey(variant));
  const present = openRuntime(folder);
  if (present.kind === "ready" && variant !== "external") return present.runtime;

  if (platform.startsWith("win32")) throw unavailable("Native TensorFlow is not set up on Windows by this application yet");
  const wheels = wheelsFor(variant, platform);
  if (variant !== "external" && wheels === undefined)
    throw unavailable(`TensorFlow ${TENSORFLOW_VERSION} publishes no build for ${platform}`);

  const toolchain = await findToolchain(exec);
  if (toolchain.compiler === undefined) throw unavailable(`No C++ compiler was found: ${COMPILER_ADVICE}`);
  if (toolchain.python === undefined) throw unavailable(`No Python 3 was found: ${PYTHON_ADVICE}`);
  if (toolchain.pip === undefined && options.wheelPath === undefined && variant !== "external") {
    throw unavailable(`Python has no pip: ${PIP_ADVICE}`);
  }
  const python = toolchain.python.command;
  const compiler = toolchain.compiler.command;

  await mkdir(root, { recursive: true });
  const release = await lock(`${folder}.lock`, log, signal);
  try {
    const made = openRuntime(folder);
    if (made.kind === "ready" && variant !== "external") return made.runtime;
    return await make(options, { exec, log, signal, python, compiler, root, folder, variant, wheels, started: Date.now() });
  } finally {
    await release();
  }
}

async function make(options: ProvisionOptions, job: Job): Promise<TensorflowRuntime> {
  const { exec, log, signal, python, root, folder, variant, wheels, started } = job;
  await sweep(root);
  const megabytes = wheels === undefined ? 0 : [wheels.tensorflow, ...wheels.cuda].reduce((sum, wheel) => sum + wheel.megabytes, 0);
  const neededBytes = megabytes * 5e6; // the wheel, what it unpacks to, and its headers
  const { bavail, bsize } = await statfs(root);
  if (bavail * bsize < neededBytes) {
    const free = (bavail * bsize) / GIGABYTE;
    throw unavailable(`${root} has ${free.toFixed(1)} GB free and setting up TensorFlow takes ${(neededBytes / GIGABYTE).toFixed(1)} GB`);
  }

  const aside = join(root, `.making-${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    await mkdir(join(aside, "tensorflow"), { recursive: true });
    let libraries: string; // the folder of libtensorflow_cc and include/
    let version = TENSORFLOW_VERSION;
    if (variant === "external") {
      ({ libraries, version } = await locateTensorflow(job, options.tensorflowPath ?? python));
    } else {
      const files: [Wheel, string][] = [[wheels!.tensorflow, "tensorflow/(libtensorflow_(cc|framework)\\.|include/)"]];
      for (const wheel of wheels!.cuda) files.push([wheel, "nvidia/[^/]+/(lib/.*\\.so|bin/ptxas$|nvvm/libdevice/)"]);
      for (const [wheel, pattern] of files) {
        const given = wheel === wheels!.tensorflow ? options.wheelPath : undefined;
        const path = given ?? (await download(job, aside, wheel));
        if ((await sha256Of(path)) !== wheel.sha256) {
          throw unavailable(`${basename(path)} is not the published ${wheel.project} ${wheel.version}: its SHA-256 differs`);
        }
        log(`Unpacking ${wheel.project} ...`);
        const unpacked = await exec(python, ["-c", UNPACK, path, aside, pattern], { ...(signal ? { signal } : {}), timeoutMs: 600_000 });
        if (unpacked.code !== 0) throw unavailable(`${basename(path)} could not be unpacked: ${lastLine(unpacked.stderr)}`);
        if (given === undefined) await rm(path);
      }
      libraries = join(aside, "tensorflow");
    }
    const ownKernels = await compile(job, aside, libraries);
    if (variant !== "external") await rm(join(libraries, "include"), { recursive: true });
    await writeManifest(aside, { variant, tensorflow: version, ownKernels }, variant === "external" ? await librariesIn(libraries) : []);
    const runtime = await install(aside, folder);
    log(`TensorFlow ${version} is ready (${seconds(started)}).`);
    return runtime;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

interface Job {
  readonly exec: Exec;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly python: string;
  readonly compiler: string;
  readonly root: string;
  readonly folder: string;
  readonly variant: Variant;
  /** Undefined for an external TensorFlow. */
  readonly wheels: WheelSet | undefined;
  readonly started: number;
}

async function download(job: Job, aside: string, wheel: Wheel): Promise<string> {
  job.log(`Downloading ${wheel.project} ${wheel.version} (${wheel.megabytes} MB) ...`);
  const folder = join(aside, "wheels");
  await rm(folder, { recursive: true, force: true });
  const args = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--only-binary=:all:"];
  args.push("--python-version", "3.12", ...job.wheels!.pipPlatforms.flatMap((platform) => ["--platform", platform]), "-d", folder);
  const outcome = await job.exec(job.python, [...args, `${wheel.project}==${wheel.version}`], {
    ...(job.signal ? { signal: job.signal } : {}),
    timeoutMs: 30 * 60_000,
  });
  if (outcome.code !== 0) {
    const why = lastLine(outcome.stderr);
    throw unavailable(`${wheel.project} ${wheel.version} could not be downloaded with pip: check the network and pip's settings (${why})`, {
      isTransient: true,
    });
  }
  const name = (await readdir(folder)).find((entry) => entry.endsWith(".whl"));
  if (name === undefined) throw unavailable(`pip downloaded no wheel for ${wheel.project} ${wheel.version}`);
  return join(folder, name);
}

async function locateTensorflow(job: Job, path: string): Promise<{ libraries: string; version: string }> {
  let python = path;
  if (existsSync(join(path, "bin", "python3"))) python = join(path, "bin", "python3");
  let libraries = path;
  if (!existsSync(join(path, "include"))) {
    const script = "import importlib.util as u; print(u.find_spec('tensorflow').submodule_search_locations[0])";
    const found = await job.exec(python, ["-c", script]);
    if (found.code !== 0)
      throw unavailable(`${path} is neither a TensorFlow package folder nor a Python environment with TensorFlow in it`);
    libraries = found.stdout.trim();
  }
  const names = await librariesIn(libraries);
  const header = join(libraries, "include", "tensorflow", "core", "public", "version.h");
  const release = join(libraries, "include", "tensorflow", "core", "public", "release_version.h");
  if (names.length !== 2 || !existsSync(join(libraries, "include", "tensorflow", "c", "c_api.h"))) {
    throw unavailable(`${libraries} lacks libtensorflow_cc, libtensorflow_framework or include/: it takes TensorFlow 2.13 or later`);
  }
  let text = "";
  for (const file of [header, release]) if (existsSync(file)) text += await readFile(file, "utf8");
  const part = (name: string) => new RegExp(`#define TF_${name}_VERSION (\\d+)`).exec(text)?.[1] ?? "?";
  return { libraries, version: `${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}` };
}

/**
 * Compiles the binding, with the application's own operations where this TensorFlow and compiler take them. Sources are copied first: a packaged
 * application's own files lie in an archive that compilers cannot read.
 * @returns whether the own operations are in it
 */
async function compile(job: Job, aside: string, libraries: string): Promise<boolean> {
  job.log("Compiling the TensorFlow binding ...");
  const build = join(aside, "build");
  const headers = (createRequire(import.meta.url)("node-api-headers") as { include_dir: string }).include_dir;
  await copyFiles(join(bindingPackageFolder(), "binding"), join(build, "binding"));
  await copyFiles(headers, join(build, "node"));
  for (const [name, text] of Object.entries(NATIVE_SOURCES)) await writeFile(join(build, name), text);
  const names = (await librariesIn(libraries)).map((path) => basename(path));
  const isMac = names.some((name) => name.endsWith(".dylib"));
  const origin = isMac ? "@loader_path" : "$ORIGIN";
  const run = (ownSources: readonly string[]) =>
    job.exec(
      job.compiler,
      [
        ...["-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-w", "-DNAPI_VERSION=8"],
        ...(isMac ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"]),
        ...["-I", build, "-I", join(build, "node"), "-I", join(libraries, "include")],
        ...[join(build, "binding", "tfjs_backend.cc"), join(build, "binding", "tfjs_binding.cc"), ...ownSources],
        ...[...names.map((name) => join(libraries, name)), `-Wl,-rpath,${job.variant === "external" ? libraries : origin}`],
        ...["-o", join(aside, BINDING_PATH)],
      ],
      { ...(job.signal ? { signal: job.signal } : {}), timeoutMs: 600_000 },
    );
  let outcome = await run(Object.keys(NATIVE_SOURCES).map((name) => join(build, name)));
  const ownKernels = outcome.code === 0;
  if (!ownKernels) {
    job.signal?.throwIfAborted();
    job.log(`This TensorFlow is used without the application's own operations, a little slower: ${reasonOf(outcome.stderr)}`);
    outcome = await run([]);
  }
  if (outcome.code !== 0)
    throw unavailable(`The TensorFlow binding did not compile with ${job.compiler}: ${reasonOf(outcome.stderr)}. ${COMPILER_ADVICE}`);
  await rm(build, { recursive: true });
  return ownKernels;
}

function reasonOf(stderr: string): string {
  return (stderr.split("\n").find((line) => /error|cannot|not found/i.test(line)) ?? lastLine(stderr)).trim();
}

async function copyFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile()) await writeFile(join(to, entry.name), await readFile(join(from, entry.name)));
  }
}

async function librariesIn(folder: string): Promise<string[]> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names.filter((name) => LIBRARY.test(name)).map((name) => join(folder, name));
}

async function writeManifest(folder: string, made: Omit<RuntimeManifest, "version" | "files">, external: readonly string[]): Promise<void> {
  await rm(join(folder, "wheels"), { recursive: true, force: true });
  const inside = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = inside.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: RuntimeManifest["files"][number][] = [];
  for (const path of [...paths, ...external]) {
    if (path.endsWith("ptxas")) await chmod(path, 0o755);
    files.push({
      path: external.includes(path) ? path : relative(folder, path),
      bytes: (await stat(path)).size,
      sha256: await sha256Of(path),
    });
  }
  const manifest: RuntimeManifest = { version: 1, ...made, files };
  await writeFile(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
}

/** Puts a finished folder in its place. Where another process was first, its runtime is kept; where a damaged one lies, it is replaced. */
async function install(aside: string, folder: string): Promise<TensorflowRuntime> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(aside, folder);
      break;
    } catch (error) {
      const present = openRuntime(folder);
      if (present.kind === "ready" && present.runtime.variant !== "external") break;
      if (attempt === 2) throw unavailable(`The TensorFlow runtime could not be put in ${folder}: ${messageOf(error)}`);
      const old = `${aside}-old`;
      await rename(folder, old).catch(() => {});
      await rm(old, { recursive: true, force: true });
    }
  }
  const installed = openRuntime(folder);
  if (installed.kind === "absent") throw unavailable(installed.reason);
  return installed.runtime;
}

/** Waits for its turn, so that two set-ups do not download the same; a holder that has ended or is hours old does not count. */
async function lock(path: string, log: (line: string) => void, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  for (let turn = 0; ; turn++) {
    try {
      await writeFile(path, String(process.pid), { flag: "wx" });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unavailable(`${path} could not be written: ${messageOf(error)}`);
    }
    const holder = Number(await readFile(path, "utf8").catch(() => ""));
    const age = Date.now() - (await stat(path).then((found) => found.mtimeMs, Date.now));
    // One that does not say whose it is was taken by a process that ended while taking it.
    if (age > STALE_LOCK_MS || (holder > 0 ? !isAlive(holder) : age > UNSIGNED_LOCK_MS)) {
      await rm(path, { force: true });
      continue;
    }
    if (turn === 0) log("Waiting for another set-up of TensorFlow ...");
    await sleep(300, undefined, signal ? { signal } : {});
  }
}

/** Removes what provisionings that were killed have left. */
async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number(/^\.making-(\d+)-/.exec(name)?.[1]);
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    await rm(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function unavailable(message: string, data: { isTransient?: boolean } = {}): AppError {
  return new AppError("ENGINE_UNAVAILABLE", message, { data });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() || "no message";
}

function seconds(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

const COMPILER_ADVICE =
  process.platform === "darwin"
    ? "install the command line tools (`xcode-select --install`)."
    : "install g++ or clang++ (Debian, Ubuntu: `apt install g++`).";
const PYTHON_ADVICE =
  process.platform === "darwin" ? "install it from python.org." : "install it (Debian, Ubuntu: `apt install python3 python3-pip`).";
const PIP_ADVICE = "install it (`python3 -m ensurepip`, or on Debian and Ubuntu `apt install python3-pip`).";
