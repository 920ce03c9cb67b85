import { feeds as binance } from "@effect-exchange/binance/Feeds"
import { feeds as bitmex } from "@effect-exchange/bitmex/Feeds"
import { feeds as bybit } from "@effect-exchange/bybit/Feeds"
import { feeds as coinbase } from "@effect-exchange/coinbase/Feeds"
import { Decimal, FeedItem, MarketData } from "@effect-exchange/core"
import type { Feeds } from "@effect-exchange/core/adapter"
import { feeds as deribit } from "@effect-exchange/deribit/Feeds"
import { feeds as kraken } from "@effect-exchange/kraken/Feeds"
import { feeds as okx } from "@effect-exchange/okx/Feeds"
import { Simulator } from "@effect-exchange/simulator"
import { InterceptedSockets } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream, TestClock } from "effect"
import type { Exchanges } from "../src/index.js"
import * as Support from "./support/exchanges.js"

type ById<A> = Readonly<Record<Exchanges.ExchangeId, A>>

const id = "9223372036854775123"
const amount = "0.123456789012345678"

interface Digits {
  /** Replacements in the frame of a trade. */
  readonly frame: ReadonlyArray<readonly [RegExp, string]>
  readonly id?: string
  readonly amount?: string
}

const digits: ById<Digits> = {
  binance: { frame: [[/"t":\d+/g, `"t":${id}`], [/"q":"[\d.]+"/g, `"q":"${amount}"`]] },
  // Its ids are not numbers. Sizes on its spot markets are in units of 0.00000001.
  bitmex: {
    frame: [[/"size":\d+/g, "\"size\":9007199254740993"]],
    id: "00000000-006d-1000-0000-0000d5cfa502",
    amount: "90071992.54740993"
  },
  bybit: { frame: [[/"i":"\d+"/g, `"i":"${id}"`], [/"v":"[\d.]+"/g, `"v":"${amount}"`]] },
  coinbase: { frame: [[/"trade_id":"\d+"/g, `"trade_id":"${id}"`], [/"size":"[\d.]+"/g, `"size":"${amount}"`]] },
  deribit: {
    frame: [[/"trade_id":"USDT-\d+"/g, `"trade_id":"USDT-${id}"`], [/"amount":[\d.]+/g, `"amount":${amount}`]],
    id: `USDT-${id}`
  },
  kraken: { frame: [[/"trade_id":\d+/g, `"trade_id":${id}`], [/"qty":[\d.]+/g, `"qty":${amount}`]] },
  okx: { frame: [[/"tradeId":"\d+"/g, `"tradeId":"${id}"`], [/"sz":"[\d.]+"/g, `"sz":"${amount}"`]] }
}

describe.each(Simulator.exchangeIds)("trades streamed by %s", (exchange) => {
  const expected = digits[exchange]
  it.effect("keep every digit of ids and amounts that JavaScript numbers cannot hold", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 2))
      const market = yield* MarketData.MarketData
      const fiber = yield* Effect.fork(Stream.runHead(FeedItem.data(market.streamTrades(Support.symbol))))
      yield* TestClock.adjust("5 seconds")
      const trade = yield* Effect.flatten(Fiber.join(fiber))
      assert.deepStrictEqual([trade.id, Decimal.format(trade.amount)], [expected.id ?? id, expected.amount ?? amount])
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          Support.marketData(exchange),
          Layer.provideMerge(
            InterceptedSockets.layer({
              rewrite: (text) => expected.frame.reduce((text, [from, to]) => text.replace(from, to), text)
            }),
            Simulator.layer(exchange)
          )
        )
      )
    ))
})

const declared: ById<Feeds.Feeds> = { binance, bitmex, bybit, coinbase, deribit, kraken, okx }

/** A letter and a combining accent, which Unicode normalization would join. */
const name = "币安人生E\u0301"

describe.each(Simulator.exchangeIds)("subscriptions of %s", (exchange) => {
  it.effect("name a market in another script by the exact characters of its id", () =>
    Effect.gen(function*() {
      const { markets } = yield* MarketData.MarketData
      const fiber = yield* Effect.fork(markets)
      yield* TestClock.adjust("10 seconds")
      const found = (yield* Fiber.join(fiber)).find(({ symbol }) => symbol === Support.symbol)
      assert(found !== undefined)
      const renamed = <A extends string>(text: A): A => text.replace(/BTC|XBT/, name) as A
      const market = { ...found, id: renamed(found.id), symbol: renamed(found.symbol) }
      const { protocol, ticker, trades } = declared[exchange]
      for (const channel of [ticker, trades]) {
        assert(channel !== undefined)
        const messages = protocol.subscribe([channel.topic(market)], { request: 1, token: undefined })
        assert.include(JSON.stringify(messages), exchange === "binance" ? name.toLowerCase() : name)
      }
    }).pipe(Effect.provide(Layer.provide(Support.marketData(exchange), Simulator.layer(exchange)))))
})
