// The installers' configuration: electron-builder's own schema takes it, and what it packs is all that runs and nothing else.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { createPackageFromFiles, listPackage } from "@electron/asar";
import { getFileMatchers } from "app-builder-lib/out/fileMatcher.js";
import { validateConfiguration } from "app-builder-lib/out/util/config/config.js";
import { DebugLogger } from "builder-util";
import type { Configuration } from "electron-builder";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LINK_SCHEME, STUDY_SUFFIX } from "../../electron/app/desktop/target.ts";
import manifest from "../../package.json" with { type: "json" };

const root = resolve(import.meta.dirname, "../..");
/** What a script of build/, which is plain JavaScript, exports. */
const script = (name: string) => import(pathToFileURL(join(root, "build", name)).href);
const { default: config } = (await script("electron-builder.mjs")) as { default: Configuration };
const { makeIcons } = (await script("icons.mjs")) as { makeIcons(outDir: string): Promise<void> };
const folder = mkdtempSync(join(tmpdir(), "simclr-s2-packaging-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Paths of the repository that electron-builder's filter lets through, production packages aside. */
function packed(): string[] {
  const macros = (pattern: string) => pattern;
  const options = { macroExpander: macros, customBuildOptions: {}, globalOutDir: join(root, "release"), defaultSrc: root };
  const filters = getFileMatchers(config, "files", folder, options)!.map((matcher) => matcher.createFilter());
  const visit = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const full = join(path, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" || entry.name.startsWith(".") ? [] : visit(full);
      const stat = { isDirectory: () => false, isFile: () => true } as never;
      return filters.some((filter) => filter(full, stat)) ? [relative(root, full).split(sep).join("/")] : [];
    });
  return visit(root);
}

describe("the configuration", () => {
  it("is taken by electron-builder's schema, which refuses another", async () => {
    await expect(validateConfiguration(config, new DebugLogger(false))).resolves.toBeUndefined();
    await expect(validateConfiguration({ ...config, targets: ["AppImage"] } as never, new DebugLogger(false))).rejects.toThrow(/targets/);
  });

  it("builds every platform's packages, and updates nothing by itself", () => {
    expect([config.linux?.target, config.mac?.target, config.win?.target]).toEqual([["AppImage", "deb"], ["dmg"], ["nsis"]]);
    expect(config.publish).toBeNull();
    expect(manifest.dependencies).not.toHaveProperty("electron-updater");
  });

  it("names the links and files that the application opens", () => {
    expect(config.protocols).toMatchObject([{ schemes: [LINK_SCHEME] }]);
    expect(config.fileAssociations).toMatchObject([{ ext: STUDY_SUFFIX.slice(1) }]);
  });
});

// What `npm test` has bundled before.
describe.skipIf(!existsSync(join(root, "dist/node/main.js")))("what is packed", () => {
  let files: string[];
  let archived: string[];
  beforeAll(async () => {
    files = packed();
    const archive = join(folder, "app.asar");
    await createPackageFromFiles(
      root,
      archive,
      files.map((file) => join(root, file)),
      {},
    );
    archived = listPackage(archive, { isPack: false }).map((path) => path.split(sep).join("/").slice(1));
  });

  it("is what runs: the programs, the workers, the page, the sample project", () => {
    for (const file of [
      ...[
        manifest.main,
        "dist/node/preload.cjs",
        "dist/node/cli.js",
        "dist/node/training.worker.js",
        "dist/node/ingest.worker.js",
        "dist/node/sample.worker.js",
      ],
      ...["dist/renderer/index.html", "dist/icons/32x32.png", "assets/sample-project.zip", "package.json", "LICENSE"],
    ])
      expect(archived, file).toContain(file);
  });

  it("is no source, no test, no document and no map", () => {
    const rooms = new Set(
      files.map((file) =>
        file
          .split("/")
          .slice(0, file.startsWith("dist/") ? 2 : 1)
          .join("/"),
      ),
    );
    expect([...rooms].sort()).toEqual(["LICENSE", "assets", "dist/icons", "dist/node", "dist/renderer", "package.json"]);
    expect(files.filter((file) => /\.(map|tsx?)$|\.test\.|tsbuildinfo/.test(file))).toEqual([]);
  });

  it("needs no package but the production ones", () => {
    const known = new Set([...Object.keys(manifest.dependencies), ...builtinModules, "electron"]);
    const needed = files
      .filter((file) => /^dist\/node\/.*\.c?js$/.test(file))
      .flatMap((file) => importsOf(readFileSync(join(root, file), "utf8")).map((name) => ({ file, name })));
    expect(needed.length).toBeGreaterThan(20);
    expect(needed.filter(({ name }) => !name.startsWith("node:") && !known.has(name))).toEqual([]);
  });
});

/** Packages that a bundled module imports. */
function importsOf(text: string): string[] {
  const pattern =
    /^(?:import|export)\s[^;"']*?\sfrom\s*["']([^"'.][^"']*)["']|^import\s*["']([^"'.][^"']*)["']|\bimport\(\s*["']([^"'.][^"']*)["']\s*\)/gm;
  return [...text.matchAll(pattern)].map(([, a, b, c]) => {
    const [scope = "", name = ""] = (a ?? b ?? c)!.split("/");
    return scope.startsWith("@") ? `${scope}/${name}` : scope.startsWith("node:") ? (a ?? b ?? c)! : scope;
  });
}

describe("icons", () => {
  it("are drawn at every size, in the containers of Windows and macOS", async () => {
    await makeIcons(folder);
    for (const size of [16, 256, 1024])
      expect(await sharp(join(folder, `${size}x${size}.png`)).metadata()).toMatchObject({ width: size, format: "png" });
    const ico = readFileSync(join(folder, "icon.ico"));
    expect([ico.readUInt16LE(2), ico.readUInt16LE(4)]).toEqual([1, 6]);
    const last = 6 + 16 * 5;
    const picture = ico.subarray(ico.readUInt32LE(last + 12), ico.readUInt32LE(last + 12) + ico.readUInt32LE(last + 8));
    expect(await sharp(picture).metadata()).toMatchObject({ width: 256, format: "png" });
    const icns = readFileSync(join(folder, "icon.icns"));
    expect(icns.toString("ascii", 0, 4)).toBe("icns");
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    expect(await sharp(icns.subarray(16, 8 + icns.readUInt32BE(12))).metadata()).toMatchObject({ width: 16, format: "png" });
  });
});
