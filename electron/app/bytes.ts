// What a door serves beside the page and the calls of the contract: pictures, pixels and columns of tiles, each at a path of its own.
import { AppError } from "../../shared/domain/errors.ts";
import type { Host } from "./host.ts";
import { contentTypeOf } from "./web-assets.ts";

export interface BytesAnswer {
  readonly status: 200 | 404;
  readonly body: Uint8Array<ArrayBuffer> | string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Whether a path is one of `imagePaths` or `columnPaths`. */
export const isBytesPath = (pathname: string): boolean => pathname.startsWith("/image/") || pathname.startsWith("/columns/");

/** Answers a request for bytes. @param signal ends the work; its reason is thrown then */
export async function answerBytes(host: Host, pathAndQuery: string, signal: AbortSignal): Promise<BytesAnswer> {
  const { pathname } = new URL(pathAndQuery, "bytes://host");
  const isPicture = pathname.endsWith(".png");
  try {
    const body = pathname.startsWith("/image/")
      ? await host.datasets.image(pathAndQuery, signal)
      : await host.datasets.columns(pathAndQuery);
    if (!body) return missing("There is nothing at this path.");
    const headers = { "Content-Type": contentTypeOf(pathname), "Cache-Control": isPicture ? "private, max-age=3600" : "no-store" };
    return { status: 200, body, headers };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AppError) return missing(error.message);
    throw error;
  }
}

const missing = (body: string): BytesAnswer => ({ status: 404, body, headers: { "Content-Type": "text/plain; charset=utf-8" } });
