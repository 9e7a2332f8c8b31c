// The icons of every platform, drawn from renderer/icon.svg: PNGs, and the containers that Windows and macOS want around them.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const SIZES = [16, 32, 48, 64, 128, 256, 512, 1024];
/** Sizes in an .ico, whose width is one byte (0: 256). */
const ICO_SIZES = [16, 32, 48, 64, 128, 256];
/** Types of an .icns that hold a PNG, by the picture's side. See Apple's icon family types. */
const ICNS_TYPES = { icp4: 16, icp5: 32, icp6: 64, ic07: 128, ic08: 256, ic09: 512, ic10: 1024 };

/** @param {string} outDir made if need be */
export async function makeIcons(outDir) {
  mkdirSync(outDir, { recursive: true });
  const svg = readFileSync(join(root, "renderer", "icon.svg"));
  /** @type {Map<number, Buffer>} */
  const pngs = new Map();
  for (const size of SIZES) {
    // Drawn at its size, not scaled: the drawing's own side is 32.
    const png = await sharp(svg, { density: (72 * size) / 32 })
      .resize(size, size)
      .png()
      .toBuffer();
    pngs.set(size, png);
    writeFileSync(join(outDir, `${size}x${size}.png`), png);
  }
  writeFileSync(join(outDir, "icon.ico"), ico(ICO_SIZES.map((size) => ({ size, png: /** @type {Buffer} */ (pngs.get(size)) }))));
  writeFileSync(join(outDir, "icon.icns"), icns(pngs));
}

/** @param {{ size: number, png: Buffer }[]} images */
function ico(images) {
  const header = Buffer.alloc(6 + 16 * images.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(images.length, 4);
  let at = header.length;
  images.forEach(({ size, png }, i) => {
    const entry = 6 + 16 * i;
    header.writeUInt8(size % 256, entry);
    header.writeUInt8(size % 256, entry + 1);
    header.writeUInt16LE(1, entry + 4); // planes
    header.writeUInt16LE(32, entry + 6); // bits a pixel
    header.writeUInt32LE(png.length, entry + 8);
    header.writeUInt32LE(at, entry + 12);
    at += png.length;
  });
  return Buffer.concat([header, ...images.map(({ png }) => png)]);
}

/** @param {Map<number, Buffer>} pngs */
function icns(pngs) {
  const parts = Object.entries(ICNS_TYPES).map(([type, size]) => {
    const png = /** @type {Buffer} */ (pngs.get(size));
    const head = Buffer.alloc(8);
    head.write(type, "ascii");
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write("icns", "ascii");
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}
