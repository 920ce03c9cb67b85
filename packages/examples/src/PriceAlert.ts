/**
 * Watches prices and posts to a webhook when a price crosses a level. `docs/cookbook/price-alert.md` explains the
 * program, and `price-alert.ts` runs it.
 */
import { Decimal, type ExchangeError, FeedItem, MarketData, type Price } from "@effect-exchange/core"
import { HttpClient, type HttpClientError, HttpClientRequest } from "@effect/platform"
import { BigDecimal, type Cause, Effect, Option, Queue, Redacted, Ref, Schedule, Stream } from "effect"

/**
 * A level to watch. A price has crossed it only once it is beyond the level by `band` (a ratio: `"0.001"` is 0.1 %).
 * Without the band, a price that fluctuates around the level would trigger an alert each time.
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

/**
 * Returns the side of the level that the price is on, given the side before. The first price has no side before it, so
 * it never is a crossing.
 */
export const sideOf = ({ band, level }: Alert, before: Side | undefined, price: BigDecimal.BigDecimal): Side => {
  if (before === undefined) return BigDecimal.lessThan(price, level) ? "below" : "above"
  const upper = BigDecimal.multiply(level, BigDecimal.sum(Decimal.one, band))
  const lower = BigDecimal.multiply(level, BigDecimal.subtract(Decimal.one, band))
  if (before === "below") return BigDecimal.lessThan(price, upper) ? "below" : "above"
  return BigDecimal.greaterThan(price, lower) ? "above" : "below"
}

const pollEvery = "10 seconds"
const again = Schedule.exponential("1 second").pipe(Schedule.union(Schedule.spaced("1 minute")), Schedule.jittered)

/** Returns `true` for errors that a retry cannot fix. They end the program. */
const isFinal = ({ _tag }: ExchangeError.MarketDataError): boolean =>
  _tag === "InvalidRequest" || _tag === "SymbolNotFound" || _tag === "PermissionDenied" || _tag === "ExchangeClosed" ||
  _tag === "Unsupported"

/**
 * Requests the price at a fixed interval while it is `wanted`. A failed request emits no price, and the requests go on.
 */
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

/**
 * Emits the prices of a market's feed. While the feed is reconnecting or stale, it emits prices from requests instead.
 */
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
 * Emits the prices of a market: from its feed, or from requests while the feed is down or stale, or if the exchange has
 * no feed. It survives outages, including an outage at the start.
 */
export const prices = (market: MarketData.MarketData.Service, symbol: string) =>
  fed(market, symbol).pipe(
    // Cannot happen: with `FeedItem.latest` a slow consumer misses items, but the stream does not fail.
    Stream.catchTag("SlowConsumer", (error) => Stream.die(error)),
    Stream.catchTag("Unsupported", () => polled(market, symbol, Effect.succeed(true))),
    Stream.tapError(({ message }) => Effect.logWarning(message)),
    Stream.retry(Schedule.whileInput(again, (error: ExchangeError.MarketDataError) => !isFinal(error)))
  )

/** Emits each crossing of the level once. */
export const crossings = (market: MarketData.MarketData.Service, alert: Alert) =>
  prices(market, alert.symbol).pipe(
    Stream.mapAccum<Side | undefined, BigDecimal.BigDecimal, Option.Option<Crossing>>(undefined, (before, price) => {
      const now = sideOf(alert, before, price)
      return [now, before === undefined || before === now ? Option.none() : Option.some({ alert, now, price })]
    }),
    Stream.filterMap((crossing) => crossing)
  )

/**
 * Returns `true` if a later attempt may succeed: the webhook is down, overloaded or unreachable. A webhook that rejects
 * the message would reject it again.
 */
const isWorthRepeating = (error: HttpClientError.HttpClientError | Cause.TimeoutException): boolean =>
  error._tag === "ResponseError"
    ? error.response.status >= 500 || error.response.status === 429 || error.response.status === 408
    : error._tag === "TimeoutException" || error.reason === "Transport"

/** Posts a crossing to the webhook. The URL is a secret, because anyone who knows it can post. */
export const send = Effect.fn("PriceAlert.send")(function*(
  webhook: Redacted.Redacted<string>,
  { alert, now, price }: Crossing,
  number: number
) {
  const client = yield* HttpClient.HttpClient
  const { level, symbol } = alert
  const body = { symbol, level: Decimal.format(level), now, price: Decimal.format(BigDecimal.normalize(price)) }
  yield* HttpClientRequest.post(Redacted.value(webhook)).pipe(
    // If a response is lost, the retry posts the same crossing again. This key lets the receiver recognize the
    // duplicate.
    HttpClientRequest.setHeader("idempotency-key", `${symbol}-${body.level}-${number}`),
    HttpClientRequest.bodyUnsafeJson(body),
    HttpClient.filterStatusOk(HttpClient.withTracerDisabledWhen(client, () => true)).execute,
    Effect.timeout("10 seconds"),
    Effect.retry({ schedule: again, while: isWorthRepeating }),
    // Log the tag only, because the message of the error would contain the secret URL.
    Effect.catchAll(({ _tag }) => Effect.logError(`The alert of ${symbol} could not be posted to the webhook: ${_tag}`))
  )
})

/**
 * Watches until it is interrupted or fails with an error that a retry cannot fix. Crossings that happen while the
 * webhook is down are posted in order once it is back.
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
  const sending = Stream.runForEach(
    Stream.zipWithIndex(Stream.fromQueue(due)),
    ([crossing, number]) => send(webhook, crossing, number)
  )
  yield* Effect.raceFirst(watching, sending)
})
