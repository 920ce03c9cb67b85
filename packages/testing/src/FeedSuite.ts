/**
 * The suite of feeds of public data: a client and a simulated exchange, under every disturbance of the sockets between
 * them, under `TestClock`. {@link Contract} tests feeds as well, but without disturbances.
 *
 * @example
 * import { Kraken } from "@effect-exchange/kraken"
 * import { Simulator } from "@effect-exchange/simulator"
 * import { FeedSuite } from "@effect-exchange/testing"
 * import { describe, expect, it } from "@effect/vitest"
 * import { Effect } from "effect"
 *
 * FeedSuite.register({ describe, expect, it }, {
 *   name: "Kraken on the simulator",
 *   client: Kraken.layerMarketData({ environment: Simulator.environment("kraken") }),
 *   simulator: Simulator.layer("kraken"),
 *   control: Effect.flatMap(Simulator.Simulators, ({ get }) => get("kraken")),
 *   symbol: "BTC/USDT",
 *   gaps: "checked",
 *   checksum: true,
 *   notice: false
 * })
 *
 * @since 0.1.0
 */
import { type BookView, type Candle, Decimal, FeedItem, MarketData, type Trade } from "@effect-exchange/core"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Socket from "@effect/platform/Socket"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { recordItems } from "./internal/recordItems.js"
import type { Control, Expect, Runner } from "./internal/suiteRunner.js"

export {
  /**
   * Runs a stream in the background, and records its items and its failure.
   *
   * @since 0.1.0
   * @category recording
   */
  recordItems
}

export type { Control, Disturbance, Expect, Expectation, Runner } from "./internal/suiteRunner.js"

/**
 * The client under test, and the simulated exchange that it talks to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject<R, E> {
  /** The name in the titles of the cases. */
  readonly name: string
  /** The client. Each case builds it again. */
  readonly client: Layer.Layer<MarketData.MarketData, E, R | HttpClient.HttpClient>
  /** The exchange, in memory. Each case builds it again. */
  readonly simulator: Layer.Layer<R | HttpClient.HttpClient | Socket.WebSocketConstructor, E>
  /** The control of the exchange, such as a `Simulator`. */
  readonly control: Effect.Effect<Control, Error, R>
  /** A listed symbol. */
  readonly symbol: string
  /**
   * How a lost update of a book is detected: immediately, by its sequence number (`numbered`); later, by a checksum,
   * unless later updates compensate for it (`checked`); or once a later update does not fit the book (`unfitting`).
   */
  readonly gaps: "numbered" | "checked" | "unfitting"
  /** Whether updates of a book have a checksum. */
  readonly checksum: boolean
  /** Whether the exchange announces that it will close a connection. */
  readonly notice: boolean
  /** Whether candles are streamed only after they have ended. Defaults to `false`. */
  readonly endedCandles?: boolean | undefined
  /** Contracts whose volumes, in tickers and candles, have another unit than amounts. Defaults to none. */
  readonly contracts?: ReadonlyArray<string> | undefined
  /** The interval of the longest candles that the exchange streams. Defaults to five minutes. */
  readonly longest?: Candle.Interval | undefined
}

/** Formats a decimal without trailing zeros, because streams and requests may differ in them. */
const shown = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

const levels = (book: Pick<BookView.BookView, "depth">) => {
  const { asks, bids } = book.depth(10)
  const plain = (side: typeof asks) => side.map(({ amount, price }) => `${shown(price)} ${shown(amount)}`)
  return { asks: plain(asks), bids: plain(bids) }
}

const prices = ({ close, high, low, open, volume }: Candle.Candle) => ({ open, high, low, close, volume })

/** Requests the current book. */
const currentBook = (symbol: string) =>
  Effect.flatMap(
    MarketData.MarketData,
    (market) =>
      Effect.map(market.orderBook(symbol, { depth: 10 }), ({ asks, bids }) =>
        levels({ depth: () => ({ asks: asks.slice(0, 10), bids: bids.slice(0, 10) }) }))
  )

type Recorded = Effect.Effect.Success<ReturnType<typeof recordItems<BookView.BookView, never>>>

/**
 * Expects the latest book to be equal to that of the exchange. The clock must be at a whole second, when all changes
 * have been sent.
 *
 * @since 0.1.0
 * @category expectations
 */
export const expectCurrent = (expect: Expect) => (book: Pick<Recorded, "values" | "last">, symbol: string) =>
  Effect.gen(function*() {
    const latest = book.values().at(-1)
    expect(book.last()?._tag).toBe("Data")
    expect(latest && levels(latest)).toEqual(yield* currentBook(symbol))
  })

