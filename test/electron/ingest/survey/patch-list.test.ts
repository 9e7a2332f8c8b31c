import { describe, expect, it } from "vitest";
import { BIGEARTHNET_BANDS } from "../../../../electron/ingest/readers/formats.ts";
import { type FoundPatch, patchOf } from "../../../../electron/ingest/survey/found-patch.ts";
import { inOrder, PatchList } from "../../../../electron/ingest/survey/patch-list.ts";

const bands = [...BIGEARTHNET_BANDS];
const folderPatch = (name: string): FoundPatch => ({
  ...patchOf("bigearthnet-v1", `/archive/${name}`, name),
  bands,
  hasLabelsFile: true,
});
/** One of each way in which a name and a path belong together. */
const PATCHES: readonly FoundPatch[] = [
  folderPatch("a"),
  { ...patchOf("eurosat-ms", "/archive/Forest/Forest_1.tif", "Forest_1"), label: "Forest" },
  { ...patchOf("geotiff-bands", "/archive/x", "x_20200604"), date: "2020-06-04", files: { B02: "B02.tif" } },
  { ...patchOf("multi-band", "/archive/stack.tif", "stack_2020"), member: 0, samples: { B02: 3 } },
  { ...patchOf("multi-band", "/archive/stack.tif", "stack_2021"), member: 1, samples: { B02: 3 } },
  { ...patchOf("tfrecords", "/archive/train", ""), member: 17 },
];

describe("PatchList", () => {
  it("gives patches back as they were put in", () => {
    const list = PatchList.of(PATCHES);
    expect([...list]).toEqual(PATCHES);
    expect(PATCHES.map((_, i) => list.at(i))).toEqual(PATCHES);
    expect([...list.slice(2, 4)]).toEqual(PATCHES.slice(2, 4));
  });

  it("shares what patches have in common", () => {
    const [first, second] = [...PatchList.of([folderPatch("a"), PATCHES[1]!, folderPatch("b")])].filter((patch) => patch.bands === bands);
    expect(first?.name).toBe("a");
    expect(second?.name).toBe("b");
  });

  it("is its own filter when all are kept, else a list of those that are", () => {
    const list = PatchList.of(PATCHES);
    expect(list.filter(() => true)).toBe(list);
    expect([...list.filter(({ member }) => member === null)]).toEqual(PATCHES.filter(({ member }) => member === null));
    expect(list.filter(() => false).length).toBe(0);
  });

  it("is merged with others by path, member and name, whatever their order was", () => {
    const names = ["b", "d", "a", "c"];
    const lists = [PatchList.of(names.map(folderPatch)), PatchList.of([...PATCHES].reverse()), new PatchList()];
    const paths = [...inOrder(lists)].map(({ path, name, member }) => [path, member ?? 0, name] as const);
    const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    expect(paths).toEqual([...paths].sort((a, b) => byText(a[0], b[0]) || a[1] - b[1] || byText(a[2], b[2])));
    expect(paths).toHaveLength(names.length + PATCHES.length);
  });
});
