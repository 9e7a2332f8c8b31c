import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { openPromise } from "yauzl";
import { listFolder, memorySource, openByteSource, readWhole, sizeOf } from "../../../electron/files/byte-source.ts";
import { openZipEntry, readZipDirectory } from "../../../electron/files/zip.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { temporaryFolder } from "../ingest/made-files.ts";
import { encodeMadeZip, type MadeEntry, writeMadeZip, zipFolder } from "../ingest/made-zips.ts";

const noise = (length: number, seed: number) => {
  const out = Buffer.alloc(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
};

const root = temporaryFolder();
const content = new Map<string, Buffer>([
  ["a.txt", Buffer.from("alpha")],
  ["empty", Buffer.alloc(0)],
  ["folder/deep/large.bin", noise(700_000, 1)],
  ["folder/même.txt", Buffer.from("é".repeat(5000))],
]);

beforeAll(() => {
  for (const [name, bytes] of content) {
    mkdirSync(join(root, "plain", name, ".."), { recursive: true });
    writeFileSync(join(root, "plain", name), bytes);
  }
});

const bytesOf = (path: string) => readWhole(path, 1e9);

function errorOf(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** All that yauzl reads in an archive, or its error. */
async function byYauzl(path: string): Promise<Map<string, Buffer>> {
  const out = new Map<string, Buffer>();
  const zip = await openPromise(path, { autoClose: true });
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith("/")) continue;
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    out.set(entry.fileName, Buffer.concat(chunks));
  }
  return out;
}

describe("a path through a zip archive", () => {
  it.each([
    ["stored", { compress: false }],
    ["deflated", { compress: true }],
    ["zip64, stored", { compress: false, zip64: true }],
    ["zip64, deflated", { compress: true, zip64: true }],
  ])("leads to the same bytes as yauzl finds (%s)", async (name, options) => {
    const path = join(root, `${name}.archive`);
    await zipFolder(join(root, "plain"), path, options);
    const expected = await byYauzl(path);
    expect([...expected.keys()].sort()).toEqual([...content.keys()].sort());
    for (const [inner, bytes] of expected) {
      expect(bytes.equals(content.get(inner)!)).toBe(true);
      expect(bytesOf(join(path, inner)).equals(bytes)).toBe(true);
      expect(sizeOf(join(path, inner))).toBe(bytes.length);
    }
    expect(listFolder(path)).toEqual({ files: ["a.txt", "empty"], folders: ["folder"] });
    expect(listFolder(join(path, "folder"))).toEqual({ files: ["même.txt"], folders: ["deep"] });
    const source = openByteSource(join(path, "folder/deep/large.bin"));
    expect(source.read(654_321, 1000)).toEqual(content.get("folder/deep/large.bin")!.subarray(654_321, 655_321));
    expect(() => source.read(699_999, 2)).toThrow(/cut short/);
    source.close();
  });

  it("names what is missing, a folder, a file taken for a folder, and a file that is no archive", async () => {
    const path = writeMadeZip(join(root, "small.zip"), [{ name: "f/a", data: Buffer.from("x") }]);
    const plain = join(root, "plain", "a.txt");
    expect(errorOf(() => bytesOf(join(path, "f/b")))).toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("small.zip has no such file"),
    });
    expect(errorOf(() => bytesOf(join(path, "f")))).toMatchObject({ code: "BAD_FILE", message: expect.stringContaining("is a folder") });
    expect(errorOf(() => listFolder(join(path, "f/a"))).code).toBe("NOT_A_FOLDER");
    expect(errorOf(() => listFolder(join(path, "g"))).code).toBe("NOT_FOUND");
    expect(errorOf(() => sizeOf(join(path, "g"))).code).toBe("NOT_FOUND");
    for (const run of [bytesOf, sizeOf, listFolder]) {
      expect(errorOf(() => run(join(plain, "b"))).code).toBe("NOT_A_FOLDER");
      expect(errorOf(() => run(join(root, "nowhere", "b"))).code).toBe("NOT_FOUND");
    }
  });

  it("sees an archive that was written anew", () => {
    const path = join(root, "changed.zip");
    writeMadeZip(path, [{ name: "a", data: Buffer.from("one") }]);
    expect(bytesOf(join(path, "a")).toString()).toBe("one");
    writeMadeZip(path, [{ name: "a", data: Buffer.from("three") }]);
    expect(bytesOf(join(path, "a")).toString()).toBe("three");
  });

  it("reads only what may be as large as it is", () => {
    expect(errorOf(() => readWhole(join(root, "plain/folder/deep/large.bin"), 1000))).toMatchObject({ code: "BAD_FILE" });
    expect(errorOf(() => readWhole(join(root, "small.zip", "f/a"), 0)).message).toContain("more than the 0");
  });

  it("keeps a large inflated file outside the memory, and leaves nothing behind", () => {
    const data = Buffer.concat([noise(1000, 4), Buffer.alloc(33 * 1024 * 1024), noise(1000, 5)]);
    const path = writeMadeZip(join(root, "large.zip"), [{ name: "a", data, method: 8 }]);
    const source = openByteSource(join(path, "a"));
    expect(source.read(0, 1000)).toEqual(noise(1000, 4));
    expect(source.read(data.length - 1000, 1000)).toEqual(noise(1000, 5));
    source.close();
    source.close();
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("unzipped-"))).toEqual([]);
  });
});

