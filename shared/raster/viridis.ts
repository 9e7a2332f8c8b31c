// The colour scale of indices: viridis, even in lightness and safe for the colour-blind.

/** Nine evenly spaced colours of matplotlib's viridis. */
const ANCHORS = [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725];

/** 256 colours from low to high. @returns RGB // [256, 3] */
export function viridis(): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (ANCHORS.length - 1);
    const below = Math.min(Math.floor(place), ANCHORS.length - 2);
    for (let c = 0; c < 3; c++) {
      const shift = 16 - 8 * c;
      const from = (ANCHORS[below]! >> shift) & 255;
      const to = (ANCHORS[below + 1]! >> shift) & 255;
      table[i * 3 + c] = Math.round(from + (place - below) * (to - from));
    }
  }
  return table;
}
