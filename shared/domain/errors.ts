// The errors that a user can act on. A bug is a plain Error; a cancellation is not a failure.

/** The closed list of error codes. */
export const ERROR_CODES = [
  "BAD_ARGUMENT", // a setting or argument is out of range or unknown
  "NOT_FOUND", // a path, data set, study, run or tile does not exist
  "NOT_A_FOLDER",
  "NO_ACCESS", // the file system refuses reading or writing
  "ALREADY_EXISTS",
  "NO_DATA", // nothing that can be read, or too little of it for what was asked
  "BAD_FILE", // a file is truncated, broken or not what it claims to be
  "UNSUPPORTED", // well-formed, but of a kind that is not read
  "DISK_FULL",
  "OUT_OF_MEMORY", // the compute engine's memory is full
  "ENGINE_UNAVAILABLE", // the compute engine asked for cannot be used here
  "BUSY", // held by another live process
  "CANCELLED",
  "WORKER_LOST", // a worker thread or process ended before it answered
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * An expected failure. The message says what happened, where (path, band, run) and what to do next.
 * @param options.data structured facts for the interface; `options.cause` the underlying error.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { data?: Readonly<Record<string, unknown>>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** Whether an error is a cancellation: an AbortSignal's reason or our own code. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof AppError) return error.code === "CANCELLED";
  return error instanceof Error && error.name === "AbortError";
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
