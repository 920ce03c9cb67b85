import type * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { flow } from "effect/Function"
import * as Stream from "effect/Stream"
import * as Consumer from "../../feed/internal/consumer.js"
import type { Feed } from "../../feed/internal/feed.js"
import { retryUntilAnswered } from "../../feed/internal/retryUntilAnswered.js"
import type { Reading } from "../../feed/internal/subscription.js"
import type { Balance } from "../../model/Balance.js"
import type { AccountError, MarketDataError } from "../../model/ExchangeError.js"
import * as FeedItem from "../../model/FeedItem.js"
import type * as Listing from "../../model/Listing.js"
import type { Account } from "../../ports/Account.js"
import type * as Adapter from "../../ports/Adapter.js"
import type { Channel, Feeds, FillsOf } from "../Feeds.js"
import type * as Row from "../Row.js"
import * as AccountUpdates from "./accountUpdates.js"
import { lazily, rows, unavailable } from "./streams.js"

/**
 * The streams of an account.
 *
 * @internal
 */
export type Streams = Pick<Account.Service, "streamOrders" | "streamFills" | "streamBalances">

/**
 * Creates streams that fail with `Unsupported`, for an exchange without account feeds.
 *
 * @internal
 */
export const none = (exchange: string): Streams => ({
  streamOrders: unavailable(exchange, "streamOrders", "poll `openOrders` and `order` instead"),
  streamFills: unavailable(exchange, "streamFills", "poll `fills` instead"),
  streamBalances: unavailable(exchange, "streamBalances", "poll `balances` instead")
})

type Failure = AccountError | FeedItem.SlowConsumer

/**
 * Creates the streams of an account from the declaration of its exchange. A feed reports changes from now on. The state
 * before that, and changes that were missed while the feed was down, are requested and merged in.
 *
 * @internal
 */
export const make = (
  services: AccountUpdates.Services,
  feeds: Partial<Feeds>,
  feed: Effect.Effect<Feed, MarketDataError>
): Streams => {
  const { exchange, markets } = services
  const retrying: AccountUpdates.Services = { ...services, account: untilAnswered(services.account) }
  const channels = lazily(feed, (feed) => ({
    orders: feed.channel<Row.Order | undefined, AccountError>(),
    fills: feed.channel<Row.Fill | Row.Entry | FillsOf | undefined, AccountError>(),
    balances: feed.channel<Balance | undefined, AccountError>()
  }))
  const missing = none(exchange)

  const streamed = <Row, A>(
    operation: string,
    symbol: string | undefined,
    buffer: FeedItem.Buffer,
    raw: Effect.Effect<Stream.Stream<FeedItem.FeedItem<Row>, Failure>, AccountError>,
    updates: (request: AccountUpdates.StreamRequest) => AccountUpdates.AccountUpdates<Row, A>
  ): Stream.Stream<FeedItem.FeedItem<A>, Failure> =>
    Stream.unwrapScoped(Effect.gen(function*() {
      const market = symbol === undefined ? undefined : yield* markets.find(operation, symbol)
      const startedAt = yield* Effect.flatMap(Clock.currentTimeMillis, (now) => remember(now, services.skew))
      return yield* deliver(
        exchange,
        operation,
        buffer,
        yield* raw,
        updates({ operation, market, startedAt }),
        startedAt,
        services.skew
      )
    }))

  const subscribed = <A>(
    operation: string,
    channel: Pick<Channel<[], unknown>, "topic">,
    reading: () => Reading<A>
  ) => ({ operation, topic: channel.topic(), reading, fail: (error: AccountError) => error })

  return {
    streamOrders: (symbol, { buffer = whole } = {}) => {
      const operation = "streamOrders"
      const { orders: channel } = feeds
      if (channel === undefined) return missing.streamOrders(symbol)
      const raw = Effect.map(
        channels,
        ({ orders }) => orders(subscribed(operation, channel, () => understoodOrAnything(channel.reader)), whole)
      )
      return streamed(operation, symbol, buffer, raw, (request) => AccountUpdates.orders(retrying, request))
    },
    streamFills: (symbol, { buffer = whole } = {}) => {
      const operation = "streamFills"
      const { fills: channel } = feeds
      if (channel === undefined) return missing.streamFills(symbol)
      const raw = Effect.map(
        channels,
        ({ fills }) => fills(subscribed(operation, channel, () => understoodOrAnything(channel.reader)), whole)
      )
      return streamed(operation, symbol, buffer, raw, (request) => AccountUpdates.fills(retrying, request))
    },
    streamBalances: ({ buffer = FeedItem.latest } = {}) => {
      const operation = "streamBalances"
      const { balances: channel } = feeds
      if (channel === undefined) return missing.streamBalances()
      const { also, reader } = { also: undefined, ...channel }
      const reading = (): Reading<Balance | undefined> => reader === undefined ? anything : understoodOrAnything(reader)
      const raw = Effect.map(channels, ({ balances }) => {
        const reported = balances(subscribed(operation, channel, reading), whole)
        if (also === undefined) return reported
        const hints = balances(subscribed(operation, { topic: also }, reading), whole)
        return Stream.merge(reported, Stream.filter(Stream.map(hints, hinted), isData), { haltStrategy: "left" })
      })
      return streamed(operation, undefined, buffer, raw, () => AccountUpdates.balances(retrying, reader !== undefined))
    }
  }
}

