// What every handler of the contract shares: errors that a user can act on cross typed; anything else is a bug and is logged.
import { implement, ORPCError } from "@orpc/server";
import { contract } from "../../shared/contract/app.ts";
import { AppError, isCancellation } from "../../shared/domain/errors.ts";

export const os = implement(contract).use(async ({ next, path }) => {
  try {
    return await next();
  } catch (error) {
    throw crossing(error, path);
  }
});

/** A stream whose errors cross typed, too. */
export async function* typed<T>(stream: AsyncIterable<T>, path: readonly string[]): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    throw crossing(error, path);
  }
}

function crossing(error: unknown, path: readonly string[]): unknown {
  if (error instanceof ORPCError) return error;
  if (error instanceof AppError) {
    return new ORPCError("APP_ERROR", {
      defined: true,
      status: 422,
      message: error.message,
      data: { code: error.code, data: error.data },
      cause: error,
    });
  }
  if (!isCancellation(error)) console.error(`${path.join(".")}:`, error);
  return error;
}
