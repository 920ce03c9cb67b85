/**
 * Bybit's public streams, following its documentation of 2026-07:
 *
 * - Each category has its own socket.
 * - Tickers of contracts send only the fields that changed.
 * - Order books have four depths and numbered messages. Depth 1 always sends snapshots.
 *
 * A request with an unknown topic is refused as a whole. The error text is this simulator's choice, as it is not
 * documented.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import { pathOf } from "../../Dialect.js"
import * as Channels from "../../internal/channels.js"
import type { Json } from "../../internal/json.js"
import type * as Watch from "../../internal/watch.js"
import type * as Streaming from "../../Streaming.js"
import * as Connection from "./connection.js"
import { execId, intervals, sizeOf, ticker, turnovers } from "./marketData.js"
import { type Category, price, quantity } from "./markets.js"
import { live, required } from "./params.js"
import * as PrivateStream from "./privateStream.js"

const depths = ["1", "50", "200", "1000"]
const mostArgs = 10
const mostCharacters = 21_000

const nothing: { readonly [name: string]: string } = {}

// Spot tickers are always whole, and do not include the best bid and ask.
const tickers = Channels.remembering(
  nothing,
  Channels.ticker({ listing: live }, ({ listing }, { isFirst }, world) => {
    const isSpot = listing.category === "spot"
    const row = Record.filter(ticker(listing, world), (_, name) => !isSpot || !/^(?:bid|ask)1/.test(name))
    return [{ isWhole: isFirst || isSpot, row, ts: world.now }]
  }),
  (sent, { isWhole, row, ts }) => {
    const data = isWhole ? row : Record.filter(row, (value, name) => name === "symbol" || sent[name] !== value)
    const message = { type: isWhole ? "snapshot" : "delta", ts, data, cs: 24_987_956_059 + ts % 1e9 }
    return [row, Record.size(data) > 1 ? [message] : []]
  }
)

const trades = Channels.trades({ listing: live }, ({ listing }, { trades }, { now: ts }) => {
  const data = trades.map((trade): Json => ({
    T: trade.at,
    s: listing.name,
    S: trade.side === "buy" ? "Buy" : "Sell",
    v: sizeOf(listing, trade),
    p: price(listing, trade.price),
    ...listing.category === "spot" ? {} : { L: "ZeroPlusTick" },
    i: execId(trade),
    BT: false,
    RPI: false,
    seq: trade.id
  }))
  return [{ type: "snapshot", ts, data }]
})

const books = Channels.remembering(
  0,
  Channels.book(
    { listing: live, depth: Channels.named("depth", (depth) => depths.includes(depth) ? Number(depth) : undefined) },
    ({ depth }) => depth,
    ({ depth, listing }, change, { now }) => {
      const { asks, bids } = depth === 1 ? change.whole : change
      const levels = (side: ReadonlyArray<Watch.Level>): Json =>
        side.map((level) => [price(listing, level.price), quantity(listing, level.amount)])
      const type = change.isFirst || depth === 1 ? "snapshot" : "delta"
      const seq = 1_432_604_333 + change.sequence
      const update = (u: number): Connection.Message => ({
        type,
        ts: now,
        data: { s: listing.name, b: levels(bids), a: levels(asks), u, seq },
        cts: now
      })
      return [{ update, sequence: change.sequence }]
    }
  ),
  (last, { sequence, update }) => {
    // Never 1, which Bybit reserves for an order book that was restarted.
    const number = last === 0 ? sequence + 2 : last + 1
    return [number, [update(number)]]
  }
)

const candles = Channels.candles(
  { listing: live, bars: Channels.member("interval", intervals), interval: required("interval") },
  ({ bars, interval, listing }, { candles }, { now }) => {
    const data = candles.map((candle): Json => {
      const [volume, turnover] = turnovers(listing, candle.volume, candle.quoteVolume)
      const end = bars.after(candle.openTime) - 1
      return {
        start: candle.openTime,
        end,
        interval,
        open: price(listing, candle.open),
        close: price(listing, candle.close),
        high: price(listing, candle.high),
        low: price(listing, candle.low),
        volume,
        turnover,
        confirm: now > end,
        timestamp: now
      }
    })
    return [{ type: "snapshot", ts: now, data }]
  }
)

const channels = Channels.table<Connection.Message, unknown>({
  "tickers.{symbol}": tickers,
  "publicTrade.{symbol}": trades,
  "orderbook.{depth}.{symbol}": books,
  "kline.{interval}.{symbol}": candles
})

const conversation = (category: Category): Streaming.Conversation =>
  Connection.make({
    ping: (_, state) => Either.right(["pong", state]),
    unsubscribe: Connection.unsubscribe,
    subscribe: Connection.subscribe(
      channels,
      (names, { topics }) => {
        if (category === "spot" && names.length > mostArgs) return `args size >${mostArgs}`
        return [...topics.keys(), ...names].join("").length > mostCharacters
          ? `args length >${mostCharacters}`
          : undefined
      },
      "subscribe",
      { category }
    )
  })

/** @internal Options have no streams. */
export const streaming: Streaming.Streaming = {
  open: (target) => {
    if (pathOf(target) === "/v5/private") return PrivateStream.conversation
    const category = (["spot", "linear", "inverse"] as const).find((each) => pathOf(target) === `/v5/public/${each}`)
    return category && conversation(category)
  }
}
