import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { linkTo, studyFileName, targetOfArguments, targetOfLink, targetOfPath } from "../../../../electron/app/desktop/target.ts";

const HERE = resolve("/here");

describe("what the application is asked to open", () => {
  it("is a workspace on the command line, from where it was called", () => {
    expect(targetOfArguments(["fields"], HERE)).toEqual({ workspace: resolve(HERE, "fields"), isLink: false });
    expect(targetOfArguments(["--workspace", "/data/fields", "--view", "/training/demo"], HERE)).toEqual({
      workspace: resolve("/data/fields"),
      hash: "#/training/demo",
      isLink: false,
    });
  });

  it("is nothing without arguments, and Chromium's own are no paths", () => {
    expect(targetOfArguments([], HERE)).toEqual({ isLink: false });
    expect(targetOfArguments(["--original-process-start-time=1", "--allow-file-access"], HERE)).toEqual({ isLink: false });
  });

  it("is the folder of a workspace.json, and the study of a study's file", () => {
    expect(targetOfPath("fields/workspace.json", HERE).workspace).toBe(resolve(HERE, "fields"));
    expect(targetOfPath(`fields/studies/couplets/${studyFileName("couplets")}`, HERE)).toEqual({
      workspace: resolve(HERE, "fields"),
      hash: "#/comparison/couplets",
      isLink: false,
    });
  });

  it("comes back from a link as it went into it", () => {
    const workspace = resolve("/data/my fields & more");
    const hash = "#/data/fields?tile=3&q=a%2Bb";
    expect(targetOfLink(linkTo(workspace, hash))).toEqual({ workspace, hash, isLink: true });
    expect(targetOfArguments(["--x", linkTo(workspace, "")], HERE)).toEqual({ workspace, isLink: true });
  });

  it("is never another scheme, another host or half a path", () => {
    for (const link of ["https://open?workspace=/a", "simclr-s2://run?workspace=/a", "simclr-s2:", "simclr-s2://open?workspace=../secret"])
      expect(() => targetOfLink(link), link).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });

  it("keeps no hash that is no route", () => {
    expect(targetOfLink("simclr-s2://open#javascript:alert(1)").hash).toBeUndefined();
  });
});
