/**
 * How the command can fail, and the exit code of each.
 *
 * @since 0.1.0
 */
import type * as SimulatorServer from "@effect-exchange/simulator/SimulatorServer"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Signal, Stopped } from "./Stop.js"

/**
 * The command line asks for something that makes no sense; `detail` is a sentence with what is accepted.
 *
 * @since 0.1.0
 * @category errors
 */
export class UsageError extends Schema.TaggedError<UsageError>("@effect-exchange/cli/Failure/UsageError")(
  "UsageError",
  {
    detail: Schema.String
  }
) {
  override get message(): string {
    return this.detail
  }
}

/**
 * Some exchange did not give what was asked for. What failed and what to do has been printed.
 *
 * @since 0.1.0
 * @category errors
 */
export class Incomplete extends Schema.TaggedError<Incomplete>("@effect-exchange/cli/Failure/Incomplete")(
  "Incomplete",
  {
    exchanges: Schema.Array(Schema.String)
  }
) {
  override get message(): string {
    return `Not all was got from ${this.exchanges.join(", ")}; what to do stands above.`
  }
}

/**
 * The service cannot listen where it was told to; `detail` is a sentence with what to do.
 *
 * @since 0.1.0
 * @category errors
 */
export class CannotListen extends Schema.TaggedError<CannotListen>("@effect-exchange/cli/Failure/CannotListen")(
  "CannotListen",
  {
    detail: Schema.String
  }
) {
  override get message(): string {
    return this.detail
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export type Failure = UsageError | Incomplete | Stopped | CannotListen | SimulatorServer.ServerFailed

const signals: { readonly [S in Signal]: number } = { SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 }

/**
 * 0 when all went well, 1 when some exchange failed, 2 for bad usage, 128 and the signal's number when stopped before
 * the end, 70 for a bug (`EX_SOFTWARE` of sysexits.h).
 *
 * @since 0.1.0
 * @category getters
 */
export const exitCode = (exit: Exit.Exit<unknown, Failure>): number => {
  if (Exit.isSuccess(exit)) return 0
  const failure = Cause.failureOption(exit.cause)
  if (Option.isNone(failure)) return 70
  switch (failure.value._tag) {
    case "CannotListen":
    case "Incomplete":
    case "ServerFailed":
      return 1
    case "UsageError":
      return 2
    case "Stopped":
      return 128 + signals[failure.value.signal]
  }
}
