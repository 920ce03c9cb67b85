/**
 * Maps the errors of Acme Exchange to those of this library.
 *
 * Source: name the page of the documents that lists them here.
 *
 * @since 0.1.0
 */
import { Errors } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"

const isError = Schema.is(Schema.Struct({ code: Schema.String, message: Schema.String }))

/**
 * The table of Acme Exchange's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ json }) => isError(json) ? { code: json.code, text: json.message } : undefined,
  codes: {
    AuthenticationFailed: "UNAUTHORIZED",
    RateLimited: "TOO_MANY_REQUESTS",
    Busy: "UNAVAILABLE",
    Unknown: "INTERNAL"
  }
})
