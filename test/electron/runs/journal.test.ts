import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { journalPath, lastEvent, openJournal, readEvents } from "../../../electron/runs/journal.ts";
import { stateOf } from "../../../electron/runs/run-folder.ts";
import { QUEUED, type RunEvent, type RunEventBody, reduceRun } from "../../../shared/domain/run-state.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "journal-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const checkpoint = (step: number): RunEventBody => ({ kind: "checkpoint", step });
const phase = (detail: string): RunEventBody => ({ kind: "phase", phase: "pretrain", detail });

function append(...bodies: RunEventBody[]) {
  const journal = openJournal(folder, () => 7);
  journal.append(...bodies);
  journal.sync();
  journal.close();
}

describe("the state of a run", () => {
  it("is what reducing event by event gives", () => {
    const at = fc.integer({ min: 0, max: 9 });
    const step = fc.integer({ min: 0, max: 20 });
    const event = fc.oneof(
      fc.record({ kind: fc.constant("started"), at, engine: fc.constant("e"), device: fc.constant("d"), resumedAtStep: step }),
      fc.record({
        kind: fc.constant("step"),
        at,
        step,
        ...Object.fromEntries(
          ["steps", "epoch", "loss", "chance", "learningRate", "viewsPerSecond", "feedWaitMs"].map((name) => [name, fc.constant(1)]),
        ),
      }),
      fc.record({ kind: fc.constant("interrupted"), at, step, reason: fc.constant("paused") }),
      fc.record({ kind: fc.constant("finished"), at, f1: fc.constant(0.5) }),
    ) as unknown as fc.Arbitrary<RunEvent>;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        expect(stateOf(events)).toEqual(events.reduce(reduceRun, QUEUED));
      }),
      { seed: 2 },
    );
  });
});

describe("a journal", () => {
  it("gives back what was appended, with its time", async () => {
    append(checkpoint(1), phase("Überlauf"));
    append(checkpoint(2));
    expect((await readEvents(folder)).events).toEqual([
      { kind: "checkpoint", step: 1, at: 7 },
      { kind: "phase", phase: "pretrain", detail: "Überlauf", at: 7 },
      { kind: "checkpoint", step: 2, at: 7 },
    ]);
  });

  it("is read on from where it was left", async () => {
    append(checkpoint(1));
    const first = await readEvents(folder);
    append(checkpoint(2));
    const second = await readEvents(folder, first.offset);
    expect(second.events.map((event) => event.kind === "checkpoint" && event.step)).toEqual([2]);
    expect((await readEvents(folder, second.offset)).events).toEqual([]);
  });

  it("without a file has no events", async () => {
    expect(await readEvents(folder)).toEqual({ events: [], offset: 0 });
    expect(await lastEvent(folder)).toBeUndefined();
  });

  it("does not count a torn last line, and cuts it before the next", async () => {
    append(checkpoint(1));
    await appendFile(journalPath(folder), '{"kind":"checkpoint","st');
    const { events, offset } = await readEvents(folder);
    expect(events.length).toBe(1);
    append(checkpoint(2));
    expect((await readEvents(folder)).events.map((event) => "step" in event && event.step)).toEqual([1, 2]);
    expect((await readEvents(folder, offset)).events.map((event) => "step" in event && event.step)).toEqual([2]);
  });

  it("passes over lines that are no events: zeros after a power cut, kinds of a newer version", async () => {
    append(checkpoint(1));
    await appendFile(journalPath(folder), `${"\0".repeat(300)}\n{"kind":"of tomorrow","at":1}\n[]\n`);
    append(checkpoint(2));
    expect((await readEvents(folder)).events.map((event) => "step" in event && event.step)).toEqual([1, 2]);
  });

  it("torn at any byte keeps exactly its whole lines", async () => {
    append(checkpoint(1), phase("ä"), checkpoint(22), phase("end"));
    const whole = await readFile(journalPath(folder));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (cut) => {
        await writeFile(journalPath(folder), whole.subarray(0, cut));
        const lines = whole.subarray(0, cut).filter((byte) => byte === 0x0a).length;
        expect((await readEvents(folder)).events.length).toBe(lines);
        append(checkpoint(99));
        expect((await readEvents(folder)).events.length).toBe(lines + 1);
        expect(await lastEvent(folder)).toMatchObject({ step: 99 });
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it("tells its last event however long the lines before it are", async () => {
    append(checkpoint(3), phase("x".repeat(200_000)));
    expect((await lastEvent(folder))?.kind).toBe("phase");
    await appendFile(journalPath(folder), `{"torn":"${"y".repeat(100_000)}`);
    expect((await lastEvent(folder))?.kind).toBe("phase");
  });

  it("of megabytes is read in pieces without losing a line", async () => {
    append(...Array.from({ length: 30_000 }, (_, i) => checkpoint(i)));
    const { events } = await readEvents(folder);
    expect(events.length).toBe(30_000);
    expect(events.every((event, i) => event.kind === "checkpoint" && event.step === i)).toBe(true);
  });
});
