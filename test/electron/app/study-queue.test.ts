import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobEnd } from "../../../electron/app/jobs.ts";
import { StudyQueue } from "../../../electron/app/study-queue.ts";
import { studyFolder } from "../../../electron/runs/study-store.ts";
import type { Job } from "../../../shared/domain/workspace.ts";

let workspace: string;
let ends: Map<string, (end: JobEnd) => void>;
const open: StudyQueue[] = [];

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "queue-"));
  ends = new Map();
  for (const name of ["a", "b", "c"]) {
    await mkdir(studyFolder(workspace, name), { recursive: true });
    await writeFile(join(studyFolder(workspace, name), "study.json"), "{}");
  }
});
afterEach(async () => {
  for (const queue of open.splice(0)) await queue.close();
  await rm(workspace, { recursive: true, force: true });
});

async function opened(): Promise<StudyQueue> {
  const queue = new StudyQueue(workspace, (study, _stage, onEnd) => {
    ends.set(study, onEnd);
    return {} as Job;
  });
  open.push(queue);
  await queue.open();
  return queue;
}

const shown = ({ studies }: StudyQueue) => studies.value.map(({ study, state }) => `${study} ${state}`);

describe("the queue of studies", () => {
  it("starts the first at once, and the next when it has ended, however it ended", async () => {
    const queue = await opened();
    queue.add("a", "all");
    queue.add("b", "sweep");
    queue.add("c", "all");
    expect(shown(queue)).toEqual(["a running", "b waiting", "c waiting"]);
    ends.get("a")!("failed");
    expect(shown(queue)).toEqual(["b running", "c waiting"]);
    ends.get("b")!("finished");
    ends.get("c")!("cancelled");
    expect(shown(queue)).toEqual([]);
  });

  it("starts nothing after a pause, until someone says so", async () => {
    const queue = await opened();
    queue.add("a", "all");
    queue.add("b", "all");
    ends.get("a")!("paused");
    expect(shown(queue)).toEqual(["a paused", "b waiting"]);
    queue.add("a", "all");
    expect(shown(queue)).toEqual(["a running", "b waiting"]);
    expect(() => queue.add("b", "all")).toThrow("in the queue already");
    ends.get("a")!("paused");
    queue.add("b", "all");
    expect(shown(queue)).toEqual(["b running", "a paused"]);
  });

  it("refuses a study that is in it", async () => {
    const queue = await opened();
    queue.add("a", "all");
    expect(() => queue.add("a", "all")).toThrow(expect.objectContaining({ code: "BUSY" }));
  });

  it("is reordered, and left by a study that waits", async () => {
    const queue = await opened();
    for (const study of ["a", "b", "c"]) queue.add(study, "all");
    queue.move("c", 1);
    expect(shown(queue)).toEqual(["a running", "c waiting", "b waiting"]);
    queue.remove("c");
    ends.get("a")!("finished");
    expect(shown(queue)).toEqual(["b running"]);
  });

  it("goes on with what ran when the host ended, and leaves out studies that are gone", async () => {
    const first = await opened();
    for (const study of ["a", "b", "c"]) first.add(study, "sweep");
    first.keep();
    ends.get("a")!("paused");
    await first.close();
    await rm(studyFolder(workspace, "b"), { recursive: true });
    ends.clear();
    const second = await opened();
    expect(shown(second)).toEqual(["a running", "c waiting"]);
    expect([...ends.keys()]).toEqual(["a"]);
  });

  it("keeps a second host's list out of the file", async () => {
    const first = await opened();
    first.add("a", "all");
    const second = await opened();
    second.add("b", "all");
    expect(shown(second)).toEqual(["b running"]);
    await first.close();
    await second.close();
    open.length = 0;
    expect(JSON.parse(await readFile(join(workspace, "queue/studies.json"), "utf8"))).toMatchObject({ studies: [{ study: "a" }] });
  });
});
