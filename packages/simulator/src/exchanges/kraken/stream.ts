/**
 * Kraken's WebSocket v2, following its documentation of 2026-11:
 *
 * - Each symbol gets its own acknowledgement.
 * - A heartbeat is sent after each second without another message.
 * - Order books have a CRC-32 checksum over the best ten levels of each side.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import { crc32 } from "../../engine/internal/crc32.js"
import * as Decimal from "../../engine/internal/decimal.js"
import * as Channels from "../../internal/channels.js"
import type { Reader } from "../../internal/fields.js"
import { type Input, iso } from "../../internal/inputs.js"
import { encode, type Json } from "../../internal/json.js"
import type * as Watch from "../../internal/watch.js"
import type * as Streaming from "../../Streaming.js"
import { type KrakenListing, listings, lotDecimals } from "./markets.js"
import * as Messages from "./messages.js"
import * as PrivateStream from "./privateStream.js"

const numberIn = (input: Input, name: string, otherwise: number): number => {
  const value = input[name]
  return typeof value === "number" ? value : otherwise
}

const oneOf = (name: string, numbers: ReadonlyArray<number>, otherwise: number): Reader<number, string> => (input) =>
  Either.filterOrLeft(
    Either.right(numberIn(input, name, otherwise)),
    (number) => numbers.includes(number),
    () => `Subscription ${name} not supported`
  )

const listing: Reader<KrakenListing, string> = ({ symbol }) =>
  Either.fromNullable(
    listings.find((one) => one.symbol === symbol),
    () => `Currency pair not supported ${String(symbol)}`
  )

const interval = oneOf("interval", [1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600], 1)

const message = (channel: string, isFirst: boolean, ...data: ReadonlyArray<Json>): Json => ({
  channel,
  type: isFirst ? "snapshot" : "update",
  data
})

const checksumOf = (pair: KrakenListing, { asks, bids }: Engine.Book): number => {
  const digits = (value: BigDecimal.BigDecimal, decimals: number): string =>
    Decimal.fixed(value, decimals).replace(".", "").replace(/^0+/, "")
  const text = [...asks.slice(0, 10), ...bids.slice(0, 10)]
    .map(({ amount, price }) => digits(price, pair.priceDecimals) + digits(amount, lotDecimals))
  return crc32(text.join(""))
}

const channels = Channels.table<Json, string>({
  ticker: Channels.ticker({ listing }, ({ listing: { priceDecimals, symbol } }, { book, isFirst, quote }) => {
    const { asks: [ask], bids: [bid] } = book
    return [message("ticker", isFirst, {
      symbol,
      bid: bid?.price ?? quote.bid,
      bid_qty: bid?.amount ?? quote.bidSize,
      ask: ask?.price ?? quote.ask,
      ask_qty: ask?.amount ?? quote.askSize,
      last: quote.last,
      volume: quote.volume,
      vwap: Decimal.ratio(quote.quoteVolume, quote.volume, priceDecimals),
      low: quote.low,
      high: quote.high,
      change: BigDecimal.subtract(quote.last, quote.open),
      change_pct: 0
    })]
  }),
  trade: Channels.trades(
    { listing, recent: ({ snapshot }) => Either.right(snapshot === true ? 50 : 0) },
    ({ listing: { symbol } }, { isFirst, trades }) => {
      const rows = trades.map(({ amount, at, id, price, side }) => {
        return { symbol, side, price, qty: amount, ord_type: "limit", trade_id: id, timestamp: iso(at) }
      })
      return [message("trade", isFirst, ...rows)]
    },
    ({ recent }) => recent
  ),
  ohlc: Channels.candles(
    { listing, bars: (...asked) => Either.map(interval(...asked), (minutes) => Bars.fixed(minutes * 60_000)) },
    ({ bars, listing: { priceDecimals, symbol } }, { candles, isFirst }) => {
      const rows = candles.map(({ close, high, low, open, openTime, quoteVolume, trades, volume }) => ({
        symbol,
        open,
        high,
        low,
        close,
        vwap: Decimal.ratio(quoteVolume, volume, priceDecimals),
        trades,
        volume,
        interval_begin: iso(openTime),
        interval: bars.unit / 60_000
      }))
      return [message("ohlc", isFirst, ...rows)]
    }
  ),
  book: Channels.book(
    { listing, depth: oneOf("depth", [10, 25, 100, 500, 1000], 10) },
    ({ depth }) => depth,
    ({ listing }, { asks, bids, isFirst, whole }, { now }, fault) => {
      const levels = (side: ReadonlyArray<Watch.Level>): Json =>
        side.map(({ amount, price }) => ({ price: BigDecimal.scale(price, listing.priceDecimals), qty: amount }))
      const checksum = (checksumOf(listing, whole) + (fault === "checksum" ? 1 : 0)) % 2 ** 32
      const sides = { symbol: listing.symbol, bids: levels(bids), asks: levels(asks), checksum }
      return [message("book", isFirst, isFirst ? sides : { ...sides, timestamp: iso(now) })]
    }
  )
})

const socket = Messages.make(({ params }, _, world) => {
  const { channel: name, symbol: symbols } = params
  return (Array.isArray(symbols) ? symbols : []).map((one: unknown) => {
    const [channel, symbol, input] = [String(name), String(one), { ...params, symbol: one }]
    const result = {
      channel,
      symbol,
      ...channel === "book" ? { depth: numberIn(params, "depth", 10), snapshot: true } : {},
      ...channel === "ohlc" ? { interval: numberIn(params, "interval", 1) } : {}
    }
    const found = Either.andThen(listing(input, world), () => channels(channel, world, input))
    return {
      key: encode(result),
      symbol,
      result,
      channel: Either.mapLeft(found, (refusal) => refusal ?? `Subscription name invalid ${channel}`)
    }
  })
})

/** @internal The simulator has one host for both streams, so the private stream has its own path. */
export const streaming: Streaming.Streaming = {
  open: (target) => {
    if (target.startsWith("/ws-auth/v2")) return PrivateStream.conversation
    return target.startsWith("/v2") ? socket : undefined
  }
}