/** Runs a case at a realistic time: not all exchanges accept a request for the first candle after the epoch. */
const atStart = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.zipRight(TestClock.setTime(Date.UTC(2026, 10, 2)), self)

const pass = (seconds: number) => TestClock.adjust(`${seconds} seconds`)

/** Runs a case on its own simulator. */
const running = <R, E>({ client, control, simulator }: Subject<R, E>) =>
<A, E2>(
  body: (control: Control, market: MarketData.MarketData.Service) => Effect.Effect<A, E2, MarketData.MarketData>
) =>
() =>
  Effect.gen(function*() {
    const market = yield* MarketData.MarketData
    yield* body(yield* control, market)
  }).pipe(Effect.provide(Layer.provideMerge(client, simulator)), atStart)

const candleCase = <R, E>(
  { expect, it }: Runner,
  subject: Subject<R, E>,
  interval: Candle.Interval = "5m",
  symbol = subject.symbol
): void => {
  const { endedCandles = false } = subject
  const run = running(subject)
  it.effect(
    `${endedCandles ? "stream each candle after it has closed" : "stream the latest candle"}, ${interval} of ${symbol}`,
    run((_, market) =>
      Effect.gen(function*() {
        const candles = yield* recordItems(market.streamCandles(symbol, interval))
        yield* pass(endedCandles ? 620 : 20)
        const [candle] = candles.values().slice(-1)
        if (candle === undefined) throw new Error(`no candle came: ${candles.tags().join()}`)
        const [read] = yield* Stream.runCollect(market.candles(symbol, interval, { from: candle.openTime }))
        const plain = (one: Candle.Candle | undefined) => one && { ...one, ...Record.map(prices(one), shown) }
        expect(plain(candle)).toEqual(plain(read))
        expect(candle.isOpen).toBe(!endedCandles)
        if (endedCandles) expect(candles.values().length).toBeGreaterThan(1)
      })
    )
  )
}

const tickerVolumeCase = <R, E>({ expect, it }: Runner, subject: Subject<R, E>, symbol: string): void => {
  it.effect(
    `stream the volume of ${symbol} that a request returns`,
    running(subject)((_, market) =>
      Effect.gen(function*() {
        const ticker = yield* recordItems(market.streamTicker(symbol))
        yield* pass(5)
        const { volume24h } = yield* market.ticker(symbol)
        const streamed = ticker.values().at(-1)?.volume24h
        expect(streamed && shown(streamed)).toBe(volume24h && shown(volume24h))
        expect(streamed).toBeDefined()
      })
    )
  )
}

/**
 * Registers the cases that take little time, with `describe`, `expect` and `it` of `@effect/vitest`.
 *
 * @since 0.1.0
 * @category runners
 */
