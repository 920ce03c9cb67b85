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
import { FeedItem, MarketData, type Trade } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { atStart, expectCurrent, pass, running, shown, type Subject } from "./internal/feedScene.js"
import { recordItems } from "./internal/recordItems.js"
import { candleCase, tickerVolumeCase } from "./internal/streamedValueCases.js"
import type { Runner } from "./internal/suiteRunner.js"

export {
  /**
   * Runs a stream in the background, and records its items and its failure.
   *
   * @since 0.1.0
   * @category recording
   */
  recordItems
}

export { expectCurrent, type Subject } from "./internal/feedScene.js"
export type { Control, Disturbance, Expect, Expectation, Runner } from "./internal/suiteRunner.js"

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
