import * as Data from "effect/Data"

/**
 * The HTTP client stopped reading an answer at its own limit, in bytes: of what came or of what that unpacks to.
 *
 * @internal
 */
export class TooLarge
  extends Data.TaggedError("@effect-exchange/core/engine/internal/unread/TooLarge")<{ readonly limit: number }>
{}

/**
 * An answer does not unpack as it says it was packed.
 *
 * @internal
 */
export class NotUnpacked
  extends Data.TaggedError("@effect-exchange/core/engine/internal/unread/NotUnpacked")<{ readonly coding: string }>
{}
