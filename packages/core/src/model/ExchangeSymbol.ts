/**
 * Symbols of markets, in one notation for all exchanges.
 *
 * `BASE/QUOTE` is a spot market, `BASE/QUOTE:SETTLE` a perpetual contract settled in `SETTLE`, and
 * `BASE/QUOTE:SETTLE-YYMMDD` a future that expires on that day. Assets have the names and the spelling of the exchange:
 * letters and digits of any script and case (`BTC`, `AAPLx`, `币安人生`), and `.` and `$` (`BRK.Bx`).
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as DateTime from "effect/DateTime"
import type * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { asset } from "./internal/asset.js"
import { describe } from "./internal/quote.js"

/**
 * A validated symbol, such as `BTC/USDT` or `BTC/USD:BTC`.
 *
 * @since 0.1.0
 * @category models
 */
export type ExchangeSymbol = string & Brand.Brand<"ExchangeSymbol">

const pattern = new RegExp(`^${asset}/${asset}(?::${asset}(?:-\\d{6})?)?$`, "u")

/**
 * The schema of a symbol. It accepts only strings in the notation above, so a symbol can never inject a path, a query
 * or a header.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExchangeSymbol: Schema.BrandSchema<ExchangeSymbol, string> = Schema.String.pipe(
  Schema.pattern(pattern, {
    identifier: "ExchangeSymbol",
    arbitrary: () => (check) =>
      check.tuple(check.stringMatching(/^[A-Z0-9]{1,10}$/), check.stringMatching(/^[A-Z0-9]{1,10}$/)).map((assets) =>
        assets.join("/")
      ),
    message: (issue) => `expected a symbol such as "BTC/USDT", found ${describe(issue.actual)}`
  }),
  Schema.brand("ExchangeSymbol")
)

/**
 * Creates a symbol from text that is known to be valid, and throws otherwise. Use {@link decode} for untrusted text.
 *
 * @example
 * import { ExchangeSymbol } from "@effect-exchange/core"
 *
 * const bitcoin = ExchangeSymbol.make("BTC/USDT")
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (text: string): ExchangeSymbol => ExchangeSymbol.make(text)

/**
 * Decodes a symbol from any text, or returns the reason why it is invalid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decode: (text: string) => Either.Either<ExchangeSymbol, ParseResult.ParseError> = Schema.decodeEither(
  ExchangeSymbol
)

/**
 * Returns `true` if a value is a valid symbol.
 *
 * @since 0.1.0
 * @category guards
 */
export const isExchangeSymbol: (input: unknown) => input is ExchangeSymbol = Schema.is(ExchangeSymbol)

/**
 * Returns the symbol of a market with the given assets, or `undefined` if an asset's name does not fit the notation
 * (exchanges list a few of those).
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromAssets = (assets: {
  readonly base: string
  readonly quote: string
  readonly settle?: string | undefined
  /** The expiry day as `YYMMDD`, or an instant on that day in UTC (epoch milliseconds). */
  readonly expiry?: string | number | undefined
}): ExchangeSymbol | undefined => {
  const settle = assets.settle === undefined ? "" : `:${assets.settle}`
  const expiry = assets.expiry === undefined ? "" : `-${dayOf(assets.expiry)}`
  const text = `${assets.base}/${assets.quote}${settle}${expiry}`
  return isExchangeSymbol(text) ? text : undefined
}

const dayOf = (expiry: string | number): string =>
  typeof expiry === "string" ? expiry : Option.match(DateTime.make(expiry), {
    onNone: () => "",
    onSome: (at) => DateTime.formatIsoDateUtc(at).slice(2).replaceAll("-", "")
  })
