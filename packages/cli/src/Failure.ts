/**
 * The errors of the command and their exit codes.
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
 * The command line is invalid. `detail` is a sentence that says what is accepted.
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
 * At least one exchange failed to answer. The errors and the advice have already been printed.
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
    return `Failed for ${this.exchanges.join(", ")}. See the advice above.`
  }
}

/**
 * The server cannot listen on its address. `detail` is a sentence that says what to do.
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
 * Every error that the command can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type Failure = UsageError | Incomplete | Stopped | CannotListen | SimulatorServer.ServerFailed

const signals: { readonly [S in Signal]: number } = { SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 }

/**
 * Returns the exit code of the command:
 *
 * - 0: success
 * - 1: an exchange failed, or the server cannot listen
 * - 2: bad usage
 * - 128 plus the number of the signal: stopped before the end
 * - 70: a bug (`EX_SOFTWARE` of sysexits.h)
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
