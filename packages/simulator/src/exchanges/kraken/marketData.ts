import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import { httpDate, type World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle } from "../../engine/Market.js"
import { type Input, iso, list, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import {
  assetRow,
  assets,
  findPair,
  type KrakenListing,
  listings,
  lotDecimals,
  makerFee,
  pairRow,
  shownPrice,
  shownVolume,
  takerFee
} from "./markets.js"
import { type Answering, integer, invalid, oneOf, optional, type Read, refuse, required, shows } from "./params.js"

/** @internal */
export const time = shows({}, (_, { now }) => {
  const [date = "", clock = ""] = httpDate(now).split(/(?<=\d{4}) /)
  // The year has two digits, and the time zone is an offset.
  const rfc1123 = `${date.slice(0, -4)}${date.slice(-2)} ${clock.replace("GMT", "+0000")}`
  return { unixtime: Math.floor(now / 1000), rfc1123 }
})

/** @internal */
export const status = shows({}, (_, { now }) => ({ status: "online", timestamp: iso(now).replace(/\.\d+/, "") }))

/** @internal */
export const assetTable: Answering = (fields) => {
  const wanted = list(fields, "asset")
  const found = wanted.length === 0
    ? assets
    : wanted.map((name) => assets.find(({ altname, id }) => name === id || name === altname))
  const known = found.filter((asset) => asset !== undefined)
  return known.length < found.length
    ? refuse("EQuery:Unknown asset")
    : Either.right([Object.fromEntries(known.map((asset) => [asset.id, assetRow(asset)]))])
}

const selected = (fields: Input): Read<ReadonlyArray<KrakenListing>> => {
  const wanted = list(fields, "pair")
  return wanted.length === 0 ? Either.right(listings) : Either.all(wanted.map(pairOrRefusal))
}

const pairOrRefusal = (name: string): Read<KrakenListing> => {
  const pair = findPair(name)
  return pair === undefined ? refuse("EQuery:Unknown asset pair") : Either.right(pair)
}

/** @internal Reads the pair of a request. */
export const onePair = (fields: Input): Read<KrakenListing> => Either.flatMap(required("pair")(fields), pairOrRefusal)

const byPair = (
  pairs: ReadonlyArray<KrakenListing>,
  row: (pair: KrakenListing) => Json
): Json => Object.fromEntries(pairs.map((pair) => [pair.id, row(pair)]))

/** @internal */
export const pairTable: Answering = (fields) =>
  (text(fields, "info") ?? "info") === "info"
    ? Either.map(selected(fields), (pairs) => [byPair(pairs, pairRow)])
    : invalid("info")

const percent = (fee: BigDecimal.BigDecimal): Json => {
  const text = Decimal.fixed(BigDecimal.multiply(fee, Decimal.literal("100")), 4)
  return { fee: text, minfee: text, maxfee: text, nextfee: null, tiervolume: "0.0000", nextvolume: null }
}

/** @internal Returns the fees of the pairs: the account trades too little for a discount. */
export const tradeVolume: Answering = (fields) =>
  Either.map(text(fields, "pair") === undefined ? Either.right([]) : selected(fields), (pairs) => [{
    currency: "ZUSD",
    volume: "0.0000",
    fees: byPair(pairs, () => percent(takerFee)),
    fees_maker: byPair(pairs, () => percent(makerFee))
  }])

const day = 86_400_000

/** @internal */
export const ticker = shows({ selected }, ({ selected }, world) => byPair(selected, (pair) => tickerRow(pair, world)))

const tickerRow = (pair: KrakenListing, world: World): Json => {
  const quote = world.quote(pair)
  const midnight = Math.floor(world.now / day) * day
  const today = world.candles(pair, day, midnight, midnight)[0]
  const { asks, bids } = Engine.book(world.engine, pair.id, 1)
  const price = (value: BigDecimal.BigDecimal): string => shownPrice(pair, value)
  const best = (level: Engine.Level | undefined, otherwise: Pick<Engine.Level, "price" | "amount">): Json => {
    const { amount, price: at } = level ?? otherwise
    return [price(at), Decimal.fixed(amount, 0), shownVolume(amount)]
  }
  return {
    a: best(asks[0], { price: quote.ask, amount: quote.askSize }),
    b: best(bids[0], { price: quote.bid, amount: quote.bidSize }),
    c: [price(quote.last), Decimal.fixed(quote.lastSize, lotDecimals)],
    v: [today?.volume ?? Decimal.zero, quote.volume].map((volume) => Decimal.fixed(volume, lotDecimals)),
    p: [today ?? quote, quote].map(({ quoteVolume, volume }) => price(Decimal.ratio(quoteVolume, volume, 8))),
    t: [today?.trades ?? 0, quote.trades],
    l: [price((today ?? quote).low), price(quote.low)],
    h: [price((today ?? quote).high), price(quote.high)],
    o: price((today ?? quote).open)
  }
}

/** @internal */
export const depth = shows({ pair: onePair, count: integer("count", 100, 500, 1) }, ({ count, pair }, world) => {
  const { asks, bids } = Engine.book(world.engine, pair.id, count)
  const row = ({ amount, price }: Engine.Level): Json => [
    shownPrice(pair, price),
    shownVolume(amount),
    Math.floor(world.now / 1000)
  ]
  return { [pair.id]: { asks: asks.map(row), bids: bids.map(row) } }
})

// Small values of `since` are in seconds, others in nanoseconds like `last`.
const nanoseconds = (since: string): bigint => since.length > 15 ? BigInt(since) : BigInt(since) * 1_000_000_000n

const recentTrades = 1000

const tape = {
  pair: onePair,
  count: integer("count", recentTrades, recentTrades, 1),
  since: optional("since", /^\d{1,19}$/)
}

/** @internal */
export const trades = shows(tape, ({ count, pair, since }, world) => {
  const known = world.trades(pair, recentTrades)
  const shown = since === undefined
    ? known.slice(-count)
    : known.filter(({ at }) => nanosOf(at) > nanoseconds(since)).slice(0, count)
  const last = shown.at(-1)
  return {
    [pair.id]: shown.map(({ amount, at, id, price, side }): Json => [
      shownPrice(pair, price),
      Decimal.fixed(amount, lotDecimals),
      at / 1000,
      side === "buy" ? "b" : "s",
      "l",
      "",
      id
    ]),
    last: last === undefined ? since ?? String(nanosOf(world.now)) : String(nanosOf(last.at))
  }
})

const nanosOf = (at: number): bigint => BigInt(at) * 1_000_000n

const intervals = ["1", "5", "15", "30", "60", "240", "1440", "10080", "21600"]
const finishedCandles = 720
// The history of a pair is limited to 720 days: adding up more takes seconds.
const history = 720 * day

const bars = { pair: onePair, interval: oneOf("interval", intervals, "1"), since: integer("since", 0) }

/** @internal Returns at most the last 720 finished candles and the open one, or those after `since`. */
export const ohlc = shows(bars, ({ interval, pair, since }, world) => {
  const length = Number(interval) * 60_000
  const running = Math.floor(world.now / length) * length
  const finished = Math.min(finishedCandles, Math.floor(history / length))
  const rows = world.candles(pair, length, running - finished * length, running)
    .filter(({ openTime }) => openTime > since * 1000 || openTime === running)
  return { [pair.id]: rows.map((candle) => candleRow(pair, candle)), last: (running - length) / 1000 }
})

const candleRow = (pair: KrakenListing, candle: Candle): Json => {
  const price = (value: BigDecimal.BigDecimal): string => Decimal.fixed(value, pair.priceDecimals)
  const average = Decimal.ratio(candle.quoteVolume, candle.volume, pair.priceDecimals)
  return [
    candle.openTime / 1000,
    ...[candle.open, candle.high, candle.low, candle.close].map(price),
    BigDecimal.isZero(average) ? "0.0" : price(average),
    Decimal.fixed(candle.volume, lotDecimals),
    candle.trades
  ]
}