describe("a real folder", () => {
  it("is listed without links to nothing or to themselves", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "b"), "");
    writeFileSync(join(folder, "a"), "");
    mkdirSync(join(folder, "sub"));
    symlinkSync("a", join(folder, "link"));
    symlinkSync("nothing", join(folder, "dangling"));
    symlinkSync("loop", join(folder, "loop"));
    expect(listFolder(folder)).toEqual({ files: ["a", "b", "link"], folders: ["sub"] });
  });
});

describe("an archive with odd entries", () => {
  const directoryOf = (entries: readonly MadeEntry[]) => readZipDirectory(memorySource("made.zip", encodeMadeZip(entries)));
  const open = (entry: MadeEntry) => {
    const zip = memorySource("made.zip", encodeMadeZip([{ name: "other", data: Buffer.from("other") }, entry]));
    const source = openZipEntry(zip, readZipDirectory(zip).entries.get("a")!, "made.zip/a");
    return source.read(0, source.size).toString();
  };

  it.each([
    "../a",
    "/a",
    "a/../../b",
    "C:/a",
    "C:a",
    "a//b",
    "..\\a",
    "\\a",
    "\\\\server\\a",
    "a/./b",
    "a\0b",
    "..",
    "/",
    `${"a".repeat(2000)}`,
  ])("leaves out and names an entry called %j", (name) => {
    const { entries, folders, problems } = directoryOf([{ name }, { name: "good" }]);
    expect([...entries.keys()]).toEqual(["good"]);
    expect([...folders.keys()]).toEqual([""]);
    expect(problems).toEqual([{ path: expect.stringContaining("made.zip: "), reason: expect.stringMatching(/leads out/) }]);
  });

  it("takes backslashes for slashes and a leading ./ for nothing, as other programs do", () => {
    expect([...directoryOf([{ name: "S2A.SAFE\\GRANULE\\a" }, { name: "./b" }]).entries.keys()]).toEqual(["S2A.SAFE/GRANULE/a", "b"]);
  });

  it("reads names that are no UTF-8", () => {
    const zip = writeMadeZip(join(root, "latin.zip"), [{ name: Buffer.from("m\xeame", "latin1"), data: Buffer.from("x") }]);
    expect(bytesOf(join(zip, listFolder(zip).files[0]!)).toString()).toBe("x");
  });

  it("leaves out links, and files that are twice there with different contents; names them", () => {
    const same = { name: "same", data: Buffer.from("s") };
    const { entries, problems } = directoryOf([
      { name: "link", data: Buffer.from("/etc/passwd"), mode: 0o120777 },
      { name: "a", data: Buffer.from("1") },
      { name: "a", data: Buffer.from("2") },
      same,
      same,
      { name: "x" },
      { name: "x/y" },
    ]);
    expect([...entries.keys()]).toEqual(["same", "x/y"]);
    expect(problems.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      expect.stringMatching(/"link" is a symbolic link/),
      expect.stringMatching(/"a" is twice/),
      expect.stringMatching(/"x" is a file and a folder at once/),
    ]);
  });

  it("names a hundred of many refused entries and counts the rest", () => {
    const { problems } = directoryOf(Array.from({ length: 150 }, (_, i) => ({ name: `../${i}` })));
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)!.reason).toContain("50 more");
  });

  it("reads a file whose sizes follow its data, and an archive with a comment", () => {
    const data = Buffer.from("data ".repeat(100));
    expect(open({ name: "a", data, hasDescriptor: true })).toBe(data.toString());
    expect(open({ name: "a", data, method: 8, hasDescriptor: true })).toBe(data.toString());
    const comment = `made by hand ${Buffer.from([0x50, 0x4b, 5, 6]).toString("latin1")}${"x".repeat(30)}`;
    const zip = memorySource("made.zip", encodeMadeZip([{ name: "a", data }], { comment }));
    expect([...readZipDirectory(zip).entries.keys()]).toEqual(["a"]);
  });

  it.each<[string, Partial<MadeEntry>, string, RegExp]>([
    ["is encrypted", { flags: 1 }, "UNSUPPORTED", /encrypted/],
    ["has a masked header", { flags: 0x2000 }, "UNSUPPORTED", /encrypted/],
    ["is packed by a rare method", { method: 14 }, "UNSUPPORTED", /method/],
    ["gives more than it is said to have", { method: 8, size: 10 }, "BAD_FILE", /give more/],
    ["gives less than it is said to have", { method: 8, size: 2000 }, "BAD_FILE", /checksum/],
    ["claims more than its bytes can give", { method: 8, size: 400_000_000 }, "BAD_FILE", /cannot give/],
    ["claims more than is read in place", { method: 8, size: 0xfffffffe }, "UNSUPPORTED", /too many/],
    ["has another checksum", { method: 8, crc: 1 }, "BAD_FILE", /checksum/],
    ["has two sizes", { size: 10 }, "BAD_FILE", /said to have 10 and 1000/],
    ["lies nowhere", { headerAt: 0xfffffff0 }, "BAD_FILE", /byte 4294967280/],
    ["lies where none is", { headerAt: 7 }, "BAD_FILE", /no file at byte 7/],
  ])("refuses a file that %s", (_, change, code, message) => {
    const error = errorOf(() => open({ name: "a", data: Buffer.alloc(1000, "a"), ...change }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it("refuses a directory that claims more files than it can hold, and parts of an archive", () => {
    const bytes = encodeMadeZip([{ name: "a" }]);
    bytes.writeUInt16LE(60_000, bytes.length - 12);
    expect(errorOf(() => readZipDirectory(memorySource("z", bytes))).message).toContain("cannot name 60000 files");
    bytes.writeUInt16LE(3, bytes.length - 18);
    expect(errorOf(() => readZipDirectory(memorySource("z", bytes)))).toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("hostile archives", () => {
  const entries: MadeEntry[] = [...content].map(([name, data], i) => ({
    name,
    data: data.subarray(0, 5000),
    method: i % 2 ? 8 : 0,
    hasDescriptor: i > 1,
  }));
  const bytes = encodeMadeZip(entries);
  /** Reads all of it; only an AppError may come out. */
  const readAll = (archive: Buffer): "read" | AppError => {
    try {
      const zip = memorySource("hostile.zip", archive);
      for (const [name, entry] of readZipDirectory(zip).entries) openZipEntry(zip, entry, name).close();
      return "read";
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  };

  it("cut short anywhere are refused", () => {
    for (let part = 0; part < 50; part++) {
      expect(readAll(bytes.subarray(0, Math.floor((bytes.length * part) / 50)))).toMatchObject({ code: "BAD_FILE" });
    }
    expect(readAll(bytes)).toBe("read");
  });

  it("with changed bytes give files or an error, never a crash or a hang", () => {
    const change = fc.tuple(fc.nat(), fc.nat(255), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, value, isTail] of changes) changed[isTail ? bytes.length - 1 - (at % 400) : at % bytes.length] = value;
        readAll(changed);
      }),
      { numRuns: 3000, seed: 20210401 },
    );
  });

  it("of random bytes are refused", () => {
    for (let seed = 0; seed < 50; seed++) expect(readAll(noise(seed * 37, seed))).toMatchObject({ code: "BAD_FILE" });
  });

  it("that end in a real archive's end, but lead to themselves, are refused", () => {
    const end = Buffer.from(bytes.subarray(-22));
    expect(readAll(end)).toMatchObject({ code: "BAD_FILE" });
  });
});
