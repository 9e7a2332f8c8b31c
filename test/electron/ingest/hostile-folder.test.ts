// Folders are hostile: whatever one patch holds, the others are stored as they are without it, each fault has a reason, and time and memory stay small.
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAllTiles, readStoredColumns } from "../../../electron/ingest/catalogue/catalogue.ts";
import { type IngestOptions, ingestFolders } from "../../../electron/ingest/ingest.ts";
import { scanFolder } from "../../../electron/ingest/scan.ts";
import { Random } from "../../../shared/domain/random.ts";
import { copyPatch, encodeMadeTiff, filesUnder, fixtures, madeBand, makeScene, realEurosat, temporaryFolder } from "./made-files.ts";
import { makeSafe } from "./made-safe.ts";
import { encodeMadeZip, writeMadeZip, zipFolder } from "./made-zips.ts";

const SEED = 20210401;
const ingest = (folder: string, options: Partial<IngestOptions> = {}) =>
  ingestFolders({ workspace: temporaryFolder(), dataset: "d", folders: [folder], tilePixels: 32, ...options });

/** Checksums of the tiles by id. */
async function tilesOf({ folder, tiles }: { folder: string; tiles: number }): Promise<Map<string, number>> {
  const { id } = await readAllTiles(folder);
  const { crc } = await readStoredColumns(folder, ["crc"], { end: tiles });
  return new Map(id.map((name, i) => [name, crc[i]!]));
}

/** Faults of a file: cut after each fiftieth of it, empty, and some bytes drawn anew; the same for a seed. */
function* faultsOf(bytes: Buffer): Generator<Buffer> {
  for (let part = 0; part < 50; part++) yield bytes.subarray(0, Math.floor((bytes.length * part) / 50));
  const random = Random.of("hostile-folder", SEED);
  for (let i = 0; i < 40; i++) {
    const spoilt = Buffer.from(bytes);
    // In half of the cases where the structure lies: at the beginning or the end.
    const span = i % 2 === 0 ? bytes.length : Math.min(bytes.length, 400);
    const from = i % 4 === 3 ? bytes.length - span : 0;
    for (let k = 0; k <= i % 8; k++) spoilt[from + Math.floor(random.next() * span)] = Math.floor(random.next() * 256);
    yield spoilt;
  }
}

interface Kind {
  readonly name: string;
  /** Writes a patch. @returns its path, and the file to spoil */
  readonly make: (root: string, i: number) => Promise<{ patch: string; file: string }> | { patch: string; file: string };
  /** Metadata: a patch is stored without them, with a warning, and the others may be stored with another radiometry. */
  readonly isMetadata?: boolean;
}

const number = (i: number) => String(i).padStart(3, "0");
const scene = (fixture: string, file: string) => (root: string, i: number) => {
  const patch = join(root, `scene_${number(i)}`);
  mkdirSync(patch, { recursive: true });
  cpSync(join(fixtures, fixture), join(patch, file));
  return { patch, file: join(patch, file) };
};
const safe = (file: (product: string) => string) => (root: string, i: number) => {
  const product = makeSafe({
    root,
    day: `2022${String(1 + Math.floor(i / 28)).padStart(2, "0")}${String(1 + (i % 28)).padStart(2, "0")}`,
    offset: -1000,
    pixels: 36,
    dn: (_, column, row) => 1100 + column * 3 + row,
    missing: ["B01", "B03", "B06", "B07", "B08", "B09", "B11", "B12"],
    more: { "QI_DATA/MSK_CLOUDS_B00.gml": '<eop:Mask xmlns:eop="e"><eop:maskMembers/></eop:Mask>' },
  });
  return { patch: product, file: file(product) };
};
const under = (product: string, pattern: RegExp) => join(product, [...filesUnder(product).keys()].find((name) => pattern.test(name))!);

