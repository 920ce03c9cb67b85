/**
 * What BitMEX's rows are called, and what their words mean. Numbers are JSON numbers, quantities contracts or, of spot,
 * minor units of the base currency, and a field that would be null or empty may be left out.
 *
 * @since 0.1.0
 */
import type { KeyPermissions } from "@effect-exchange/core"
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"

const { all, at, blank, isoTime, map, meaning, meaningOr, number, orElse, orZero, positive, text, words, wordsOr } =
  Wire

const price = (path: string) => at(path, blank(number))
const above = (path: string) => at(path, positive(number))
const name = (path: string) => at(path, blank(text))
const flag = (path: string) => at(path, blank(Schema.Boolean))
const aboveZero = number.pipe(Schema.positiveBigDecimal())
// A whole number of the minor unit of a currency.
const minor = number.pipe(Schema.filter(BigDecimal.isInteger))
const symbol = at("symbol", text)
const side = at("side", words({ Buy: "buy", Sell: "sell" }))
const isSided = at("side", wordsOr({ Buy: true, Sell: true }, false))

/**
 * Minor units by their case-sensitive codes: those that need not be asked for, of which asset, and how many decimal places
 * of it.
 *
 * @since 0.1.0
 * @category constants
 */
export const minorUnits = new Map([
  ["XBt", { asset: "BTC", places: 8 }],
  ["USDt", { asset: "USDT", places: 6 }],
  ["Gwei", { asset: "ETH", places: 9 }],
  ["RLUSd", { asset: "RLUSD", places: 6 }],
  ["MAMUSd", { asset: "MAMUSD", places: 6 }],
  ["USYc", { asset: "USYC", places: 6 }],
  ["LAMp", { asset: "LAMP", places: 6 }]
])

// `XBT` is `BTC`, and so is its minor unit `XBt`.
const asset = (path: string) =>
  map(at(path, text), (code) => minorUnits.get(code)?.asset ?? (code === "XBT" ? "BTC" : code.toUpperCase()))

// Those that are not here are indices, spreads and predictions, which have no symbol in our notation.
const kind = at("typ", meaning({ spot: "IFXXXP", perpetual: "FFWCSX FFWCSF FFSCSX", future: "FFCCSX" }))
const inverse = all(
  { kind, isInverse: flag("isInverse") },
  ({ isInverse = false, kind }) => isInverse && kind !== "spot"
)

const one = BigDecimal.fromBigInt(1n)

// How many contracts there are to a coin. Where that is not said a contract is worth more or less of the coin as the price
// moves (a quanto contract).
const perCoin = orElse(above("underlyingToPositionMultiplier"), above("underlyingToSettleMultiplier"))

// An inverse contract is a unit of the quote currency, whatever that buys.
const multiplier = all(
  { inverse, perCoin },
  ({ inverse, perCoin }) => inverse ? one : perCoin && BigDecimal.unsafeDivide(one, perCoin)
)

const amount = (size: Wire.Field<BigDecimal.BigDecimal | undefined>) =>
  all(
    { size, multiplier },
    ({ multiplier, size }) => size && multiplier && BigDecimal.normalize(BigDecimal.multiply(size, multiplier))
  )

const lot = amount(above("lotSize"))

/**
 * An instrument that is a market. `multiplier` is what BitMEX's unit of quantity is in the base
 * currency, of spot markets too, whose quantities are in minor units.
 *
 * @since 0.1.0
 * @category rows
 */
export const Instrument = Row.of({
  id: symbol,
  kind,
  status: Row.statusOrUnknown("state", { open: "Open", halted: "Closed", closed: "Settled Unlisted" }),
  base: asset("underlying"),
  quote: asset("quoteCurrency"),
  settle: Wire.when(at("typ", wordsOr({ IFXXXP: true }, false)), false, asset("settlCurrency")),
  // Without its day a future would pass for the perpetual of the same assets.
  expiry: Wire.when(kind, "future", map(at("expiry", text), (day) => day.slice(2, 10).replaceAll("-", ""))),
  inverse,
  multiplier,
  tickSize: above("tickSize"),
  // Quantities are whole numbers.
  lotSize: orElse(lot, multiplier),
  minAmount: lot,
  maxAmount: amount(at("maxOrderQty", Wire.readable(aboveZero))),
  maxPrice: above("maxPrice")
})

// Every field of a ticker may be missing, and BitMEX's orders, trades and candles are of a symbol and a time too.
const instrument = all({ symbol, type: at("typ", text) }, ({ symbol }) => symbol)

/**
 * The same as a ticker. Those of spreads may have prices below zero, which are none to us.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.tickerOf({
  market: instrument,
  last: above("lastPrice"),
  bid: above("bidPrice"),
  ask: above("askPrice"),
  open24h: above("prevPrice24h"),
  high24h: above("highPrice"),
  low24h: above("lowPrice"),
  volume24h: price("homeNotional24h"),
  at: at("timestamp", isoTime)
})

/**
 * @since 0.1.0
 * @category rows
 */
export const Announcement = Row.of({ title: name("title") })

/**
 * One level of one side of the book. A level without a price has been seen.
 *
 * @since 0.1.0
 * @category rows
 */
export const Level = Row.of({ side, price: price("price"), amount: at("size", number) })

const trade = Row.trade({
  id: at("trdMatchID", text),
  side,
  price: at("price", number),
  amount: at("size", aboveZero),
  at: at("timestamp", isoTime)
})