/**
 * Repeats each request on its own until it succeeds, so that a failure does not repeat those that have succeeded. There
 * is no deadline for all of them: with enough markets they take longer than any, at the exchange's rate limit.
 */
const untilAnswered = (account: Adapter.Account): Adapter.Account => ({
  ...account,
  balances: retryUntilAnswered(account.balances),
  openOrders: (market) => retryUntilAnswered(account.openOrders(market)),
  order: (reference) => retryUntilAnswered(account.order(reference)),
  orderHistory: (market, query) => retryUntilAnswered(account.orderHistory(market, query)),
  orderHistoryOfAll: account.orderHistoryOfAll && flow(account.orderHistoryOfAll, retryUntilAnswered),
  fillsOfAll: account.fillsOfAll && flow(account.fillsOfAll, retryUntilAnswered),
  fills: (market, query) => retryUntilAnswered(account.fills(market, query))
})

/**
 * Delivers a feed to one subscriber. While a request is in progress, further items of the feed wait, and are delivered
 * after its answer.
 */
const deliver = <Row, A>(
  exchange: string,
  operation: string,
  buffer: FeedItem.Buffer,
  source: Stream.Stream<FeedItem.FeedItem<Row>, Failure>,
  updates: AccountUpdates.AccountUpdates<Row, A>,
  startedAt: Effect.Effect<number>,
  skew: Effect.Effect<number>
) =>
  Effect.gen(function*() {
    const { consumer, stream } = Consumer.make<A, Failure>(
      buffer,
      (capacity) => new FeedItem.SlowConsumer({ exchange, operation, capacity })
    )
    const died = yield* Deferred.make<never, Failure>()
    let hasBegun = false
    let lostAt: Effect.Effect<number> | undefined

    const offerRead = (read: Effect.Effect<ReadonlyArray<A>, AccountError>, first?: FeedItem.Status) =>
      Effect.map(retryUntilAnswered(read), (values) => {
        if (first !== undefined) consumer.offer(first)
        for (const value of values) consumer.offer(FeedItem.FeedItem.Data({ value }))
      })

    const onStatus = (status: FeedItem.Status): Effect.Effect<void, AccountError> => {
      switch (status._tag) {
        case "Connected":
        case "Resynced":
          // A feed that was down when the stream was requested has missed what has happened since then.
          return Effect.suspend(() => {
            const from = hasBegun ? lostAt ?? startedAt : lostAt ?? Effect.succeed(undefined)
            return offerRead(Effect.flatMap(from, updates.onServing), status)
          }).pipe(
            Effect.map(() => {
              hasBegun = true
              lostAt = undefined
            })
          )
        case "Reconnecting":
        case "Stale":
          return Effect.map(remember(status.since, skew), (at) => {
            lostAt ??= at
            consumer.offer(status)
          })
        case "Dropped":
          return Effect.void
      }
    }

    const onItems = (items: Chunk.Chunk<FeedItem.FeedItem<Row>>) =>
      Effect.gen(function*() {
        let rows: Array<Row> = []
        for (const item of items) {
          // Changes that arrive while the feed is down are covered by the request that follows its recovery.
          if (item._tag === "Data") {
            if (hasBegun && lostAt === undefined) rows.push(item.value)
          } else {
            if (rows.length > 0) yield* offerRead(updates.onRows(rows))
            rows = []
            yield* onStatus(item)
          }
        }
        if (rows.length > 0) yield* offerRead(updates.onRows(rows))
      })

    yield* Stream.runForEachChunk(source, onItems).pipe(
      Effect.catchAll((error) => Effect.sync(() => consumer.fail(error))),
      Effect.catchAllCause((cause) => Deferred.failCause(died, cause)),
      Effect.interruptible,
      Effect.forkScoped
    )
    return Stream.interruptWhenDeferred(stream, died)
  })