const KINDS: readonly Kind[] = [
  {
    name: "a BigEarthNet band",
    make: (root, i) => {
      const patch = copyPatch(root, `patch_${number(i)}`);
      return { patch, file: join(patch, `patch_${number(i)}_B05.tif`) };
    },
  },
  {
    name: "BigEarthNet labels",
    make: (root, i) => {
      const patch = copyPatch(root, `patch_${number(i)}`);
      return { patch, file: join(patch, `patch_${number(i)}_labels_metadata.json`) };
    },
  },
  {
    name: "a EuroSAT file",
    make: (root, i) => {
      const patch = join(root, "AnnualCrop", `AnnualCrop_${i}.tif`);
      mkdirSync(dirname(patch), { recursive: true });
      cpSync(join(realEurosat, "AnnualCrop", "AnnualCrop_1.tif"), patch);
      return { patch, file: patch };
    },
  },
  { name: "a GeoTIFF of LZW", make: scene("tiff/uint16-lzw-2-little-strips.tif", "B02.tif") },
  { name: "a GeoTIFF of DEFLATE", make: scene("tiff/uint16-deflate-2-big-strips.tif", "B02.tif") },
  { name: "a GeoTIFF that geotiff.js unpacks", make: scene("tiff/uint16-zstd-1-little-strips.tif", "B02.tif") },
  { name: "a JPEG 2000 image", make: scene("jpeg2000/esa-60m.jp2", "B02.jp2") },
  { name: "an image of a product", make: safe((product) => under(product, /_B05_20m\.jp2$/)) },
  { name: "a product's metadata", make: safe((product) => join(product, "MTD_MSIL2A.xml")), isMetadata: true },
  { name: "a granule's metadata", make: safe((product) => under(product, /MTD_TL\.xml$/)), isMetadata: true },
  { name: "a product's cloud mask", make: safe((product) => under(product, /\.gml$/)) },
  {
    name: "a zip archive",
    make: async (root, i) => {
      const made = temporaryFolder();
      makeScene({ folder: join(made, `scene_${number(i)}`), bands: ["B04", "B05"], pixels: 32, scene: i });
      const zip = join(root, `archive_${number(i)}.zip`);
      await zipFolder(made, zip, { compress: true });
      return { patch: zip, file: zip };
    },
  },
];

describe("a folder with a hundred faults in", () => {
  it.each(KINDS)("$name: stores the others as they are, and names what it leaves out", async ({ make, isMetadata = false }) => {
    const clean = temporaryFolder();
    const root = temporaryFolder();
    const good = 100;
    const faults = [...faultsOf(readFileSync((await make(clean, 0)).file))];
    const broken: string[] = [];
    for (const [i, bytes] of faults.entries()) {
      const { patch, file } = await make(root, i);
      writeFileSync(file, bytes);
      broken.push(patch);
    }
    const whole = temporaryFolder();
    // Enough whole ones, so that the faults do not decide what the folder holds.
    for (let i = good; i < good + 2 * faults.length; i += 3) {
      await make(whole, i);
      await make(root, i);
    }
    const before = process.resourceUsage().maxRSS;
    const expected = await ingest(whole);
    const result = await ingest(root);
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(400);

    const stored = await tilesOf(result);
    for (const [id, crc] of await tilesOf(expected)) {
      if (isMetadata) expect(stored.has(id), id).toBe(true);
      else expect(stored.get(id), id).toBe(crc);
    }
    const paths = new Set((await readAllTiles(result.folder)).path);
    for (const patch of broken) {
      const isStored = [...paths].some((path) => path.startsWith(patch));
      const reasons = result.skipped.filter(({ path }) => path.startsWith(patch));
      expect(isStored || reasons.length > 0, patch).toBe(true);
    }
    for (const { reason } of result.skipped)
      expect(reason).not.toMatch(/undefined|Cannot read|is not a function|out of bounds|Maximum call/);
    const warnings = result.dataset.sources.flatMap(({ warnings }) => warnings);
    // Of a source, fifty are told.
    expect(isMetadata ? warnings.length : result.skipped.length).toBeGreaterThanOrEqual(45);
  });
});

