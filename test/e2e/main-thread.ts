// How long a page's main thread was held: tasks by the processor time that they took, so that a busy machine makes none of them longer.
import type { Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  /** Start, us. */
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, us; absent where the system does not tell it. */
  readonly tdur?: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string };
}

export interface MainThread {
  /** Longest task, ms of processor time. */
  readonly longestMs: number;
  /** The three longest with their time since the start, for the log. */
  readonly longest: string;
  readonly tasks: number;
  /** Tasks over 50 ms by the wall clock, as the browser's own observer tells them; a busy machine has more. */
  readonly longByClock: number;
}

/** Watches the main thread of a page while something is done. */
export async function watchMainThread(page: Page, act: () => Promise<void>): Promise<MainThread> {
  await page.evaluate(() => {
    const counts = window as unknown as { longTasks: number };
    counts.longTasks = 0;
    new PerformanceObserver((list) => {
      counts.longTasks += list.getEntries().length;
    }).observe({ type: "longtask" });
  });
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.start", {
    traceConfig: { includedCategories: ["toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline"] },
  });
  await act();
  await session.send("Tracing.end");
  await complete;
  const longByClock = await page.evaluate(() => (window as unknown as { longTasks: number }).longTasks);
  await session.detach();
  const main = new Set(
    events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter(({ name, pid, tid }) => name === "RunTask" && main.has(`${pid} ${tid}`));
  const start = Math.min(...tasks.map(({ ts }) => ts));
  const millis = ({ tdur, dur = 0 }: TraceEvent) => (tdur ?? dur) / 1000;
  const longest = tasks.toSorted((a, b) => millis(b) - millis(a)).slice(0, 3);
  return {
    longestMs: longest[0] ? millis(longest[0]) : 0,
    longest: longest.map((task) => `${millis(task).toFixed(0)} ms at ${((task.ts - start) / 1e6).toFixed(1)} s`).join(", "),
    tasks: tasks.length,
    longByClock,
  };
}
