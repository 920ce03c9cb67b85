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
import type * as Engine from "../../engine/Engine.js"
import * as Bars from "../../engine/internal/bars.js"
import { crc32 } from "../../engine/internal/crc32.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { iso } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Topics from "../../internal/watches.js"
import * as Watch from "../../internal/watches.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { type KrakenListing, listings, lotDecimals } from "./markets.js"
import * as Messages from "./messages.js"
import * as PrivateStream from "./privateStream.js"

interface State {
  readonly topics: Topics.Topics
  /** When the server last sent a message. */
  readonly lastSentAt: number
}

const depths = [10, 25, 100, 500, 1000]
const intervals = [1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600]

const wholeOf = (value: unknown, otherwise: number): number => typeof value === "number" ? value : otherwise

const receive = (state: State, text: string, world: World): Streaming.Turn<State> => {
  const request = Messages.requestOf(text)
  const turn = (frames: ReadonlyArray<Streaming.Frame>, next: State): Streaming.Turn<State> => ({
    frames,
    next: { ...next, lastSentAt: world.now }
  })
  const other = Messages.respondToOther(request, world)
  if (request === undefined || other !== undefined) return turn(other === undefined ? [] : [other], state)
  const { method, params } = request
  const answer = Messages.responseTo(request, world)
  const symbols = Array.isArray(params["symbol"]) ? params["symbol"] : []
  const frames: Array<Streaming.Frame> = []
  let { topics } = state
  for (const symbol of symbols) {
    const found = subjectOf(params, symbol)
    if (typeof found === "string") {
      frames.push(answer({ error: found, success: false, symbol: String(symbol) }))
      continue
    }
    const [key, subject] = found
    const channel = String(params["channel"])
    const isThere = topics.has(key)
    if (isThere === (method === "subscribe")) {
      const error = isThere ? "Already subscribed" : "Subscription Not Found"
      frames.push(answer({ error, success: false, symbol: String(symbol) }))
      continue
    }
    frames.push(answer({
      result: {
        channel,
        symbol: String(symbol),
        ...channel === "book" ? { depth: wholeOf(params["depth"], 10), snapshot: true } : {},
        ...channel === "ohlc" ? { interval: wholeOf(params["interval"], 1) } : {}
      },
      success: true
    }))
    topics = method === "subscribe" ? Topics.add(topics, key, subject) : Topics.remove(topics, [key])
  }
  const [data, next] = Topics.poll(topics, world, framesOf)
  return turn([...frames, ...data], { ...state, topics: next })
}

const subjectOf = (
  params: { readonly [name: string]: unknown },
  symbol: unknown
): readonly [string, Watch.Subject] | string => {
  const listing = listings.find((one) => one.symbol === symbol)
  if (listing === undefined) return `Currency pair not supported ${String(symbol)}`
  const { channel } = params
  switch (channel) {
    case "ticker":
      return [`ticker ${listing.symbol}`, { _tag: "Ticker", listing }]
    case "trade":
      return [`trade ${listing.symbol}`, { _tag: "Trades", listing, recent: params["snapshot"] === true ? 50 : 0 }]
    case "book": {
      const depth = wholeOf(params["depth"], 10)
      return depths.includes(depth)
        ? [`book ${listing.symbol} ${depth}`, { _tag: "Book", listing, depth }]
        : "Subscription depth not supported"
    }
    case "ohlc": {
      const interval = wholeOf(params["interval"], 1)
      return intervals.includes(interval)
        ? [`ohlc ${listing.symbol} ${interval}`, { _tag: "Candles", listing, bars: Bars.fixed(interval * 60_000) }]
        : "Subscription interval not supported"
    }
    default:
      return `Subscription name invalid ${String(channel)}`
  }
}

const pass = (state: State, world: World): Streaming.Turn<State> => {
  const [frames, topics] = Topics.poll(state.topics, world, framesOf)
  const isQuiet = frames.length === 0 && topics.size > 0 && world.now - state.lastSentAt >= 1000
  const output = isQuiet ? [Messages.heartbeat] : frames
  return { frames: output, next: { topics, lastSentAt: output.length > 0 ? world.now : state.lastSentAt } }
}