describe("names", () => {
  const names = [
    "поле 1",
    "畑と田んぼ",
    "حقل",
    "शेत",
    "with spaces  and (brackets) [x] & 100 %",
    "emoji \u{1F33E}\u{1F6F0}\uFE0F",
    "quote'\"`",
    "#hash?query",
    "-dash",
    "dots..",
    "new\nline",
    "tab\t",
    `long-${"x".repeat(200)}`,
    "CON",
    "a.SAFE.zip.tif",
    "e\u0301 and \u00e9",
  ];

  it("of any script, length and sign give tiles of different names, and are told as they are", async () => {
    const root = temporaryFolder();
    for (const [i, name] of names.entries()) makeScene({ folder: join(root, name), bands: ["B04"], pixels: 32, scene: i });
    const result = await ingest(root);
    const { id, path } = await readAllTiles(result.folder);
    expect([...path].sort()).toEqual(names.map((name) => join(root, name)).sort());
    expect(new Set(id).size).toBe(names.length);
    for (const one of id) expect(one).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/);
  });

  it("of patches and products in any script are read, zipped too", async () => {
    const root = temporaryFolder();
    for (const name of ["поле", "田 \u{1F33E}"]) copyPatch(join(root, name), `patch_${name.length}`);
    makeScene({ folder: join(root, "plain", "畑 1"), bands: ["B04"], pixels: 120 });
    await zipFolder(join(root, "plain"), join(root, "архив.zip"), { compress: true });
    expect((await scanFolder(root)).sources.map(({ kind, patches }) => [kind, patches]).sort()).toEqual([
      ["bigearthnet-v1", 2],
      ["geotiff-bands", 2],
    ]);
  });
});

