/**
 * Arbitrary texts, symbols, numbers and instants, from which the arbitraries of the models are made.
 *
 * @internal
 */
import { Decimal, ExchangeSymbol, type Market } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as FastCheck from "effect/FastCheck"
import { hostileTexts } from "./hostileTexts.js"

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// The code points that are surrogates, which are not characters by themselves.
const surrogates = { first: 0xd800, count: 0x800 }

const character = FastCheck.integer({ min: 0, max: 0x10ffff - surrogates.count }).map((point) =>
  String.fromCodePoint(point < surrogates.first ? point : point + surrogates.count)
)

/**
 * Generates any text, with all characters of Unicode.
 *
 * **Gotchas**
 *
 * `FastCheck.string({ unit: "binary" })` generates the same texts, but creating it takes two seconds and a hundred
 * megabytes.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const text = (constraints: FastCheck.StringConstraints = {}): FastCheck.Arbitrary<string> =>
  FastCheck.string({ ...constraints, unit: character })

/**
 * An asset, such as `BTC` or `1INCH`.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const asset: FastCheck.Arbitrary<string> = FastCheck.string({
  unit: FastCheck.constantFrom(...letters),
  minLength: 1,
  maxLength: 10
})

/** @internal The symbol of a market, with the kind and the assets that it states. */
export interface Named {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly kind: Market.Market["kind"]
  readonly base: string
  readonly quote: string
}

const expiry = FastCheck.tuple(
  FastCheck.integer({ min: 20, max: 99 }),
  FastCheck.integer({ min: 1, max: 12 }),
  FastCheck.integer({ min: 1, max: 28 })
).map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(""))

/** @internal */
export const named: FastCheck.Arbitrary<Named> = FastCheck.tuple(asset, asset).chain(([base, quote]) => {
  const spot = `${base}/${quote}`
  const settle = FastCheck.constantFrom(base, quote)
  const name = (kind: Market.Market["kind"]) => (text: string): Named => ({
    symbol: ExchangeSymbol.make(text),
    kind,
    base,
    quote
  })
  return FastCheck.oneof(
    FastCheck.constant(spot).map(name("spot")),
    settle.map((settle) => `${spot}:${settle}`).map(name("perpetual")),
    FastCheck.tuple(settle, expiry).map(([settle, expiry]) => `${spot}:${settle}-${expiry}`).map(name("future"))
  )
})

/**
 * A symbol of any kind: spot, perpetual or future.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const symbol: FastCheck.Arbitrary<ExchangeSymbol.ExchangeSymbol> = named.map(({ symbol }) => symbol)

const digits = (constraints: { readonly minLength: number; readonly maxLength: number }) =>
  FastCheck.string({ unit: FastCheck.constantFrom(..."0123456789"), size: "max", ...constraints })

/**
 * A decimal in plain notation as exchanges write it: positive or negative, with leading and trailing zeros, and up to
 * 40 digits on either side of the point.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const decimalText: FastCheck.Arbitrary<string> = FastCheck.tuple(
  FastCheck.constantFrom("", "-"),
  digits({ minLength: 1, maxLength: 40 }),
  FastCheck.option(digits({ minLength: 1, maxLength: 40 }), { nil: undefined })
).map(([sign, whole, fraction]) => `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}`)

/**
 * A decimal of any sign and size.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const decimal: FastCheck.Arbitrary<BigDecimal.BigDecimal> = decimalText.map(Decimal.make)

/**
 * An amount of money above zero: from 10^-18 to 10^18, with up to 18 decimal places.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const positive: FastCheck.Arbitrary<BigDecimal.BigDecimal> = FastCheck.integer({ min: 0, max: 18 }).chain(
  (scale) => FastCheck.bigInt({ min: 1n, max: 10n ** 18n }).map((value) => BigDecimal.make(value, scale))
)

/** @internal */
export const optional = <A>(arbitrary: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<A | undefined> =>
  FastCheck.option(arbitrary, { nil: undefined })

/** @internal Generates `count` numbers above zero in ascending order. */
export const ascending = (count: number): FastCheck.Arbitrary<ReadonlyArray<BigDecimal.BigDecimal>> =>
  FastCheck.array(positive, { minLength: count, maxLength: count }).map((prices) => prices.toSorted(BigDecimal.Order))

/** @internal An instant in milliseconds since the epoch. */
export const instant = FastCheck.integer({ min: 1_500_000_000_000, max: 2_500_000_000_000 })

/**
 * One of {@link hostileTexts}, another text that is not a symbol, or a symbol with an extra character that makes it
 * invalid.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const hostileText: FastCheck.Arbitrary<string> = FastCheck.oneof(
  FastCheck.constantFrom(...hostileTexts),
  text(),
  FastCheck.tuple(
    symbol,
    FastCheck.constantFrom("\0", "\n", "\r\n", " ", "/", "?", "#", "%", "&", "..", "\u202E", "\u0301", "a"),
    FastCheck.nat({ max: 10 })
  ).map(([symbol, extra, at]) => `${symbol.slice(0, at)}${extra}${symbol.slice(at)}`)
).filter((text) => !ExchangeSymbol.isExchangeSymbol(text))
