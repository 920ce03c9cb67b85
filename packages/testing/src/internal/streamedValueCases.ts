import type { Candle } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as Stream from "effect/Stream"
import { pass, running, shown, type Subject } from "./feedScene.js"
import { recordItems } from "./recordItems.js"
import type { Runner } from "./suiteRunner.js"

const prices = ({ close, high, low, open, volume }: Candle.Candle) => ({ open, high, low, close, volume })

/** @internal The latest candle of a stream is that of a request. */
export const candleCase = <R, E>(
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

/** @internal The volume in a streamed ticker is that of a request. */
export const tickerVolumeCase = <R, E>({ expect, it }: Runner, subject: Subject<R, E>, symbol: string): void => {
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