export const register = <R, E>(runner: Runner, subject: Subject<R, E>): void => {
  const { describe, expect, it } = runner
  const { name, symbol } = subject
  const run = running(subject)
  const isCurrent = expectCurrent(expect)

  describe(`feeds of ${name}`, () => {
    if (subject.endedCandles !== true) candleCase(runner, subject)
    if (subject.longest !== undefined) candleCase(runner, subject, subject.longest)
    for (const contract of subject.contracts ?? []) {
      tickerVolumeCase(runner, subject, contract)
      if (subject.endedCandles !== true) candleCase(runner, subject, "5m", contract)
    }

    it.effect(
      "stream the ticker that a request returns",
      run((_, market) =>
        Effect.gen(function*() {
          const ticker = yield* recordItems(market.streamTicker(symbol))
          yield* pass(5)
          const { bid, last } = yield* market.ticker(symbol)
          const streamed = ticker.values().at(-1)
          expect(ticker.tags()[0]).toBe("Connected")
          expect(streamed?.last && shown(streamed.last)).toBe(last && shown(last))
          if (streamed?.bid !== undefined) expect(shown(streamed.bid)).toBe(bid && shown(bid))
          expect(streamed?.symbol).toBe(symbol)
        })
      )
    )

    it.effect(
      "stream every trade once, oldest first",
      run((_, market) =>
        Effect.gen(function*() {
          const trades = yield* recordItems(market.streamTrades(symbol))
          yield* pass(2)
          const since = (yield* market.trades(symbol)).at(-1)
          yield* pass(30)
          const all: ReadonlyArray<Trade.Trade> = yield* market.trades(symbol, { limit: 60 })
          const ids = trades.values().map((trade) => trade.id)
          expect(new Set(ids).size).toBe(ids.length)
          const times = trades.values().map(({ at }) => at)
          expect(times).toEqual(times.toSorted((a, b) => a - b))
          const missed = all.slice(1 + all.findIndex((trade) => trade.id === since?.id))
          expect(missed.length).toBeGreaterThan(0)
          const streamed = trades.values().slice(-missed.length)
          const plain = ({ amount, id, price, side }: Trade.Trade) => `${id} ${side} ${shown(price)} ${shown(amount)}`
          expect(streamed.map(plain)).toEqual(missed.map(plain))
        })
      )
    )

    it.effect(
      "stream an order book that is always equal to the exchange's",
      run((_, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol, { buffer: FeedItem.sliding(10_000) }))
          yield* pass(2)
          for (let second = 0; second < 10; second++) {
            yield* pass(1)
            yield* isCurrent(book, symbol)
          }
          expect(book.statuses()).toEqual(["Connected"])
        })
      )
    )

    it.effect(
      "recover an order book that has missed an update",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          for (let time = 0; time < 3; time++) {
            yield* simulator.disturb({ _tag: "Gap" })
            yield* pass(20)
            yield* isCurrent(book, symbol)
            if (subject.gaps === "checked") continue
            expect(book.statuses().filter((tag) => tag === "Stale" || tag === "Reconnecting").length).toBe(time + 1)
          }
        })
      )
    )

    it.effect(
      "ignore a repeated update",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Duplicate" })
          yield* pass(20)
          yield* isCurrent(book, symbol)
        })
      )
    )

    it.effect(
      "recover an order book whose updates arrive out of order",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Reorder" })
          yield* pass(30)
          yield* isCurrent(book, symbol)
        })
      )
    )

    it.effect(
      "never emit a crossed order book",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol, { buffer: FeedItem.sliding(10_000) }))
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Crossed" })
          yield* pass(30)
          expect(book.statuses()).toEqual(["Connected", "Stale", "Resynced"])
          for (const value of book.values()) {
            expect(Option.exists(value.spread, (spread) => spread.value > 0n)).toBe(true)
          }
          yield* isCurrent(book, symbol)
        })
      )
    )

    if (subject.checksum) {
      it.effect(
        "recover an order book with a wrong checksum",
        run((simulator, market) =>
          Effect.gen(function*() {
            const book = yield* recordItems(market.streamOrderBook(symbol))
            yield* pass(3)
            yield* simulator.disturb({ _tag: "Checksum" })
            yield* pass(30)
            expect(book.statuses()).toEqual(["Connected", "Stale", "Resynced"])
            yield* isCurrent(book, symbol)
          })
        )
      )
    }

    it.effect(
      "ignore an invalid message",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Garbage" })
          yield* pass(5)
          expect(book.statuses()).toEqual(["Connected"])
          yield* isCurrent(book, symbol)
        })
      )
    )

    if (subject.notice) {
      it.effect(
        "change connections without a gap when the exchange announces that it will close one",
        run((simulator, market) =>
          Effect.gen(function*() {
            const book = yield* recordItems(market.streamOrderBook(symbol))
            yield* pass(3)
            yield* simulator.disturb({ _tag: "Notice" })
            yield* pass(20)
            expect(book.statuses()).toEqual(["Connected"])
            expect(yield* simulator.connections).toBe(1)
            yield* isCurrent(book, symbol)
          })
        )
      )
    }

    it.effect(
      "fail for an unknown market only",
      run((_, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          const error = yield* Effect.flip(Stream.runDrain(market.streamTicker("NOPE/USDT")))
          expect(error._tag).toBe("SymbolNotFound")
          yield* pass(3)
          yield* isCurrent(book, symbol)
        })
      )
    )

    it.effect(
      "close their connection when the Layer's scope closes",
      () =>
        Effect.gen(function*() {
          const simulator = yield* subject.control
          yield* Effect.gen(function*() {
            const market = yield* MarketData.MarketData
            yield* recordItems(market.streamOrderBook(symbol))
            yield* pass(3)
            expect(yield* simulator.connections).toBe(1)
          }).pipe(Effect.provide(Layer.fresh(subject.client)))
          yield* pass(1)
          expect(yield* simulator.connections).toBe(0)
        }).pipe(Effect.provide(subject.simulator), atStart)
    )
  })
}

