// A figure as a file: SVG, PNG, CSV, or an image on the clipboard. Always on the light ground, for papers.
import { type SvgNode, toSvgString } from "../../shared/figures/svg.ts";

/** Pixels of a PNG for each pixel of the figure. */
const PNG_SCALE = 2;

/** Offers a file to the browser's download. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The figure as a file of its own. */
export const svgBlob = (figure: SvgNode): Blob => new Blob([toSvgString(figure)], { type: "image/svg+xml" });

/** The figure rasterised at twice its size. @throws Error when the picture cannot be drawn */
export async function pngBlob(figure: SvgNode): Promise<Blob> {
  const url = URL.createObjectURL(svgBlob(figure));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * PNG_SCALE;
    canvas.height = image.naturalHeight * PNG_SCALE;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This window cannot draw on a canvas.");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be encoded."))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Puts the figure on the clipboard as a picture. @throws DOMException when the clipboard is refused */
export async function copyPng(figure: SvgNode): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ "image/png": pngBlob(figure) })]);
}

export type CsvValue = string | number | boolean | null | undefined;

/** Rows as comma-separated text (RFC 4180). */
export function csvText(columns: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  const cell = (value: CsvValue) => {
    const text = value == null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
