/**
 * The median of the prices of several sources, without failed, stale and outlying ones.
 *
 * @internal
 */
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Decimal from "../../model/Decimal.js"
import { ExchangeUnavailable, MalformedResponse, type MarketDataError } from "../../model/ExchangeError.js"
import type { Price, Reject } from "../../model/Price.js"
import { describeAge, isOwnFault, pricesOf, type Source } from "./source.js"

/** @internal */
export interface Options {
  readonly minimumSources: number
  /** In milliseconds. */
  readonly maximumAge: number
  readonly maximumDeviation: BigDecimal.BigDecimal
}

/** @internal */
export const price = (
  sources: ReadonlyArray<Source>,
  symbol: string,
  options: Options
): Effect.Effect<Price, MarketDataError> =>
  Effect.gen(function*() {
    const answers = yield* Concurrent.forEach(
      sources,
      // Not `dated`, so stale prices trip no circuit breaker: a stale price costs no time here, and a skipped source
      // would have no vote.
      ({ ask }) => Effect.either(ask({ operation: "price", ask: (service) => service.price(symbol) })),
      { concurrency: "unbounded" }
    )
    // An error in the call itself would be the same for every source.
    const own = answers.flatMap((answer) => Either.isLeft(answer) && isOwnFault(answer.left) ? [answer.left] : [])[0]
    if (own !== undefined) return yield* own
    return yield* agreed("price", sources, symbol, answers, yield* Clock.currentTimeMillis, options)
  })

/**
 * Returns the median prices of several symbols. Each source is called once for all symbols; the prices are then
 * compared symbol by symbol.
 *
 * @internal
 */
export const prices = (
  sources: ReadonlyArray<Source>,
  symbols: ReadonlyArray<string>,
  options: Options
): Effect.Effect<ReadonlyArray<Price>, MarketDataError> =>
  Effect.gen(function*() {
    if (symbols.length === 0) return []
    const wanted = Arr.dedupe(symbols)
    const answers = yield* Concurrent.forEach(sources, ({ ask }) => Effect.either(ask(pricesOf(wanted))), {
      concurrency: "unbounded"
    })
    const own = answers.flatMap((answer) => Either.isLeft(answer) && isOwnFault(answer.left) ? [answer.left] : [])[0]
    if (own !== undefined) return yield* own
    const now = yield* Clock.currentTimeMillis
    const [failed, found] = Arr.separate(wanted.map((symbol) => {
      const each = answers.map((answer, index) =>
        Either.flatMap(answer, (prices) =>
          Either.fromNullable(
            prices.find((price) => price.symbol === symbol),
            () => hasNone(sources[index]?.exchange ?? "", symbol)
          ))
      )
      return agreed("prices", sources, symbol, each, now, options)
    }))
    const [first] = failed
    if (first !== undefined && found.length === 0) return yield* first
    const bySymbol = new Map<string, Price>(found.map((price) => [price.symbol, price]))
    return Arr.filterMap(symbols, (symbol) => Option.fromNullable(bySymbol.get(symbol)))
  })

const hasNone = (exchange: string, symbol: string): MalformedResponse =>
  new MalformedResponse({ exchange, operation: "prices", detail: `the response has no price for ${symbol}` })

const agreed = (
  operation: "price" | "prices",
  sources: ReadonlyArray<Source>,
  symbol: string,
  answers: ReadonlyArray<Either.Either<Price, MarketDataError>>,
  now: number,
  options: Options
): Either.Either<Price, ExchangeUnavailable> => {
  const { kept, rejected } = judge(sources, answers, now, options)
  const [newest] = kept
  if (newest === undefined || kept.length < options.minimumSources) {
    const reasons = rejected.map(({ reason, source }) => `${source} ${reason}`).join("; ")
    return Either.left(
      new ExchangeUnavailable({
        exchange: "median",
        operation,
        outcome: "NotSent",
        detail:
          `only ${kept.length} of ${sources.length} sources agree on ${symbol}; at least ${options.minimumSources} are required: ${reasons}`
      })
    )
  }
  return Either.right({
    symbol: newest.symbol,
    amount: middle(kept.map(({ amount }) => amount)),
    currency: newest.currency,
    basis: "median",
    source: "median",
    // As old as the oldest price it is computed from.
    observedAt: Math.min(...kept.map(({ observedAt }) => observedAt)),
    sources: kept.map(({ amount, observedAt, source }) => ({ source, amount, observedAt })),
    rejected
  })
}

/** Decides which prices count, by age, by currency and by deviation from the others. */
const judge = (
  sources: ReadonlyArray<Source>,
  answers: ReadonlyArray<Either.Either<Price, MarketDataError>>,
  now: number,
  limits: Options
): { readonly kept: ReadonlyArray<Price>; readonly rejected: ReadonlyArray<Reject> } => {
  const rejected: Array<Reject> = []
  const candidates = answers.flatMap((answer, index) => {
    const source = sources[index]?.exchange ?? ""
    if (Either.isLeft(answer)) {
      rejected.push({ source, reason: `failed: ${answer.left._tag}` })
      return []
    }
    const age = now - answer.right.observedAt
    if (Math.abs(age) <= limits.maximumAge) return [answer.right]
    rejected.push({ source, reason: describeAge(age) })
    return []
  })
  const center = candidates.length === 0 ? Decimal.zero : middle(candidates.map(({ amount }) => amount))
  const kept = candidates.filter(({ amount, currency, source }) => {
    const off = BigDecimal.abs(BigDecimal.subtract(amount, center))
    const near = BigDecimal.lessThanOrEqualTo(off, BigDecimal.multiply(center, limits.maximumDeviation))
    if (near && currency === candidates[0]?.currency) return true
    rejected.push({
      source,
      reason: near ? `is in ${currency}` : `deviates too far from the median: ${Decimal.format(amount)}`
    })
    return false
  })
  return { kept, rejected }
}

const two = BigDecimal.fromBigInt(2n)

const middle = (amounts: ReadonlyArray<BigDecimal.BigDecimal>): BigDecimal.BigDecimal => {
  const sorted = Arr.sort(amounts, BigDecimal.Order)
  const half = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1] ?? Decimal.zero, sorted[half] ?? Decimal.zero]
  return Decimal.of(BigDecimal.unsafeDivide(BigDecimal.sum(low, high), two))
}
