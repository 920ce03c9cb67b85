import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** @internal */
export class InvalidMock
  extends Schema.TaggedError<InvalidMock>("@effect-exchange/testing/internal/invalidMock")("InvalidMock", {
    subject: Schema.String,
    field: Schema.String,
    detail: Schema.String
  })
{
  override get message(): string {
    return `Invalid ${this.field} of ${JSON.stringify(this.subject)} in the mock: ${this.detail}`
  }
}

/**
 * An invalid value in the configuration of a mock.
 *
 * @internal
 */
export interface Fault {
  readonly subject: string
  readonly field: string
  readonly detail: string
}

/** @internal */
export const valid = <A>(result: Either.Either<A, Fault>): Either.Either<A, InvalidMock> =>
  Either.mapLeft(result, (fault) => new InvalidMock(fault))
