// Numbers as the screen says them.

import { count, duration } from "../../shared/domain/words.ts";

export { count, counted, duration } from "../../shared/domain/words.ts";

/** A score. @param decimals those that its study's intervals support, see `scoreDecimals` */
export const score = (value: number | null | undefined, decimals = 2): string => (value == null ? "" : value.toFixed(decimals));

/** `340`, `3.4`, `0.34`: two or three figures. */
export function rate(value: number): string {
  if (value >= 100) return count(value);
  return value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}

/** As `duration` where there is little room: `21 s`, `4 min`, `2 h 05`, `3 d 4 h`. */
export const shortDuration = (seconds: number): string => duration(seconds).replace(/(h \d\d) min$/, "$1");

/** `3.2 GB`, in powers of 1,000. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? size.toFixed(0) : size.toFixed(1)} ${units[unit]}`;
}

/** `12 %`, `0.3 %`. @param share 0..1 */
export function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value.toFixed(1)} %`;
}

/** `14:05` today, `24 Nov, 14:05` on other days. @param at ms since 1970 */
export function clock(at: number, now = Date.now()): string {
  const time = new Date(at);
  const hour = `${String(time.getHours()).padStart(2, "0")}:${String(time.getMinutes()).padStart(2, "0")}`;
  if (time.toDateString() === new Date(now).toDateString()) return hour;
  return `${time.getDate()} ${time.toLocaleString("en", { month: "short" })}, ${hour}`;
}

/** The last part of a path: `/data/fields` is `fields`. */
export const baseName = (path: string): string => path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;

/** `(DN − 1,000) / 10,000`: how digital numbers become reflectance. */
export function radiometryText(quantification: number, offset: number): string {
  const dn = offset === 0 ? "DN" : `(DN ${offset < 0 ? "−" : "+"} ${count(Math.abs(offset))})`;
  return `${dn} / ${count(quantification)}`;
}
