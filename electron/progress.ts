// Progress on stderr: one line that is redrawn on a terminal, a plain line every few seconds elsewhere. Results go to stdout, never here.

export interface ProgressUpdate {
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
  readonly unit: string;
  /** Units a second; left out: measured here, with the time left. null: not shown. */
  readonly rate?: number | null;
  readonly etaSeconds?: number | null;
  readonly note?: string | null;
}

const PLAIN_EVERY_MS = 5_000;
const REDRAW_EVERY_MS = 100;

/** A duration in the words of the interface: `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
}

/** Standard error, or what stands for it. */
type Stream = Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write">;

/** Draws the progress of one piece of work. Call `end` before printing anything else. */
export class ProgressLine {
  private readonly title: string;
  private readonly stream: Stream;
  private readonly now: () => number;
  private drawnAt = 0;
  private printedAt: number;
  private isComplete = false;
  /** What was done already when the work began, and when that was. */
  private first: { done: number; at: number } | undefined;

  constructor(title: string, stream: Stream = process.stderr, now: () => number = Date.now) {
    this.title = title;
    this.stream = stream;
    this.now = now;
    this.printedAt = now();
  }

  update(given: ProgressUpdate): void {
    const now = this.now();
    this.first ??= { done: given.done, at: now };
    const wasComplete = this.isComplete;
    this.isComplete = given.total > 0 && given.done >= given.total;
    const completes = this.isComplete && !wasComplete;
    const progress = given.rate === undefined ? { ...given, ...this.pace(given, now) } : given;
    if (this.stream.isTTY) {
      if (!completes && now - this.drawnAt < REDRAW_EVERY_MS) return;
      this.drawnAt = now;
      const columns = this.stream.columns || 80;
      this.stream.write(`\r\x1b[2K${this.text(progress, true).slice(0, columns - 1)}`);
    } else if (completes || now - this.printedAt >= PLAIN_EVERY_MS) {
      this.printedAt = now;
      this.stream.write(`${this.text(progress, false)}\n`);
    }
  }

  /** Rate since the first update, and by it the time left. */
  private pace({ done, total }: ProgressUpdate, now: number): Pick<ProgressUpdate, "rate" | "etaSeconds"> {
    const worked = done - this.first!.done;
    const rate = worked > 0 ? (1000 * worked) / Math.max(1, now - this.first!.at) : null;
    return { rate, etaSeconds: rate && total > done ? (total - done) / rate : null };
  }

  end(): void {
    if (this.stream.isTTY && this.drawnAt > 0) this.stream.write("\n");
    this.drawnAt = 0;
  }

  private text({ done, total, unit, rate, etaSeconds, note }: ProgressUpdate, bar: boolean): string {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const count = (n: number) => Math.floor(n).toLocaleString("en");
    const parts = total > 0 ? [`${count(done)} of ${count(total)} ${unit}`] : [];
    if (rate) parts.push(`${rate >= 10 ? count(rate) : rate.toPrecision(2)}/s`);
    if (etaSeconds != null && done < total) parts.push(`${formatDuration(etaSeconds)} left`);
    if (note) parts.push(note);
    const filled = Math.round(share * 24);
    return `${this.title}: ${bar ? `${"█".repeat(filled)}${"░".repeat(24 - filled)} ` : ""}${parts.join(", ")}`;
  }
}