describe("a folder", () => {
  it("whose links go round in circles, or nowhere, is read once", async () => {
    const root = temporaryFolder();
    makeScene({ folder: join(root, "a", "scene"), bands: ["B04"], pixels: 32 });
    symlinkSync(root, join(root, "a", "up"));
    symlinkSync(join(root, "a"), join(root, "a", "scene", "round"));
    symlinkSync(join(root, "self"), join(root, "self"));
    symlinkSync(join(root, "gone"), join(root, "a", "B05.tif"));
    mkdirSync(join(root, "b"));
    symlinkSync(join(root, "b", "two"), join(root, "b", "one"));
    symlinkSync(join(root, "b", "one"), join(root, "b", "two"));
    const { tiles, skipped } = await ingest(root);
    expect(tiles).toBe(1);
    expect(skipped.map(({ path }) => path.slice(root.length + 1)).sort()).toEqual(["a/B05.tif", "b/one", "b/two", "self"]);
  });

  it("a product of which links to itself, is read once, too", async () => {
    const root = temporaryFolder();
    const product = makeSafe({ root, pixels: 36, dn: () => 1500 });
    symlinkSync(product, join(dirname(under(product, /_B02_10m/)), "round"));
    symlinkSync(product, join(product, "GRANULE", "L2A_again"));
    expect((await ingest(root)).tiles).toBe(1);
  });

  it("with archives whose names lead out of them, that lie about their sizes, or hold one another, keeps what is whole", async () => {
    const root = temporaryFolder();
    const image = encodeMadeTiff({ width: 32, height: 32, pixels: madeBand("B04", 0, 32) });
    makeScene({ folder: join(root, "good"), bands: ["B04"], pixels: 32 });
    const data = { data: image, method: 8 };
    writeMadeZip(join(root, "out.zip"), [{ name: "../../escaped/B04.tif", ...data }]);
    writeMadeZip(join(root, "absolute.zip"), [{ name: "/etc/B04.tif", ...data }]);
    writeMadeZip(join(root, "huge.zip"), [{ name: "s/B04.tif", ...data, size: 0xfffffff0 }]);
    writeMadeZip(join(root, "bomb.zip"), [{ name: "s/B04.tif", data: Buffer.alloc(50_000_000), method: 8, size: 2000 }]);
    writeMadeZip(join(root, "twice.zip"), [
      { name: "s/B04.tif", ...data },
      { name: "s/B04.tif", ...data },
    ]);
    writeMadeZip(join(root, "nested.zip"), [{ name: "inner.zip", data: encodeMadeZip([{ name: "s/B04.tif", ...data }]) }]);
    const before = process.resourceUsage().maxRSS;
    const result = await ingest(root);
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(200);
    const { path } = await readAllTiles(result.folder);
    expect(path).toContain(join(root, "good"));
    for (const one of path) expect(one.startsWith(root)).toBe(true);
    expect(readdirSync(dirname(root))).not.toContain("escaped");
    const named = new Set(result.skipped.map(({ path }) => basename(path.slice(0, path.indexOf(".zip") + 4))));
    for (const name of ["out.zip", "absolute.zip", "huge.zip", "bomb.zip"]) expect([...named], name).toContain(name);
  });

  it("with metadata that grow when they are read takes neither memory nor time for them", async () => {
    const root = temporaryFolder();
    makeSafe({ root, day: "20220101", pixels: 36, dn: () => 1500 });
    const bombs: Readonly<Record<string, string>> = {
      "20220102": `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">${"bcdefghij"
        .split("")
        .map((c, i) => `<!ENTITY ${c} "${`&${"abcdefghij"[i]};`.repeat(10)}">`)
        .join("")}]><n1:Level-2A_User_Product>&j;</n1:Level-2A_User_Product>`,
      "20220103": "<a>".repeat(2_000_000),
      "20220104": `<n1:Level-2A_User_Product ${'x="1" '.repeat(500_000)}/>`,
      "20220105": `<n1:Level-2A_User_Product>${"<b/>".repeat(3_000_000)}</n1:Level-2A_User_Product>`,
      "20220106": `<!DOCTYPE a SYSTEM "file:///etc/passwd"><n1:Level-2A_User_Product/>`,
      "20220107": "\0".repeat(5_000_000),
    };
    for (const [day, text] of Object.entries(bombs))
      writeFileSync(join(makeSafe({ root, day, pixels: 36, dn: () => 1500 }), "MTD_MSIL2A.xml"), text);
    const sparse = makeSafe({ root, day: "20220108", pixels: 36, dn: () => 1500 });
    truncateSync(join(sparse, "MTD_MSIL2A.xml"), 3 * 2 ** 30);
    const before = process.resourceUsage().maxRSS;
    const started = performance.now();
    const result = await ingest(root);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(500);
    // Images are whole; only how DN become reflectance has to be assumed.
    expect(result.tiles).toBe(8);
    const warnings = result.dataset.sources.flatMap(({ warnings }) => warnings);
    for (const day of [...Object.keys(bombs), "20220108"])
      expect(
        warnings.some((text) => text.includes(`_${day}T`)),
        day,
      ).toBe(true);
  });

  it("whose images say that they are huge takes no memory for it", async () => {
    const root = temporaryFolder();
    for (const name of ["a", "b", "c"]) makeScene({ folder: join(root, name), bands: ["B04"], pixels: 32 });
    const lies: Readonly<Record<string, Partial<Parameters<typeof encodeMadeTiff>[0]>>> = {
      wide: { width: 2 ** 31 - 1, height: 1 },
      tall: { width: 32, height: 2 ** 31 - 1, rowsPerStrip: 2 ** 31 - 1 },
    };
    for (const [name, size] of Object.entries(lies)) {
      makeScene({ folder: join(root, name), bands: ["B04"], pixels: 32 });
      const bytes = encodeMadeTiff({ width: 32, height: 32, pixels: madeBand("B04", 0, 32) });
      for (const [tag, value] of [
        [256, size.width],
        [257, size.height],
      ] as const) {
        const directory = bytes.readUInt32LE(4);
        for (let i = 0; i < bytes.readUInt16LE(directory); i++)
          if (bytes.readUInt16LE(directory + 2 + i * 12) === tag) bytes.writeUInt32LE(value!, directory + 10 + i * 12);
      }
      writeFileSync(join(root, name, "B04.tif"), bytes);
    }
    const before = process.resourceUsage().maxRSS;
    const { tiles, skipped } = await ingest(root);
    expect(tiles).toBe(3);
    expect(skipped.map(({ path }) => basename(path)).sort()).toEqual(["tall", "wide"]);
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(200);
  });

  it("whose files change or go between the survey and the reading loses these patches only", async () => {
    const root = temporaryFolder();
    for (let i = 0; i < 300; i++) makeScene({ folder: join(root, `s${number(i)}`), bands: ["B04"], pixels: 32, scene: i });
    const { skipped, tiles } = await ingest(root, {
      onProgress: ({ done }) => {
        if (done !== 32) return;
        renameSync(join(root, "s299"), join(root, "elsewhere"));
        writeFileSync(join(root, "s298", "B04.tif"), "text");
      },
    });
    expect(tiles).toBe(298);
    expect(skipped.map(({ path }) => basename(path)).sort()).toEqual(["s298", "s299"]);
  });
});
