/**
 * Measures the cost of reading a trade, from the text of a frame to the trade, compared with ccxt and with `JSON.parse`
 * alone: `npm run bench -- trades`.
 *
 * Compare the ratios: all subjects take turns within one run, and the cost is the CPU time of the process. Where ccxt
 * reads floats, ours reads exact decimals.
 */
import { feeds as binance } from "@effect-exchange/binance/Feeds"
import { feeds as bybit } from "@effect-exchange/bybit/Feeds"
import { ExchangeSymbol, type Market } from "@effect-exchange/core"
import { type Feeds, Listing } from "@effect-exchange/core/adapter"
import { feeds as kraken } from "@effect-exchange/kraken/Feeds"
import { feeds as okx } from "@effect-exchange/okx/Feeds"
import { measure, over } from "./internal/measure.js"
import { judge, print, report } from "./internal/report.js"
import { recordTrades } from "./internal/tradeFrames.js"
import { type Exchange, tradesOfCcxt } from "./internal/tradesOfCcxt.js"

const trades = 4000

const declared: Readonly<Record<Exchange, { readonly feeds: Feeds.Feeds; readonly id: string }>> = {
  binance: { feeds: binance, id: "BTCUSDT" },
  bybit: { feeds: bybit, id: "BTCUSDT" },
  kraken: { feeds: kraken, id: "BTC/USDT" },
  okx: { feeds: okx, id: "BTC-USDT" }
}

const read = (exchange: Exchange, frames: ReadonlyArray<string>): () => void => {
  const { feeds: { protocol, trades: channel }, id } = declared[exchange]
  if (channel === undefined) throw new Error(`${exchange} does not stream trades`)
  const market: Market.Market = {
    symbol: ExchangeSymbol.make("BTC/USDT"),
    id,
    base: "BTC",
    quote: "USDT",
    kind: "spot",
    status: "open"
  }
  const reader = channel.reader(market)
  return () => {
    let count = 0
    for (const frame of frames) {
      for (const said of protocol.read(JSON.parse(frame)) ?? []) {
        if (said._tag !== "Data") continue
        const rows = reader(said.frame)
        if (rows !== undefined) count += Listing.from(rows).rows.length
      }
    }
    if (count !== trades) throw new Error(`${exchange}: decoded ${count} trades`)
  }
}

const exchanges: ReadonlyArray<Exchange> = ["binance", "bybit", "kraken", "okx"]

for (const exchange of exchanges) {
  const frames = recordTrades(exchange, trades, true)
  const ns = measure({
    "JSON.parse": () => {
      for (const frame of frames) JSON.parse(frame)
    },
    "ours": read(exchange, frames),
    "ccxt": tradesOfCcxt(exchange, recordTrades(exchange, trades, false))
  }, trades)
  judge(`${exchange}: parsing and reading a frame, per trade`, ns("ours"), "ns")
  judge(`${exchange}: compared with JSON.parse alone`, over(ns("ours"), ns("JSON.parse")), "x", 2)
  judge(`${exchange}: compared with ccxt`, over(ns("ours"), ns("ccxt")), "x", 0.33)
}

const used = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
// An hour of a busy market, with one hundred trades per second.
for (const exchange of exchanges) {
  const pass = read(exchange, recordTrades(exchange, trades, true))
  for (let count = 0; count < 20; count++) pass()
  const before = used()
  for (let count = 0; count < 90; count++) pass()
  const grown = (used() - before) / 1024
  report(`${exchange}: heap growth over 360,000 trades`, `${grown.toFixed(0)} KB`, "<= 100 KB", grown <= 100)
}
process.exitCode = print() ? 0 : 1
