// Numbers in words, as the window and the system's notices say them.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `8,281`. */
export const count = (value: number): string => grouped.format(value);

/** `1 tile`, `8,281 tiles`. */
export const counted = (value: number, noun: string, plural = `${noun}s`): string => `${count(value)} ${value === 1 ? noun : plural}`;

/** `21 s`, `4 min`, `2 h 05 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
