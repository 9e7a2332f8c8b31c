// Errors as the screen tells them: what happened, and whose it is.
import { ORPCError } from "@orpc/client";
import type { ErrorCode } from "../../shared/domain/errors.ts";
import { ERROR_CODES } from "../../shared/domain/errors.ts";
import { HostUnreachable } from "./connection.ts";

export interface ErrorText {
  /** The host's code, where the error is one that the user can act on. */
  readonly code: ErrorCode | "UNREACHABLE" | "BUG";
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const isCode = (value: unknown): value is ErrorCode => (ERROR_CODES as readonly unknown[]).includes(value);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** The text of anything that a call threw. */
export function errorText(error: unknown): ErrorText {
  if (error instanceof ORPCError) {
    const data: unknown = error.data;
    if (error.code === "APP_ERROR" && isRecord(data) && isCode(data.code)) {
      return { code: data.code, message: error.message, data: isRecord(data.data) ? data.data : {} };
    }
    if (error.code === "BAD_REQUEST") return { code: "BAD_ARGUMENT", message: inputMessage(error.message, data), data: {} };
    return { code: "BUG", message: `${error.message}. This is a fault of the application; its log has the details.`, data: {} };
  }
  if (error instanceof HostUnreachable) return { code: "UNREACHABLE", message: error.message, data: {} };
  return { code: "BUG", message: error instanceof Error ? error.message : String(error), data: {} };
}

/** Names the fields that the host refused. */
function inputMessage(message: string, data: unknown): string {
  const issues = isRecord(data) && Array.isArray(data.issues) ? data.issues : [];
  const lines = issues.filter(isRecord).map((issue) => {
    const path = Array.isArray(issue.path) ? issue.path.join(".") : "";
    return path ? `${path}: ${String(issue.message)}` : String(issue.message);
  });
  return lines.length > 0 ? lines.join("; ") : message;
}

/** Whether trying the same again may help: the host was away or busy. */
export const isPassing = (error: unknown): boolean => ["UNREACHABLE", "BUSY", "WORKER_LOST", "BUG"].includes(errorText(error).code);