const listingOf = ({ subject }: Watch.Watch): KrakenListing | undefined =>
  "listing" in subject ? listings.find(({ id }) => id === subject.listing.id) : undefined

const framesOf = (watch: Watch.Watch, change: Watch.Change, world?: World): ReadonlyArray<Streaming.Frame> => {
  const pair = listingOf(watch)
  if (pair === undefined) return []
  const { symbol } = pair
  const price = (value: BigDecimal.BigDecimal): BigDecimal.BigDecimal => BigDecimal.scale(value, pair.priceDecimals)
  const envelope = (channel: string, isFirst: boolean, data: ReadonlyArray<Json>): Json => ({
    channel,
    type: isFirst ? "snapshot" : "update",
    data
  })
  switch (change._tag) {
    case "Ticker": {
      const { book, quote } = change
      const [ask, bid] = [book.asks[0], book.bids[0]]
      return [Topics.data(envelope("ticker", change.isFirst, [{
        symbol,
        bid: bid?.price ?? quote.bid,
        bid_qty: bid?.amount ?? quote.bidSize,
        ask: ask?.price ?? quote.ask,
        ask_qty: ask?.amount ?? quote.askSize,
        last: quote.last,
        volume: quote.volume,
        vwap: Decimal.ratio(quote.quoteVolume, quote.volume, pair.priceDecimals),
        low: quote.low,
        high: quote.high,
        change: BigDecimal.subtract(quote.last, quote.open),
        change_pct: 0
      }]))]
    }
    case "Trades":
      return [Topics.data(envelope(
        "trade",
        change.isFirst,
        change.trades.map(({ amount, at, id, price, side }) => ({
          symbol,
          side,
          price,
          qty: amount,
          ord_type: "limit",
          trade_id: id,
          timestamp: iso(at)
        }))
      ))]
    case "Candles":
      return [Topics.data(envelope(
        "ohlc",
        change.isFirst,
        change.candles.map((candle) => ({
          symbol,
          open: candle.open,
          high: candle.high,
          low: candle.low,
          close: candle.close,
          vwap: Decimal.ratio(candle.quoteVolume, candle.volume, pair.priceDecimals),
          trades: candle.trades,
          volume: candle.volume,
          interval_begin: iso(candle.openTime),
          interval: (Watch.endOf(watch, candle) - candle.openTime) / 60_000
        }))
      ))]
    case "Book": {
      const levels = (side: ReadonlyArray<Watch.Level>): Json =>
        side.map(({ amount, price: at }) => ({ price: price(at), qty: amount }))
      const frame = (checksum: number, asks: ReadonlyArray<Watch.Level>) =>
        envelope("book", change.isFirst, [{
          symbol,
          bids: levels(change.bids),
          asks: levels(asks),
          checksum,
          ...change.isFirst || world === undefined ? {} : { timestamp: iso(world.now) }
        }])
      const checksum = checksumOf(pair, change.whole)
      return [Topics.data(frame(checksum, change.asks), {
        checksum: frame((checksum + 1) % 2 ** 32, change.asks),
        crossed: change.crossed && frame(checksum, change.crossed)
      })]
    }
    default:
      return []
  }
}

const checksumOf = (pair: KrakenListing, { asks, bids }: Engine.Book): number => {
  const digits = (value: BigDecimal.BigDecimal, decimals: number): string =>
    Decimal.fixed(value, decimals).replace(".", "").replace(/^0+/, "")
  const text = [...asks.slice(0, 10), ...bids.slice(0, 10)]
    .map(({ amount, price }) => digits(price, pair.priceDecimals) + digits(amount, lotDecimals))
  return crc32(text.join(""))
}

/** @internal The simulator has one host for both streams, so the private stream has its own path. */
export const streaming: Streaming.Streaming = {
  open: (target) => {
    if (target.startsWith("/ws-auth/v2")) return PrivateStream.conversation
    return target.startsWith("/v2")
      ? Streaming.make<State>({
        initial: { topics: Topics.none, lastSentAt: 0 },
        begin: (state, world) => ({ frames: [Messages.greeting], next: { ...state, lastSentAt: world.now } }),
        receive,
        pass
      })
      : undefined
  }
}
