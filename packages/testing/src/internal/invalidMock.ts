import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Fault } from "./listing.js"

/** @internal */
export class InvalidMock
  extends Schema.TaggedError<InvalidMock>("@effect-exchange/testing/internal/invalidMock")("InvalidMock", {
    subject: Schema.String,
    field: Schema.String,
    detail: Schema.String
  })
{
  override get message(): string {
    return `Correct the ${this.field} of ${JSON.stringify(this.subject)} in the mock: ${this.detail}`
  }
}

/** @internal */
export const valid = <A>(told: Either.Either<A, Fault>): Either.Either<A, InvalidMock> =>
  Either.mapLeft(told, (fault) => new InvalidMock(fault))
