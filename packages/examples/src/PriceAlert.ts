/**
 * A price alert: watches prices and posts to a webhook when one crosses a level. `docs/cookbook/price-alert.md` walks
 * through it, `price-alert.ts` runs it.
 */
import { Decimal, type ExchangeError, FeedItem, MarketData, type Price } from "@effect-exchange/core"
import { HttpClient, type HttpClientError, HttpClientRequest } from "@effect/platform"
import { BigDecimal, type Cause, Effect, Option, Queue, Redacted, Ref, Schedule, Stream } from "effect"

/**
 * Which level to watch for. The price has to pass it by `band` (a ratio: `"0.001"` is 0.1 %) to have crossed it, so that
 * one which trembles around the level tells nothing.
 */
export interface Alert {
  readonly symbol: string
  readonly level: BigDecimal.BigDecimal
  readonly band: BigDecimal.BigDecimal
}

export type Side = "above" | "below"

export interface Crossing {
  readonly alert: Alert
  readonly now: Side
  readonly price: BigDecimal.BigDecimal
}

const one = BigDecimal.fromBigInt(1n)

/** Where the price is said to be, given where it was said to be before. The first price is never a crossing. */
export const sideOf = ({ band, level }: Alert, before: Side | undefined, price: BigDecimal.BigDecimal): Side => {
  if (before === undefined) return BigDecimal.lessThan(price, level) ? "below" : "above"
  const upper = BigDecimal.multiply(level, BigDecimal.sum(one, band))
  const lower = BigDecimal.multiply(level, BigDecimal.subtract(one, band))
  if (before === "below") return BigDecimal.lessThan(price, upper) ? "below" : "above"
  return BigDecimal.greaterThan(price, lower) ? "above" : "below"
}

const pollEvery = "10 seconds"
const again = Schedule.exponential("1 second").pipe(Schedule.union(Schedule.spaced("1 minute")), Schedule.jittered)

/** What no waiting mends: the program ends with it. */
const isFinal = ({ _tag }: ExchangeError.MarketDataError): boolean =>
  _tag === "InvalidRequest" || _tag === "SymbolNotFound" || _tag === "PermissionDenied" || _tag === "ExchangeClosed" ||
  _tag === "Unsupported"

/** The price again and again, by requests, whenever it is `wanted`; while the exchange does not answer there is none. */
const polled = (market: MarketData.MarketData.Service, symbol: string, wanted: Effect.Effect<boolean>) =>
  Stream.repeatEffectWithSchedule(
    Effect.whenEffect(market.price(symbol), wanted).pipe(
      Effect.catchIf(
        (error) => !isFinal(error),
        ({ message }) => Effect.as(Effect.logWarning(message), Option.none<Price.Price>())
      )
    ),
    Schedule.spaced(pollEvery)
  ).pipe(
    Stream.filterMap(Option.map(({ amount }) => amount))
  )

/** The prices of a market's feed, and of requests while the feed says nothing that holds. */
const fed = (market: MarketData.MarketData.Service, symbol: string) =>
  Stream.unwrap(Effect.map(Ref.make(true), (isLive) => {
    const feed = market.streamTicker(symbol, { buffer: FeedItem.latest }).pipe(
      Stream.tap(({ _tag }) => Ref.set(isLive, _tag !== "Reconnecting" && _tag !== "Stale")),
      FeedItem.data,
      Stream.filterMap(({ last }) => Option.fromNullable(last))
    )
    return Stream.merge(feed, polled(market, symbol, Effect.negate(Ref.get(isLive))))
  }))

/**
 * The prices of a market: from its feed, and by requests while the feed is lost or stale and where there is none. It goes on
 * through outages, also one at the start.
 */
export const prices = (market: MarketData.MarketData.Service, symbol: string) =>
  fed(market, symbol).pipe(
    // Whoever wants the latest alone is never too slow.
    Stream.catchTag("SlowConsumer", (error) => Stream.die(error)),
    Stream.catchTag("Unsupported", () => polled(market, symbol, Effect.succeed(true))),
    Stream.tapError(({ message }) => Effect.logWarning(message)),
    Stream.retry(Schedule.whileInput(again, (error: ExchangeError.MarketDataError) => !isFinal(error)))
  )

/** The crossings of a level, each once. */
export const crossings = (market: MarketData.MarketData.Service, alert: Alert) =>
  prices(market, alert.symbol).pipe(
    Stream.mapAccum<Side | undefined, BigDecimal.BigDecimal, Option.Option<Crossing>>(undefined, (before, price) => {
      const now = sideOf(alert, before, price)
      return [now, before === undefined || before === now ? Option.none() : Option.some({ alert, now, price })]
    }),
    Stream.filterMap((crossing) => crossing)
  )

/** A webhook that is down is asked again until it is back; one that refuses what it is told never takes it. */
const isWorthRepeating = (error: HttpClientError.HttpClientError | Cause.TimeoutException): boolean =>
  error._tag === "ResponseError"
    ? error.response.status >= 500 || error.response.status === 429 || error.response.status === 408
    : error._tag === "TimeoutException" || error.reason === "Transport"

/** Tells a webhook of a crossing. Its address is a secret: who knows it may post. */
export const tell = Effect.fn("PriceAlert.tell")(function*(
  webhook: Redacted.Redacted<string>,
  { alert, now, price }: Crossing,
  number: number
) {
  const client = yield* HttpClient.HttpClient
  const { level, symbol } = alert
  const body = { symbol, level: Decimal.format(level), now, price: Decimal.format(BigDecimal.normalize(price)) }
  yield* HttpClientRequest.post(Redacted.value(webhook)).pipe(
    // An answer may be lost, and the same crossing told again: by this the other side can tell.
    HttpClientRequest.setHeader("idempotency-key", `${symbol}-${body.level}-${number}`),
    HttpClientRequest.bodyUnsafeJson(body),
    HttpClient.filterStatusOk(HttpClient.withTracerDisabledWhen(client, () => true)).execute,
    Effect.timeout("10 seconds"),
    Effect.retry({ schedule: again, while: isWorthRepeating }),
    // Its message would have the address in it.
    Effect.catchAll(({ _tag }) => Effect.logError(`The webhook refused to be told of ${symbol}: ${_tag}`))
  )
})

/**
 * Watches until it is interrupted, or something is wrong that no waiting mends. What crosses while the webhook is down is told
 * when it is back, in order.
 */
export const run = Effect.fn("PriceAlert.run")(function*(
  alerts: ReadonlyArray<Alert>,
  webhook: Redacted.Redacted<string>
) {
  const market = yield* MarketData.MarketData
  const due = yield* Queue.unbounded<Crossing>()
  const watching = Effect.forEach(
    alerts,
    (alert) => Stream.runForEach(crossings(market, alert), (crossing) => Queue.offer(due, crossing)),
    { concurrency: "unbounded", discard: true }
  )
  const telling = Stream.runForEach(
    Stream.zipWithIndex(Stream.fromQueue(due)),
    ([crossing, number]) => tell(webhook, crossing, number)
  )
  yield* Effect.raceFirst(watching, telling)
})
