/**
 * Arbitrary markets, prices and mischief, for property tests with `FastCheck`.
 *
 * @since 0.1.0
 */
import * as Decimal from "@effect-exchange/core/Decimal"
import * as ExchangeSymbol from "@effect-exchange/core/ExchangeSymbol"
import type { Market } from "@effect-exchange/core/Market"
import type { Price } from "@effect-exchange/core/Price"
import type { Ticker } from "@effect-exchange/core/Ticker"
import * as BigDecimal from "effect/BigDecimal"
import * as FastCheck from "effect/FastCheck"

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/**
 * An asset: `BTC`, `1INCH`.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const asset: FastCheck.Arbitrary<string> = FastCheck.string({
  unit: FastCheck.constantFrom(...letters),
  minLength: 1,
  maxLength: 10
})

interface Named {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly kind: Market["kind"]
  readonly base: string
  readonly quote: string
}

const expiry = FastCheck.tuple(
  FastCheck.integer({ min: 20, max: 99 }),
  FastCheck.integer({ min: 1, max: 12 }),
  FastCheck.integer({ min: 1, max: 28 })
).map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(""))

const named: FastCheck.Arbitrary<Named> = FastCheck.tuple(asset, asset).chain(([base, quote]) => {
  const spot = `${base}/${quote}`
  const settle = FastCheck.constantFrom(base, quote)
  const name = (kind: Market["kind"]) => (text: string): Named => ({
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
 * A decimal in plain notation as exchanges write them: any sign, leading and trailing zeros, up to 40 digits on either
 * side of the point.
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
 * An amount of money above zero: from 10^-18 to 10^18, with up to 18 places.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const positive: FastCheck.Arbitrary<BigDecimal.BigDecimal> = FastCheck.integer({ min: 0, max: 18 }).chain(
  (scale) => FastCheck.bigInt({ min: 1n, max: 10n ** 18n }).map((value) => BigDecimal.make(value, scale))
)

const optional = <A>(arbitrary: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<A | undefined> =>
  FastCheck.option(arbitrary, { nil: undefined })

/**
 * A market whose kind and assets are those of its symbol.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const market: FastCheck.Arbitrary<Market> = FastCheck.tuple(
  named,
  FastCheck.constantFrom("open" as const, "halted" as const, "closed" as const, "unknown" as const),
  optional(positive),
  optional(positive)
).map(([named, status, tickSize, lotSize]) => ({
  ...named,
  id: named.symbol.replace("/", "-"),
  status,
  tickSize,
  lotSize
}))

/**
 * The markets of an exchange: one at least, each symbol and id once.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const markets: FastCheck.Arbitrary<ReadonlyArray<Market>> = FastCheck.uniqueArray(market, {
  minLength: 1,
  maxLength: 20,
  selector: ({ symbol }) => symbol
})

const ascending = (count: number): FastCheck.Arbitrary<ReadonlyArray<BigDecimal.BigDecimal>> =>
  FastCheck.array(positive, { minLength: count, maxLength: count }).map((prices) => prices.toSorted(BigDecimal.Order))

const instant = FastCheck.integer({ min: 1_500_000_000_000, max: 2_500_000_000_000 })

/**
 * A ticker that makes sense: `bid` at most `ask`, `last` and `open24h` from `low24h` to `high24h`. Any field may be
 * missing that an exchange may leave out.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const ticker: FastCheck.Arbitrary<Ticker> = FastCheck.tuple(ascending(2), ascending(4), symbol, instant).chain(
  ([[bid, ask], [low24h, last, open24h, high24h], symbol, at]) =>
    FastCheck.record({
      exchange: FastCheck.constant("arbitrary"),
      symbol: FastCheck.constant(symbol),
      at: FastCheck.constant(at),
      last: optional(FastCheck.constant(last)),
      bid: optional(FastCheck.constant(bid)),
      ask: optional(FastCheck.constant(ask)),
      open24h: optional(FastCheck.constant(open24h)),
      high24h: optional(FastCheck.constant(high24h)),
      low24h: optional(FastCheck.constant(low24h)),
      volume24h: optional(positive)
    })
)

/**
 * A price in its market's quote currency.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const price: FastCheck.Arbitrary<Price> = FastCheck.record({
  named,
  amount: positive,
  basis: FastCheck.constantFrom("last" as const, "mid" as const),
  observedAt: instant
}).map(({ named, ...price }) => ({ ...price, symbol: named.symbol, currency: named.quote, source: "arbitrary" }))

/**
 * Text that is no symbol and means harm: paths, queries, headers, control characters, look-alikes, names of JavaScript's
 * own, far too much of it.
 *
 * @since 0.1.0
 * @category texts
 */
export const hostileTexts: ReadonlyArray<string> = [
  "",
  " ",
  "/",
  "BTC",
  "BTC/",
  "/USDT",
  "btc/usdt",
  "BTC-USDT",
  " BTC/USDT",
  "BTC/USDT ",
  "BTC/USDT\n",
  "BTC/USDT\0",
  "BTC/USDT\t",
  "BTC//USDT",
  "BTC/USDT/ETH",
  "BTC/USDT:",
  "BTC/USDT:USDT-20261225",
  "../../api/v3/account",
  "BTC/../USDT",
  "BTC%2FUSDT",
  "BTC/USDT%00",
  "BTC/USDT?recvWindow=1",
  "BTC/USDT&symbol=ETHUSDT",
  "BTC/USDT#fragment",
  "BTC/USDT;",
  "BTC/USDT@example.com",
  "http://example.com/",
  "BTC/USDT\r\nX-Injected: yes",
  "BTC/USDT HTTP/1.1\r\nHost: example.com\r\n\r\n",
  "\"BTC/USDT\"",
  "[\"BTC/USDT\"]",
  "BTC/USDT' OR '1'='1",
  "<script>alert(1)</script>",
  "${BTC}/${USDT}",
  "{symbol}",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "undefined",
  "\uD800",
  "BTC/USDT\u202E",
  "BTC\u200B/USDT",
  "\uFEFFBTC/USDT",
  // A Cyrillic capital Te, full-width letters and an Arabic-Indic digit: they look right.
  "BTC/USD\u0422",
  "\uFF22\uFF34\uFF23/USDT",
  "BTC/USDT\u0661",
  "\u20BF/USDT",
  `${"A".repeat(21)}/USDT`,
  "A".repeat(100_000)
]

/**
 * One of {@link hostileTexts}, any other text that is no symbol, or a symbol with a character too many in it.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const hostileText: FastCheck.Arbitrary<string> = FastCheck.oneof(
  FastCheck.constantFrom(...hostileTexts),
  FastCheck.string({ unit: "binary" }),
  FastCheck.tuple(
    symbol,
    FastCheck.constantFrom("\0", "\n", "\r\n", " ", "/", "?", "#", "%", "&", "..", "\u202E", "\u0301", "a"),
    FastCheck.nat({ max: 10 })
  ).map(([symbol, extra, at]) => `${symbol.slice(0, at)}${extra}${symbol.slice(at)}`)
).filter((text) => !ExchangeSymbol.isExchangeSymbol(text))
