/**
 * Arguments and options of `exchange call`.
 *
 * @since 0.1.0
 */
import type * as Endpoint from "@effect-exchange/core/engine/Endpoint"
import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"

/**
 * The HTTP methods of a request.
 *
 * @since 0.1.0
 * @category constants
 */
export const methods = ["GET", "POST", "PUT", "DELETE"] as const

const isMethod = Schema.is(Schema.Literal(...methods))

/**
 * The method, such as `GET`.
 *
 * @since 0.1.0
 * @category arguments
 */
export const method: Args.Args<typeof methods[number]> = Args.text({ name: "method" }).pipe(
  Args.withDescription(`${methods.join(", ")}.`),
  Args.mapEffect((text) => {
    const word = text.toUpperCase()
    return isMethod(word)
      ? Effect.succeed(word)
      : Effect.fail(HelpDoc.p(`${quote(text)} is not a supported method; expected one of ${methods.join(", ")}.`))
  })
)

/**
 * The path, such as `/0/public/Time`. Characters that need encoding are refused, and so are `.` and `..` segments.
 *
 * @since 0.1.0
 * @category arguments
 */
export const path: Args.Args<string> = Args.text({ name: "path" }).pipe(
  Args.withDescription("The path from the exchange's documentation, without a query, such as /0/public/Time."),
  Args.mapEffect((text) =>
    /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~:,-]+)+$/.test(text)
      ? Effect.succeed(text)
      : Effect.fail(HelpDoc.p(
        `${quote(text)} is not a valid path; expected a path such as /0/public/Time. Pass parameters with --query.`
      ))
  )
)

const pairs = (name: string, description: string): Options.Options<ReadonlyArray<readonly [string, string]>> =>
  Options.text(name).pipe(
    Options.withPseudoName("name=value"),
    Options.withDescription(`${description} Repeatable.`),
    Options.repeated,
    Options.mapEffect(Effect.forEach((text) => {
      const at = text.indexOf("=")
      return at > 0
        ? Effect.succeed([text.slice(0, at), text.slice(at + 1)] as const)
        // The message does not repeat the text, which may be a secret.
        : refused(`--${name} must be name=value, such as pair=XBTUSDT.`)
    }))
  )

/**
 * `--query pair=XBTUSDT`: a parameter in the query.
 *
 * @since 0.1.0
 * @category options
 */
export const query = pairs("query", "A query parameter, such as pair=XBTUSDT. It is URL-encoded.")

/**
 * `--form asset=XBT`: a field of a form body.
 *
 * @since 0.1.0
 * @category options
 */
export const form = pairs("form", "A field of a form body, as Kraken requires it, such as asset=XBT.")

type Json = string | number | boolean | ReadonlyArray<Json> | { readonly [name: string]: Json }

const Json: Schema.Schema<Json> = Schema.Union(
  Schema.String,
  Schema.Number,
  Schema.Boolean,
  Schema.Array(Schema.suspend(() => Json)),
  Schema.Record({ key: Schema.String, value: Schema.suspend(() => Json) })
)

const decode = Schema.decodeOption(Schema.parseJson(Json))

// JavaScript would round such a number.
const isLong = (text: string): boolean => /\d{16}|\d[\d.]{16}/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ""))

/**
 * `--body '{"symbol":"BTCUSDT"}'`: a JSON body.
 *
 * @since 0.1.0
 * @category options
 */
export const body: Options.Options<Option.Option<Endpoint.Parameter>> = Options.text("body").pipe(
  Options.withPseudoName("json"),
  Options.withDescription("The body as JSON, such as '{\"symbol\":\"BTCUSDT\"}'."),
  Options.mapEffect((text) =>
    isLong(text)
      ? refused("--body contains a number of more than 15 digits; quote the number, so that it is sent unchanged.")
      : Option.match(decode(text), {
        onNone: () =>
          refused("--body is not valid JSON, or contains null; expected JSON such as {\"symbol\":\"BTCUSDT\"}."),
        onSome: Effect.succeed
      })
  ),
  Options.optional
)

/**
 * `--signed`: sign the request.
 *
 * @since 0.1.0
 * @category options
 */
export const signed: Options.Options<boolean> = Options.boolean("signed").pipe(
  Options.withDescription(
    "Sign the request with the configured key, to read private data. Requests that may change something are always signed."
  )
)
