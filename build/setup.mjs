// Makes a clone runnable: installs the packages, bundles the sources and sets up the TensorFlow runtime, each only when it has to be done.
// Plain JavaScript with Node's own modules, because it runs before anything is installed. All it says goes to standard error.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The repository's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const PACKAGES_STAMP = join(root, "node_modules", ".setup-stamp");
const NPM_RECORD = join(root, "node_modules", ".package-lock.json");
const BUNDLE_STAMP = join(root, "dist", ".bundle-stamp");
const LOCK = join(root, ".cache", "setup.lock");
/** A lock that does not say whose it is, so long after it was taken, is of a process that ended while taking it. */
const UNSIGNED_LOCK_MS = 10_000;
const SOURCES = ["shared", "electron", "renderer", "build"];

/** @param {string} line */
export const say = (line) => void process.stderr.write(`${line}\n`);

/**
 * Brings everything up to date.
 * @param {readonly string[]} flags --quiet leaves out what was said before; --retry, --verify, --tensorflow PATH and --wheel PATH are for the
 *   TensorFlow runtime
 */
export async function setup(flags = []) {
  if (!arePackagesFresh() || !isBundleFresh()) {
    const release = await lock();
    try {
      if (!arePackagesFresh()) await installPackages();
      if (!isBundleFresh()) await bundleSources();
    } finally {
      release();
    }
  }
  if (process.env.SIMCLR_S2_ENGINE === "wasm" && !flags.includes("--retry")) return;
  // Never fatal: it says itself what went wrong, and the application has another engine.
  await run(process.execPath, [join(root, "dist", "node", "setup-tensorflow.js"), ...flags]);
}

/**
 * Runs a program in the repository, its output sent to standard error.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ timeout?: number }} [options]
 * @returns {Promise<number>} its exit code
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", 2, 2], ...options });
    child.on("error", (error) => {
      say(`${command} could not be run: ${error.message}`);
      resolve(127);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
}

// ---- packages

function lockHash() {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`);
  return hash.update(readFileSync(join(root, "package-lock.json"))).digest("hex");
}

function arePackagesFresh() {
  const wanted = lockHash();
  if (read(PACKAGES_STAMP) === wanted) return true;
  if (!isInstalledByHand()) return false;
  writeFileSync(PACKAGES_STAMP, wanted);
  return true;
}

/** Whether npm itself, run by hand, has installed just what the lock file says. npm writes its own record last. */
function isInstalledByHand() {
  const record = read(NPM_RECORD);
  if (record === undefined) return false;
  /** @type {Record<string, { version?: string, optional?: boolean }>} */
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  /** @type {typeof wanted} */
  const installed = JSON.parse(record).packages;
  const isSame = Object.entries(wanted).every(([path, entry]) => {
    const present = installed[path];
    return path === "" || (present === undefined ? entry.optional === true : present.version === entry.version);
  });
  return isSame && Object.keys(installed).every((path) => path in wanted);
}

async function installPackages() {
  say("Installing packages ...");
  const started = Date.now();
  // Gone first, so that an interrupted installation cannot pass for a whole one.
  rmSync(PACKAGES_STAMP, { force: true });
  rmSync(NPM_RECORD, { force: true });
  if ((await npm("ci")) !== 0) {
    // `npm ci` refuses to go on when a package mirror does not carry the programs for other platforms; this installs the same, checked by hashes.
    say("npm ci failed; trying npm install ...");
    if ((await npm("install", "--no-save")) !== 0) {
      throw new Error("packages could not be installed (npm's message is above); check the network and run this again");
    }
  }
  writeFileSync(PACKAGES_STAMP, lockHash());
  say(`Packages are installed (${seconds(started)}).`);
}

/** @param {readonly string[]} args */
function npm(...args) {
  const program = process.env.npm_execpath;
  const all = [...args, "--no-audit", "--no-fund", "--loglevel=error"];
  return program?.endsWith(".js") ? run(process.execPath, [program, ...all]) : run("npm", all);
}

// ---- bundle

/** Names, sizes and times of the sources: reading their contents would take longer than a start may. */
function sourcesHash() {
  const hash = createHash("sha256");
  /** @param {string} folder */
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (!entry.name.endsWith(".tsbuildinfo")) add(path);
    }
  };
  /** @param {string} path */
  const add = (path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  for (const folder of SOURCES) visit(folder);
  add("package-lock.json");
  add("package.json");
  return hash.digest("hex");
}

function isBundleFresh() {
  return read(BUNDLE_STAMP) === sourcesHash();
}

async function bundleSources() {
  say("Bundling ...");
  const started = Date.now();
  const hash = sourcesHash();
  const dist = join(root, "dist");
  mkdirSync(dist, { recursive: true });
  // We hold the lock: what lies there was left by one that was killed.
  for (const name of readdirSync(dist)) if (name.startsWith(".making-")) rmSync(join(dist, name), { recursive: true, force: true });
  const aside = join(dist, `.making-${process.pid}`);
  try {
    const { bundle } = await import(pathToFileURL(join(root, "build", "bundle.mjs")).href);
    await bundle(aside);
    rmSync(BUNDLE_STAMP, { force: true });
    for (const name of readdirSync(aside)) {
      rmSync(join(dist, name), { recursive: true, force: true });
      renameSync(join(aside, name), join(dist, name));
    }
    writeFileSync(BUNDLE_STAMP, hash);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  say(`Bundled (${seconds(started)}).`);
}

// ---- one set-up at a time

/** @returns {Promise<() => void>} releases the lock */
async function lock() {
  mkdirSync(dirname(LOCK), { recursive: true });
  let isTold = false;
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: "wx" });
      return () => rmSync(LOCK, { force: true });
    } catch {
      const holder = Number(read(LOCK) ?? 0);
      if (holder > 0 ? !isAlive(holder) : ageMs(LOCK) > UNSIGNED_LOCK_MS) {
        rmSync(LOCK, { force: true });
        continue;
      }
      if (!isTold) say("Waiting for another set-up of this folder ...");
      isTold = true;
      await sleep(200);
    }
  }
}

/** @param {string} path */
function ageMs(path) {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** @param {number} since */
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await setup(process.argv.slice(2));
  } catch (error) {
    say(`Set-up failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