/**
 * Registers the cases in which minutes must pass, by the clock of the test.
 *
 * @since 0.1.0
 * @category runners
 */
export const registerSlow = <R, E>(runner: Runner, subject: Subject<R, E>): void => {
  const { describe, expect, it } = runner
  const { name, symbol } = subject
  const run = running(subject)
  const isCurrent = expectCurrent(expect)

  describe(`feeds of ${name} over time`, () => {
    if (subject.endedCandles === true) {
      for (const each of [subject.symbol, ...subject.contracts ?? []]) candleCase(runner, subject, "5m", each)
    }

    it.effect(
      "share one connection, and close it after the last subscriber has left",
      run((simulator, market) =>
        Effect.gen(function*() {
          const one = yield* recordItems(market.streamOrderBook(symbol))
          const other = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          expect(yield* simulator.connections).toBe(1)
          yield* one.leave
          const before = other.items.length
          yield* pass(3)
          expect(other.items.length).toBeGreaterThan(before)
          yield* other.leave
          yield* pass(15)
          expect(yield* simulator.connections).toBe(0)
          // A client whose last stream has ended can stream again.
          const again = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          yield* isCurrent(again, symbol)
        })
      )
    )

    it.effect(
      "reconnect after every lost connection, and report it",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          for (let time = 1; time <= 4; time++) {
            yield* simulator.disturb({ _tag: "Close", code: time % 2 === 0 ? 1006 : 1012 })
            yield* pass(40)
            yield* isCurrent(book, symbol)
            expect(book.statuses().filter((tag) => tag === "Reconnecting").length).toBe(time)
            expect(book.statuses().at(-1)).toBe("Resynced")
          }
        })
      )
    )

    it.effect(
      "emit each trade once across a lost connection",
      run((simulator, market) =>
        Effect.gen(function*() {
          const trades = yield* recordItems(market.streamTrades(symbol))
          yield* pass(20)
          yield* simulator.disturb({ _tag: "Close", code: 1006 })
          yield* pass(60)
          const ids = trades.values().map((trade) => trade.id)
          expect(trades.statuses()).toEqual(["Connected", "Reconnecting", "Resynced"])
          expect(new Set(ids).size).toBe(ids.length)
        })
      )
    )

    it.effect(
      "keep trying to connect while connections are refused",
      run((simulator, market) =>
        Effect.gen(function*() {
          yield* simulator.disturb({ _tag: "Refuse" })
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(120)
          expect(book.tags()).toEqual(["Reconnecting"])
          yield* simulator.disturb({ _tag: "Calm" })
          yield* pass(120)
          yield* isCurrent(book, symbol)
        })
      )
    )

    it.effect(
      "replace a silent connection",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Silence" })
          yield* pass(200)
          expect(book.statuses()).toContain("Resynced")
          yield* isCurrent(book, symbol)
        })
      )
    )

    it.effect(
      "replace connections that open and never answer",
      run((simulator, market) =>
        Effect.gen(function*() {
          yield* simulator.disturb({ _tag: "HalfOpen" })
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(200)
          expect(book.values()).toEqual([])
          yield* simulator.disturb({ _tag: "Calm" })
          yield* pass(200)
          yield* isCurrent(book, symbol)
        })
      )
    )

    it.effect(
      "report a subscription without data on an open connection as stale, and recover it",
      run((simulator, market) =>
        Effect.gen(function*() {
          const book = yield* recordItems(market.streamOrderBook(symbol))
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Mute" })
          yield* pass(90)
          // `Reconnecting` if the exchange numbers the messages of a connection: the missing numbers reveal the loss.
          expect(book.statuses().some((tag) => tag === "Stale" || tag === "Reconnecting")).toBe(true)
          if (book.last()?._tag === "Data") yield* isCurrent(book, symbol)
          yield* simulator.disturb({ _tag: "Calm" })
          yield* pass(120)
          yield* isCurrent(book, symbol)
        })
      )
    )

    it.effect(
      "report a ticker without data on an open connection as stale, and recover it",
      run((simulator, market) =>
        Effect.gen(function*() {
          const ticker = yield* recordItems(market.streamTicker(symbol))
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Mute" })
          yield* pass(330)
          expect(ticker.statuses().some((tag) => tag === "Stale" || tag === "Reconnecting")).toBe(true)
          yield* simulator.disturb({ _tag: "Calm" })
          yield* pass(400)
          expect(ticker.statuses().at(-1)).toBe("Resynced")
          expect(ticker.last()?._tag).toBe("Data")
        })
      )
    )
  })
}
