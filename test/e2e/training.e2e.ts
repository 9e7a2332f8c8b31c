// Training and augmentations, on the real host: the queue through a crash, 41 arms that stream at once, logs, profiles.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { openJournal } from "../../electron/runs/journal.ts";
import { Claimer, type Lease } from "../../electron/runs/lease.ts";
import { createRun } from "../../electron/runs/run-folder.ts";
import { readStudy, runConfigOf, runFolderOf, runsOf } from "../../electron/runs/study-store.ts";
import { watchMainThread } from "./main-thread.ts";
import { inspectPage } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";
import { command } from "./studio.ts";

/** Times that the main thread is watched at most. */
const ROUNDS = 3;

describe.skipIf(!chromium)("training and augmentations", { timeout: 240_000 }, () => {
  const stage = useStage("training", { permissions: ["notifications"] });
  const { folder, workspace, complaints, go } = stage;
  let page: Page;

  beforeAll(async () => {
    const sample = join(folder, "sample");
    await command("sample", sample, "--patches", "64", "--seed", "7");
    await command("ingest", sample, "--workspace", workspace, "--dataset", "fields");
    const create = (name: string, ...more: string[]) =>
      command("study", "create", name, "--workspace", workspace, "--dataset", "fields", "--preset", "demo", "--no-plan", ...more);
    await create("first", "--batch-size", "16", "--epochs", "40");
    await create("second", "--arms", "none", "--batch-size", "16", "--epochs", "2");
    await create("stream");
    page = await stage.open();
  });

  const queue = () => page.getByRole("complementary", { name: "Queue" });
  /** Arms that wait in the queue, in its order. */
  const rows = async () =>
    (await queue().locator("tbody tr[data-status=queued]").allInnerTexts()).map((text) => text.trim().split(/\s/)[0]);
  const menuOf = async (arm: string, item: string) => {
    await queue()
      .getByRole("button", { name: `More about ${arm}, seed 1` })
      .click();
    await page.getByRole("menuitem", { name: item }).click();
  };

  it("runs one study after another", async () => {
    await go("#/training/first");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await go("#/training/second");
    await page.getByRole("button", { name: "Queue", exact: true }).click();
    await page.getByRole("button", { name: "Queued" }).waitFor();
    await go("#/training/first");
    await expect
      .poll(() => queue().getByRole("listitem").allInnerTexts())
      .toEqual([expect.stringMatching(/^first/), expect.stringMatching(/^second/)]);
  });

  it("tells when runs are over, and why it thinks so", async () => {
    await page.getByRole("button", { name: "Why this estimate" }).click({ timeout: 150_000 });
    await page.getByText(/views\/s\), the median over/).waitFor();
    await inspectPage(page, "training-queue");
    await page.keyboard.press("Escape");
  });

  it("asks the host whatever the browser knows of networks", async () => {
    await page.evaluate(() => window.dispatchEvent(new Event("offline")));
    await queue().getByRole("button", { name: "second later" }).waitFor();
    await queue().getByRole("button", { name: "second sooner" }).click();
    await expect.poll(() => queue().getByRole("listitem").first().textContent(), { timeout: 10_000 }).toMatch(/^second/);
    await queue().getByRole("button", { name: "second later" }).click();
    await expect.poll(() => queue().getByRole("listitem").first().textContent(), { timeout: 10_000 }).toMatch(/^first/);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
  });

  it("shows what the machine is doing", async () => {
    const hardware = page.getByRole("region", { name: "Hardware" });
    await hardware.getByText(/^CPU, \d+ cores$/).waitFor();
    await hardware.getByText("Wait for data").waitFor();
  });

  it("moves runs by menu and by keys, and leaves one out", async () => {
    const [above, last] = (await rows()).filter((arm) => arm !== "full").slice(-2) as [string, string];
    const isLastAbove = async () => {
      const now = await rows();
      return now.indexOf(last) < now.indexOf(above);
    };
    await queue().getByRole("button", { name: last, exact: true }).press("Alt+ArrowUp");
    await expect.poll(isLastAbove, { timeout: 10_000 }).toBe(true);
    await queue().getByRole("button", { name: last, exact: true }).press("Alt+ArrowDown");
    await expect.poll(isLastAbove, { timeout: 10_000 }).toBe(false);
    await menuOf(above, "Leave out");
    await queue().getByText("left out").waitFor();
    await menuOf(above, "Take back into the queue");
    await expect.poll(() => queue().getByText("left out").count(), { timeout: 10_000 }).toBe(0);
    await menuOf(last, "Move to the front");
    await expect.poll(async () => (await rows())[0], { timeout: 10_000 }).toBe(last);
  });

  it("goes on by itself after a crash of the host", async () => {
    await stage.serving.kill();
    await page.context().close();
    page = await stage.open();
    await go("#/training/first");
    await page.getByRole("button", { name: "Pause" }).waitFor({ timeout: 60_000 });
    await expect.poll(() => queue().getByRole("listitem").count()).toBe(2);
  });

  it("names what a cancellation costs, and begins the next study", async () => {
    await page.getByRole("button", { name: "Cancel" }).click({ timeout: 60_000 });
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/will not be done/).waitFor();
    await inspectPage(page, "training-cancel");
    await dialog.getByRole("button", { name: /^Leave \d+ runs undone$/ }).click();
    await expect.poll(() => queue().getByRole("listitem").allInnerTexts(), { timeout: 60_000 }).toEqual([expect.stringMatching(/^second/)]);
    await page.getByText("second is finished").first().waitFor({ timeout: 150_000 });
  });

  it("retries a failed run, and keeps its log to read and copy", async () => {
    const run = runFolderOf(workspace, "second", { arm: "none", seed: 1 });
    const journal = openJournal(run);
    journal.append({ kind: "failed", code: "NO_DATA", message: "too few tiles" });
    journal.close();
    await go("#/training/second?arm=none&seed=1");
    await page.getByRole("alert").getByText("too few tiles").waitFor();
    await expect.poll(() => page.locator("footer").textContent(), { timeout: 10_000 }).toContain("1 problem");
    await page.getByLabel("Words in the log").fill("failed");
    await page.getByRole("region", { name: "Lines of the log" }).getByText("failed, NO_DATA: too few tiles").waitFor();
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("NO_DATA: too few tiles");
    await inspectPage(page, "training-failed-run");
    await page.getByRole("button", { name: "Retry from its last checkpoint" }).click();
    await page.getByText("second is finished").first().waitFor({ timeout: 150_000 });
    await expect.poll(() => page.locator("footer").textContent(), { timeout: 10_000 }).toContain("no problems");
  });

  it("would see a main thread that is held", async () => {
    const held = await watchMainThread(page, () =>
      page.evaluate(
        () =>
          new Promise<void>((done) => {
            setTimeout(() => {
              for (const until = performance.now() + 400; performance.now() < until; );
              setTimeout(done, 300); // the observer tells later
            });
          }),
      ),
    );
    expect(held.longestMs).toBeGreaterThan(50);
    expect(held.longByClock).toBeGreaterThan(0);
  });

  it("holds the main thread for less than 50 ms while 41 arms stream", async () => {
    const stop = await streamArms(400);
    const told = async () =>
      Number(
        /([\d,]+) of 2,000/.exec((await page.getByRole("region", { name: "Running now" }).textContent()) ?? "")?.[1]?.replace(",", ""),
      );
    try {
      await go("#/training/stream");
      const arms = page.getByRole("img", { name: /^Contrastive loss of 4\d arms/ });
      await arms.waitFor({ timeout: 60_000 });
      // The pointer goes over the curves, each of which lights.
      await arms.evaluate((figure) => figure.scrollIntoView({ block: "center" }));
      const before = await told();
      expect(before).toBeGreaterThanOrEqual(400);
      // What the page does itself it does in each round; a machine that falters for a moment does not.
      let least = Number.POSITIVE_INFINITY;
      for (let round = 0; round < ROUNDS && least >= 50; round++) {
        await page.getByText("small multiples", { exact: true }).click();
        await arms.waitFor();
        const held = await watchMainThread(page, async () => {
          const until = Date.now() + 5_000;
          while (Date.now() < until) await page.mouse.move(200 + (Date.now() % 500), 400).then(() => page.waitForTimeout(50));
          await page.getByText("overlay", { exact: true }).click();
          await page.getByRole("img", { name: /^Contrastive loss of 4\d runs/ }).waitFor();
          await page.waitForTimeout(2_000);
        });
        console.log(
          `Main thread while 41 arms stream: ${held.longest} longest of ${held.tasks} tasks, ${held.longByClock} over 50 ms by the clock`,
        );
        expect(held.tasks).toBeGreaterThan(20);
        least = Math.min(least, held.longestMs);
      }
      expect(await told(), "steps that came meanwhile").toBeGreaterThan(before + 20);
      expect(least).toBeLessThan(50);
      await inspectPage(page, "training-overlay");
    } finally {
      await stop();
    }
  });

  it("lights an arm in the queue and in the matrix together", async () => {
    await go("#/training/first?arms=matrix");
    const matrix = page.getByRole("img", { name: /^Matrix of the 36 couplets/ });
    const cell = matrix.locator("[data-arm='flip+zoom']");
    const row = queue().getByRole("row", { name: /flip\+zoom/ });
    await cell.scrollIntoViewIfNeeded();
    const { x, y } = (await cell.boundingBox())!;
    await page.mouse.move(x + 8, y + 8);
    await page.mouse.move(x + 14, y + 12);
    await expect.poll(() => row.getAttribute("data-lit"), { timeout: 10_000 }).toBe("true");
    await row.hover();
    // The frame of what is lit.
    await expect.poll(() => cell.locator("rect").last().getAttribute("stroke-width"), { timeout: 10_000 }).toBe("2.5");
    await page.mouse.move(2, 2);
    await expect.poll(() => row.getAttribute("data-lit"), { timeout: 10_000 }).toBe(null);
  });

  it("zooms into curves by keys, and keeps the part in the address", async () => {
    await page.getByRole("img", { name: /^Training of/ }).focus();
    await page.keyboard.press("+");
    await expect.poll(() => page.url()).toMatch(/zoom=/);
    await page.keyboard.press("0");
    await expect.poll(() => page.url()).not.toMatch(/zoom=/);
  });

  it("saves augmentation profiles, undoes what was changed or deleted, and makes studies of them", async () => {
    await go("#/augmentations/first");
    await page.getByRole("checkbox", { name: "rotation" }).waitFor();
    await page.getByRole("slider", { name: "shift fraction" }).press("ArrowRight");
    await page.getByText("changed", { exact: true }).waitFor();
    await page.getByText("0.105 of the side").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => page.getByText("changed", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Redo" }).click();
    await page.getByRole("button", { name: "Save as" }).click();
    await page.getByLabel("Name of the profile").fill("far-shift");
    await page.keyboard.press("Enter");
    const profile = page.getByRole("combobox", { name: "Parameter profile" });
    await expect.poll(() => profile.inputValue()).toBe("far-shift");
    const saved = JSON.parse(readFileSync(join(workspace, "profiles/far-shift.json"), "utf8"));
    expect(saved.augmentation.parameters.shift.fraction).toBeCloseTo(0.105, 6);
    await page.getByRole("button", { name: "More about this profile" }).click();
    await page.getByRole("menuitem", { name: "Delete far-shift" }).click();
    await page.getByText("Profile far-shift deleted").waitFor();
    await page.getByRole("alert").getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => profile.inputValue()).toBe("far-shift");
    await inspectPage(page, "augmentation-profile");
    await page.getByRole("button", { name: "Create study" }).click();
    await page.getByLabel("Name", { exact: true }).fill("shifted");
    await page.getByLabel("Batch size", { exact: true }).first().fill("16");
    await page.getByRole("button", { name: "Create", exact: true }).click({ timeout: 60_000 });
    await page.getByText("shifted has not started").waitFor();
    const study = await readStudy(workspace, "shifted");
    expect(study.config.augmentation.parameters.shift.fraction).toBeCloseTo(0.105, 6);
  });

  it("had nothing to complain of in the console, but for the crash", () => {
    expect(complaints.filter((line) => !/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(line))).toEqual([]);
    expect(stage.serving.errors()).not.toMatch(/Error/);
  });

  /** All runs of `stream` with a past of so many points, and a new point each every 100 ms, as 41 processes would write them. */
  async function streamArms(past: number): Promise<() => Promise<void>> {
    const study = await readStudy(workspace, "stream");
    const claimer = new Claimer();
    const runs = await Promise.all(
      runsOf(study).map(async (run) => {
        const runFolder = runFolderOf(workspace, "stream", run);
        await createRun(runFolder, runConfigOf(study, run.arm, run.seed));
        const lease: Lease = (await claimer.claim(runFolder))!;
        return { lease, journal: openJournal(runFolder), step: 0 };
      }),
    );
    const steps = 2_000;
    const tell = (run: (typeof runs)[number], count: number) =>
      run.journal.append(
        ...Array.from({ length: count }, () => {
          run.step++;
          return {
            kind: "step" as const,
            step: run.step,
            steps,
            epoch: run.step / 12,
            loss: 2 + 2 * Math.exp(-run.step / 200) + 0.1 * Math.sin(run.step * 7),
            chance: 4.84,
            learningRate: 1e-3,
            viewsPerSecond: 170,
            feedWaitMs: 0.1,
          };
        }),
      );
    for (const run of runs) {
      run.journal.append({ kind: "started", engine: "none", device: "cpu", resumedAtStep: 0 });
      tell(run, past);
    }
    const timer = setInterval(() => {
      for (const run of runs) tell(run, 1);
    }, 100);
    return async () => {
      clearInterval(timer);
      for (const { journal, lease } of runs) {
        journal.close();
        await lease.release();
      }
    };
  }
});
