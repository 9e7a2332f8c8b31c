// The built renderer's files, for the doors that show it: safe paths, content types, the content security policy.
import { readFile } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the built renderer: beside the node bundle in `dist/`. */
export const RENDERER_FOLDER = fileURLToPath(new URL("../renderer/", import.meta.url));

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".jpg": "image/jpeg",
  ".bin": "application/octet-stream",
};

/** The content type of a path by its ending. */
export const contentTypeOf = (path: string): string => CONTENT_TYPES[extname(path)] ?? "application/octet-stream";

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/**
 * Reads a file of the renderer by its URL path; `undefined` when there is none or the path leads out of the folder.
 * @param folder the built renderer
 */
export async function readAsset(urlPath: string, folder = RENDERER_FOLDER): Promise<Asset | undefined> {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  if (path.includes("\0")) return undefined;
  const root = resolve(folder);
  const file = resolve(join(root, path === "/" ? "index.html" : path));
  const type = CONTENT_TYPES[extname(file)];
  if (!file.startsWith(root + sep) || !type) return undefined;
  try {
    return { body: new Uint8Array(await readFile(file)), type };
  } catch {
    return undefined;
  }
}

/** The policy of both doors. Mantine writes styles at run time, so inline styles are allowed; scripts are not. */
export function contentSecurityPolicy(options: { connect: string; images: string }): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: blob: ${options.images}`.trim(),
    "font-src 'self' data:",
    `connect-src 'self' ${options.connect}`.trim(),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
