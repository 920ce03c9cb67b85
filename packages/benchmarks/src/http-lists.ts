/**
 * Measures the cost per row of 1,000 candles, 1,000 trades and a book of 2 x 5,000 levels over HTTP, compared with ccxt
 * and with undici plus `JSON.parse`: `npm run bench -- http-lists`, or some of them,
 * `npm run bench -- http-lists trades`.
 *
 * The server compresses responses with gzip, as the exchange does, and every client decompresses them. The cost is the
 * CPU time of this process only. Our rows have exact decimals, those of ccxt have floats. The costs of both without
 * that of undici plus `JSON.parse` are reported as well: these are the costs of turning values into rows.
 */
import { MarketData } from "@effect-exchange/core"
import { Effect, ManagedRuntime, Stream } from "effect"
import { gunzipSync } from "node:zlib"
import { Agent, request } from "undici"
import { firstCandle, hour, rows } from "./internal/binanceAnswers.js"
import { ccxtOf } from "./internal/httpPeers.js"
import { alternate, cpuOf, minus } from "./internal/measure.js"
import { client } from "./internal/ours.js"
import { compare, print } from "./internal/report.js"
import { serve } from "./internal/serve.js"

const { baseUrl, stop } = await serve()
const runtime = ManagedRuntime.make(client(baseUrl))
const { market, theirs } = { market: await runtime.runPromise(MarketData.MarketData), theirs: await ccxtOf(baseUrl) }
const dispatcher = new Agent({ connections: 256 })

const bare = (path: string) => async (): Promise<number> => {
  const { body } = await request(`${baseUrl}/api/v3/${path}`, { dispatcher, headers: { "accept-encoding": "gzip" } })
  const answer: unknown = JSON.parse(gunzipSync(await body.bytes()).toString())
  return Array.isArray(answer) ? answer.length : 10_000
}

const lists = {
  candles: {
    rows,
    most: 1.3,
    ours: Effect.map(
      Stream.runCount(market.candles("BTC/USDT", "1h", { from: firstCandle, to: firstCandle + rows * hour })),
      (count) => count
    ),
    theirs: async () => (await theirs.fetchOHLCV("BTC/USDT", "1h", firstCandle, rows)).length,
    bare: bare(`klines?symbol=BTCUSDT&interval=1h&startTime=${firstCandle}&limit=1000`)
  },
  trades: {
    rows,
    most: 0.6,
    ours: Effect.map(market.trades("BTC/USDT", { limit: rows }), ({ length }) => length),
    theirs: async () => {
      const found = await theirs.fetchTrades("BTC/USDT", undefined, rows, { fetchTradesMethod: "publicGetTrades" })
      return found.length
    },
    bare: bare("trades?symbol=BTCUSDT&limit=1000")
  },
  book: {
    rows: 10_000,
    most: 1.6,
    ours: Effect.map(market.orderBook("BTC/USDT", { depth: 5000 }), ({ asks, bids }) => asks.length + bids.length),
    theirs: async () => {
      const { asks, bids } = await theirs.fetchOrderBook("BTC/USDT", 5000)
      return asks.length + bids.length
    },
    bare: bare("depth?symbol=BTCUSDT&limit=5000")
  }
}

const times = 20

/** Returns the nanoseconds per row of responses that are requested one after another. */
const each = (rows: number, once: () => Promise<number>) => async (): Promise<number> => {
  const us = await cpuOf(async () => {
    for (let time = 0; time < times; time++) {
      const found = await once()
      if (found !== rows) throw new Error(`decoded only ${found} of ${rows} rows`)
    }
  })
  return us * 1000 / times / rows
}

const asked = process.argv.slice(2)
for (const [name, { bare, most, ours, rows, theirs }] of Object.entries(lists)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  console.error(name)
  const ns = await alternate({
    ours: each(rows, () => runtime.runPromise(ours)),
    theirs: each(rows, theirs),
    bare: each(rows, bare)
  }, { rounds: 9, warmUp: 10 })
  const what = `${name}, ${rows.toLocaleString("en")} rows over HTTP, per row`
  compare(what, ns("ours"), "ccxt", ns("theirs"), "ns", most)
  compare(what, ns("ours"), "undici and JSON.parse", ns("bare"), "ns")
  const left = (name: "ours" | "theirs") => minus(ns(name), ns("bare"))
  compare(`${name}, per row without the cost of undici and JSON.parse`, left("ours"), "ccxt", left("theirs"), "ns")
}
await runtime.dispose()
stop()
process.exitCode = print() ? 0 : 1
