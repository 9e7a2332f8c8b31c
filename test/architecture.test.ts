// Dependencies point one way: every folder's imports are checked against the table of the design.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** What each room may import of the others, and the packages that only some rooms know. The longest matching prefix counts. */
const ROOMS: Readonly<Record<string, { rooms: readonly string[]; packages: readonly RegExp[] }>> = {
  "shared/domain": { rooms: [], packages: [/^zod$/] },
  "shared/raster": { rooms: ["shared/domain"], packages: [] },
  "shared/figures": { rooms: ["shared/domain"], packages: [] },
  "shared/learning": { rooms: ["shared/raster", "shared/domain"], packages: [/^zod$/, /^@tensorflow\/tfjs-core/] },
  "shared/embedding": { rooms: ["shared/domain"], packages: [] },
  "shared/contract": { rooms: ["shared/domain"], packages: [/^zod$/, /^@orpc\/contract$/] },
  "electron/files": { rooms: ["shared/domain"], packages: [/^node:/, /^@duckdb\//] },
  "electron/ingest/readers": {
    rooms: ["electron/files", "shared/domain", "shared/raster"],
    packages: [/^node:/, /^geotiff$/, /^zstddec$/, /^@cornerstonejs\/codec-openjpeg/, /^fast-xml-parser$/, /^zod$/],
  },
  "electron/ingest/patches": {
    rooms: ["electron/files", "electron/ingest/readers", "shared/domain", "shared/raster"],
    packages: [/^node:/, /^proj4$/],
  },
  "electron/ingest/catalogue": { rooms: ["electron/files", "shared/domain"], packages: [/^node:/, /^zod$/] },
  "electron/ingest/store": {
    rooms: ["electron/files", "electron/ingest/catalogue", "electron/ingest/patches", "shared/domain", "shared/raster", "shared/learning"],
    packages: [/^node:/, /^sharp$/, /^zod$/],
  },
  "electron/ingest/labels": {
    rooms: ["electron/files", "electron/ingest/readers", "electron/ingest/catalogue", "shared/domain", "shared/raster"],
    packages: [/^node:/, /^proj4$/, /^sql\.js/, /^yauzl$/],
  },
  "electron/ingest/survey": {
    rooms: [
      "electron/files",
      "electron/ingest/readers",
      "electron/ingest/patches",
      "electron/ingest/labels",
      "shared/domain",
      "shared/raster",
    ],
    packages: [/^node:/],
  },
  "electron/ingest/sample": {
    rooms: ["electron/ingest/patches", "shared/domain", "shared/raster"],
    packages: [/^node:/, /^zod$/],
  },
  "electron/ingest": { rooms: ["electron/files", "shared/domain", "shared/raster"], packages: [/^node:/, /^zod$/] },
  "electron/runs": {
    rooms: ["electron/files", "shared/domain", "shared/raster", "shared/learning", "shared/embedding", "shared/contract"],
    packages: [/^node:/, /^zod$/],
  },
  "electron/training": {
    rooms: ["electron/files", "electron/ingest", "electron/runs", "shared/domain", "shared/raster", "shared/learning", "shared/contract"],
    packages: [/^node:/, /^@tensorflow\//, /^@orpc\//, /^zod$/],
  },
  "electron/embeddings": { rooms: ["electron/runs", "shared/domain", "shared/embedding"], packages: [/^node:/] },
  "electron/executors": {
    rooms: ["electron/files", "electron/ingest", "electron/runs", "electron/training", "shared/domain", "shared/contract"],
    packages: [/^node:/],
  },
  "electron/export": { rooms: ["electron/files", "shared/domain", "shared/figures"], packages: [/^node:/, /^sharp$/] },
  "electron/app": {
    rooms: [
      "shared",
      "electron/files",
      "electron/ingest",
      "electron/training",
      "electron/runs",
      "electron/embeddings",
      "electron/executors",
      "electron/export",
    ],
    packages: [/^node:/, /^@orpc\//, /^sharp$/, /^zod$/],
  },
  "electron/preload": { rooms: ["shared/contract"], packages: [/^electron$/] },
  "electron/main": { rooms: ["shared/domain", "electron/app", "electron/preload"], packages: [/^node:/, /^electron$/, /^@orpc\//] },
  "electron/commands": { rooms: ["shared", "electron"], packages: [/^node:/, /^commander$/, /^zod$/] },
  electron: { rooms: ["shared", "electron"], packages: [/^node:/, /^@orpc\//, /^ws$/, /^commander$/, /^zod$/] },
  renderer: {
    rooms: ["shared/contract", "shared/domain", "shared/figures", "shared/raster"],
    packages: [/^react/, /^@mantine\//, /^@tabler\//, /^@tanstack\//, /^@orpc\/(client|tanstack-query)/, /^zod$/],
  },
  "renderer/views/data/map": {
    rooms: ["renderer", "shared/contract", "shared/domain", "shared/figures"],
    packages: [
      /^react/,
      /^@mantine\//,
      /^@tabler\//,
      /^@tanstack\//,
      /^zod$/,
      /^maplibre-gl/,
      /^topojson-client$/,
      /^topojson-specification$/,
      /^world-atlas\//,
    ],
  },
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const pattern = /^(?:import|export)\s[^;]*?\sfrom\s+"([^"]+)"|^import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  return [...text.matchAll(pattern)].map((match) => ({ file, specifier: (match[1] ?? match[2] ?? match[3])! }));
}

/** The file that a relative import names. */
const targetOf = (file: string, specifier: string) =>
  join(dirname(file), specifier.replace(/\?raw$/, ""))
    .split(sep)
    .join("/");
const isIn = (path: string, room: string) => path === room || path.startsWith(`${room}/`);
const roomOf = (file: string) =>
  Object.keys(ROOMS)
    .filter((room) => isIn(file, room))
    .sort((a, b) => b.length - a.length)[0];

function violations(): string[] {
  return ["shared", "electron", "renderer"].flatMap(sources).flatMap((file) => {
    const room = roomOf(file);
    if (!room) return [`${file} lies in no room of the table`];
    const allowed = ROOMS[room]!;
    return importsOf(file).flatMap(({ specifier }) => {
      if (!specifier.startsWith("."))
        return allowed.packages.some((pattern) => pattern.test(specifier)) ? [] : [`${file} imports the package ${specifier}`];
      const target = targetOf(file, specifier);
      if (target === "package.json") return [];
      const fine = isIn(target, room) || allowed.rooms.some((other) => isIn(target, other));
      return fine ? [] : [`${file} imports ${target}`];
    });
  });
}

/** Files that import each other, a loop each. */
function loops(): string[][] {
  const files = ["shared", "electron", "renderer"].flatMap(sources);
  const imported = new Map(
    files.map((file) => [file, importsOf(file).flatMap(({ specifier }) => (specifier.startsWith(".") ? [targetOf(file, specifier)] : []))]),
  );
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file]);
    if (done.has(file) || way.includes(file)) return;
    for (const next of imported.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

describe("the import table", () => {
  it("holds for every source file", () => {
    expect(violations()).toEqual([]);
  });

  it("lets no files import each other", () => {
    expect(loops()).toEqual([]);
  });

  it("reads imports of every form", () => {
    const specifiers = importsOf("electron/cli.ts").map(({ specifier }) => specifier);
    expect(specifiers).toContain("commander");
    expect(specifiers).toContain("./commands/context.ts");
  });

  it("lets the electron module into main and preload only", () => {
    const importers = sources("electron").filter((file) => importsOf(file).some(({ specifier }) => specifier === "electron"));
    expect(importers.every((file) => isIn(file, "electron/main") || isIn(file, "electron/preload"))).toBe(true);
    expect(importers.length).toBeGreaterThan(0);
  });
});