/**
 * Remembers an instant that has passed (epoch milliseconds of our clock). Returns an effect with that instant by our
 * clock as it is then, because it may have been set since. The monotonic clock alone would not do: on some systems, it
 * stands still while the machine is suspended. More time than it counts has passed only if both our clock and the
 * exchange's (`skew`: that minus ours) say so: ours may have been set forward, and `skew` is measured now and then.
 */
const remember = (at: number, skew: Effect.Effect<number>): Effect.Effect<Effect.Effect<number>> =>
  Effect.zipWith(Effect.clock, skew, (clock, begunSkew) => {
    const ago = Math.max(0, clock.unsafeCurrentTimeMillis() - at)
    const begun = clock.unsafeCurrentTimeNanos()
    return Effect.map(skew, (skew) => {
      const now = clock.unsafeCurrentTimeMillis()
      const elapsed = Math.floor(Number(clock.unsafeCurrentTimeNanos() - begun) / 1e6)
      const byBoth = Math.min(now - at, now + skew - (at + begunSkew))
      return now - Math.max(byBoth, ago + elapsed)
    })
  })

/** Turns the reconnect of the second feed into a notice as well, because something may have changed in the meantime. */
const hinted = (item: FeedItem.FeedItem<undefined | Balance>): FeedItem.FeedItem<undefined | Balance> =>
  item._tag === "Connected" || item._tag === "Resynced" ? FeedItem.FeedItem.Data({ value: undefined }) : item

const isData = ({ _tag }: FeedItem.FeedItem<unknown>): boolean => _tag === "Data"

/** The buffer for the feed of an account, which must not lose any item. */
const whole = FeedItem.failing(10_000)

/**
 * Reads an undecodable frame or row as `undefined`, the notice that something changed. Ignoring it would leave an
 * outdated value in place.
 */
const understoodOrAnything = <Row>(
  reader: () => (frame: unknown) => Listing.Rows<Row> | undefined
): Reading<Row | undefined> => {
  const known = rows(false, reader, (row) => row)
  return {
    ...known,
    read: (frame, now) => {
      const read = known.read(frame, now)
      return read.unread === true ? { ...read, values: [...read.values, undefined], isWhole: true } : read
    }
  }
}

/** Reads every frame as the notice that something changed. */
const anything: Reading<undefined> = {
  repeats: false,
  begin: () => undefined,
  read: () => ({ values: [undefined], isWhole: true })
}