/**
 * A public trade; `side` is the taker's. The prints of an index are in the same table, without a side or a size.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.of({ trade: Wire.when(isSided, true, trade) })

/**
 * What was traded in an interval; `timestamp` is when the interval ENDS, and `open` the close of the one before. Where
 * nothing was traded there are no prices.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bucket = Row.of({
  end: at("timestamp", isoTime),
  open: price("open"),
  high: price("high"),
  low: price("low"),
  close: price("close"),
  volume: at("volume", orZero(number))
})

/**
 * A currency the account can hold: `currency` is the case-sensitive code of its minor unit, `scale` how many decimal
 * places that is of the asset.
 *
 * @since 0.1.0
 * @category rows
 */
export const WalletAsset = Row.of({
  asset: asset("asset"),
  currency: at("currency", text),
  places: at("scale", Schema.Int.pipe(Schema.between(0, 30)))
})

/**
 * Whole numbers of the currency's minor unit.
 *
 * @since 0.1.0
 * @category rows
 */
export const Margin = Row.of({
  currency: at("currency", text),
  total: at("marginBalance", minor),
  free: at("availableMargin", minor)
})

// An allow-list may be there twice, and hold things that are no strings.
const ranges = all(
  { cidr: name("cidr"), cidrs: at("cidrs", blank(Schema.Array(Schema.Unknown))) },
  ({ cidr, cidrs = [] }) => cidr === undefined ? cidrs : [...cidrs, cidr]
)

/**
 * A key with what it may do: `permissions` holds `order`, `orderCancel` and `withdraw`, and may hold things that are no
 * strings.
 *
 * @since 0.1.0
 * @category rows
 */
export const ApiKey = Row.of({
  id: at("id", Schema.String),
  permissions: all(
    { enabled: flag("enabled"), names: at("permissions", Schema.Array(Schema.Unknown)), ranges },
    ({ enabled, names, ranges }): KeyPermissions.KeyPermissions => ({
      read: enabled !== false,
      trade: names.includes("order"),
      withdraw: names.includes("withdraw"),
      ipRestricted: ranges.length > 0 && !ranges.some((range) => range === "0.0.0.0/0" || range === "::/0")
    })
  )
})

const type = at("ordType", wordsOr({ Limit: "limit", Market: "market" }, "other"))

const timeInForce = wordsOr({ GoodTillCancel: "GTC", ImmediateOrCancel: "IOC", FillOrKill: "FOK" }, undefined)

const instructed = (...words: ReadonlyArray<string>) =>
  map(at("execInst", blank(Wire.listed)), (said = []) => said.some((word) => words.includes(word)))

/**
 * An order. BitMEX does not say when it was made, only when it last traded or changed (`transactTime`).
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.order({
  ...Row.names({ id: "orderID", market: "symbol", clientOrderId: "clOrdID" }),
  side,
  type,
  status: Row.status("ordStatus", {
    pending: "PendingNew",
    open: "New PartiallyFilled PendingCancel PendingReplace Triggered",
    filled: "Filled",
    canceled: "Canceled",
    rejected: "Rejected",
    expired: "Expired"
  }),
  price: price("price"),
  amount: at("orderQty", blank(number)),
  filled: Row.filled("cumQty", number, at("ordStatus", wordsOr({ Filled: true, PartiallyFilled: true }, false))),
  averagePrice: price("avgPx"),
  timeInForce: at("timeInForce", timeInForce),
  postOnly: instructed("ParticipateDoNotInitiate"),
  reduceOnly: instructed("ReduceOnly", "Close"),
  createdAt: at("transactTime", blank(isoTime)),
  updatedAt: at("timestamp", blank(isoTime))
})

/**
 * The row of a cancellation of many: it may carry an error instead of having been carried out.
 *
 * @since 0.1.0
 * @category rows
 */
export const Canceled = Row.of({ id: at("orderID", text), error: name("error") })

const isFill = at("execType", wordsOr({ Trade: true, Liquidation: true, Bankruptcy: true }, false))

const fee = at("execComm", blank(minor))
const feeAsset = all(
  { charged: name("execCommCcy"), fee, settled: name("settlCurrency") },
  ({ charged, fee, settled = "" }) => fee && (charged ?? settled)
)

const fill = Row.fill({
  ...Row.namesOfFill({ id: "execID", orderId: "orderID", market: "symbol", clientOrderId: "clOrdID" }),
  side,
  price: at("lastPx", number),
  amount: at("lastQty", number),
  fee,
  feeAsset,
  // "AddedLiquidity" in one place of the exchange is "Added" in another.
  liquidity: at(
    "lastLiquidityInd",
    meaningOr({ maker: "AddedLiquidity Added", taker: "RemovedLiquidity Removed" }, "unknown")
  ),
  at: at("transactTime", isoTime)
})

/**
 * A row of the trade history, which has payments of funding and settlements among the trades. `execComm` is the fee in
 * minor units of `execCommCcy` or, without one, of `settlCurrency`, which is here its asset; negative when it is a rebate.
 *
 * @since 0.1.0
 * @category rows
 */
export const Execution = Row.entry(name("execID"), fill, isFill)

const position = Row.position({
  market: symbol,
  side: map(at("currentQty", number), (size) => BigDecimal.isNegative(size) ? "short" : "long"),
  amount: at("currentQty", number),
  entryPrice: price("avgEntryPrice"),
  markPrice: price("markPrice"),
  liquidationPrice: price("liquidationPrice"),
  // That of a position on cross margin is the whole account's.
  leverage: Wire.unless(flag("crossMargin"), true, price("leverage")),
  unrealizedPnl: at("unrealisedPnl", blank(minor))
})

/**
 * A position: `currentQty` is below zero for a short one, `unrealisedPnl` in minor units of `currency`.
 *
 * @since 0.1.0
 * @category rows
 */
export const Position = Row.beside(position, { currency: at("currency", text) })
