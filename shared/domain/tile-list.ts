// Lists of tiles by their rows as short text, for addresses and calls: `3-9,14,2` keeps the order, and runs of ascending rows cost one term.

const TERM = /^(\d{1,9})(?:-(\d{1,9}))?$/;

/** A list as text. @param rows whole numbers below 10^9 */
export function formatTileList(rows: ArrayLike<number>): string {
  const terms: string[] = [];
  for (let i = 0; i < rows.length; ) {
    const first = rows[i]!;
    let n = 1;
    while (i + n < rows.length && rows[i + n] === first + n) n++;
    terms.push(n === 1 ? `${first}` : `${first}-${first + n - 1}`);
    i += n;
  }
  return terms.join(",");
}

/**
 * Reads a list.
 * @param most tiles that the list may hold: a short text can name very many
 * @returns null for what is no list, or holds more
 */
export function parseTileList(text: string, most: number): Int32Array<ArrayBuffer> | null {
  if (text === "") return new Int32Array(0);
  const spans: (readonly [first: number, last: number])[] = [];
  let total = 0;
  for (const term of text.split(",")) {
    const match = TERM.exec(term);
    if (!match) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (last < first) return null;
    total += last - first + 1;
    if (total > most) return null;
    spans.push([first, last]);
  }
  const rows = new Int32Array(total);
  let at = 0;
  for (const [first, last] of spans) for (let row = first; row <= last; row++) rows[at++] = row;
  return rows;
}
