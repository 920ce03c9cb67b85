/**
 * Decoders for the rows in BitMEX's responses: the names of their fields, and the meaning of their values. Numbers are
 * JSON numbers. Quantities are in contracts, or for spot in minor units of the base currency. A field that would be
 * null or empty may be missing.
 *
 * @since 0.1.0
 */
import { Decimal, type KeyPermissions } from "@effect-exchange/core"
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"

const { all, at, blank, isoTime, map, meaning, meaningOr, number, orElse, orZero, positive, text, words, wordsOr } =
  Wire

const optional = (path: string) => at(path, blank(number))
const price = (path: string) => at(path, positive(number))
const name = (path: string) => at(path, blank(text))
const flag = (path: string) => at(path, blank(Schema.Boolean))
const aboveZero = number.pipe(Schema.positiveBigDecimal())
// An amount in minor units of a currency, always a whole number.
const minor = number.pipe(Schema.filter(BigDecimal.isInteger))
const symbol = at("symbol", text)
const side = at("side", words({ Buy: "buy", Sell: "sell" }))
const isSided = at("side", wordsOr({ Buy: true, Sell: true }, false))

/**
 * The minor units that are known without a request, by their case-sensitive codes. One unit of the asset is 10^`places`
 * minor units.
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

// BitMEX calls `BTC` `XBT`, and its minor unit `XBt`.
const asset = (path: string) =>
  map(at(path, text), (code) => minorUnits.get(code)?.asset ?? (code === "XBT" ? "BTC" : code.toUpperCase()))

// The other types are indices, spreads and predictions, which have no symbol in this library's notation.
const kind = at("typ", meaning({ spot: "IFXXXP", perpetual: "FFWCSX FFWCSF FFSCSX", future: "FFCCSX" }))
const inverse = all(
  { kind, isInverse: flag("isInverse") },
  ({ isInverse = false, kind }) => isInverse && kind !== "spot"
)

// The number of contracts per coin. It is missing for quanto contracts, whose value in the coin changes with the price.
const perCoin = orElse(price("underlyingToPositionMultiplier"), price("underlyingToSettleMultiplier"))

// An inverse contract is worth one unit of the quote currency, whatever that buys.
const multiplier = all(
  { inverse, perCoin },
  ({ inverse, perCoin }) => inverse ? Decimal.one : perCoin && BigDecimal.unsafeDivide(Decimal.one, perCoin)
)

const amount = (size: Wire.Field<BigDecimal.BigDecimal | undefined>) =>
  all(
    { size, multiplier },
    ({ multiplier, size }) => size && multiplier && BigDecimal.normalize(BigDecimal.multiply(size, multiplier))
  )

const lot = amount(price("lotSize"))

/**
 * An instrument that is a market. `multiplier` is the value of one unit of quantity in the base currency. This includes
 * spot markets, whose quantities are in minor units. For inverse contracts it is 1, in the quote currency.
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
  // Without its day, a future would be taken for the perpetual of the same assets.
  expiry: Wire.when(kind, "future", map(at("expiry", text), (day) => day.slice(2, 10).replaceAll("-", ""))),
  inverse,
  multiplier,
  tickSize: price("tickSize"),
  // Quantities are whole numbers, so the smallest step is one unit.
  lotSize: orElse(lot, multiplier),
  minAmount: lot,
  maxAmount: amount(at("maxOrderQty", Wire.lenient(aboveZero))),
  maxPrice: price("maxPrice")
})

// The type must be present: every field of a ticker may be missing, and orders, trades and candles also have a symbol
// and a time.
const instrument = all({ symbol, type: at("typ", text) }, ({ symbol }) => symbol)

/**
 * An instrument as a ticker. The prices of spreads may be negative; such prices are read as missing.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.tickerOf({
  market: instrument,
  last: price("lastPrice"),
  bid: price("bidPrice"),
  ask: price("askPrice"),
  open24h: price("prevPrice24h"),
  high24h: price("highPrice"),
  low24h: price("lowPrice"),
  volume24h: optional("homeNotional24h"),
  at: at("timestamp", isoTime)
})

/**
 * An announcement.
 *
 * @since 0.1.0
 * @category rows
 */
export const Announcement = Row.of({ title: name("title") })

/**
 * A level of one side of the order book. Levels without a price have been observed.
 *
 * @since 0.1.0
 * @category rows
 */
export const Level = Row.of({ side, price: optional("price"), amount: at("size", number) })

const trade = Row.trade({
  id: at("trdMatchID", text),
  side,
  price: at("price", number),
  amount: at("size", aboveZero),
  at: at("timestamp", isoTime)
})

/**
 * A row of the trade table: a public trade, where `side` is the taker's. The table also has the prints of indices,
 * without a side or a size.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.of({ trade: Wire.when(isSided, true, trade) })

/**
 * The trades of an interval. `timestamp` is when the interval ENDS, and `open` is the close of the previous interval.
 * If nothing was traded, there are no prices.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bucket = Row.of({
  end: at("timestamp", isoTime),
  open: optional("open"),
  high: optional("high"),
  low: optional("low"),
  close: optional("close"),
  volume: at("volume", orZero(number))
})

/**
 * A currency that the account can hold. `currency` is the case-sensitive code of its minor unit. One unit of the asset
 * is 10^`scale` minor units.
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
 * The margin of a currency, in whole numbers of its minor unit.
 *
 * @since 0.1.0
 * @category rows
 */
export const Margin = Row.of({
  currency: at("currency", text),
  total: at("marginBalance", minor),
  free: at("availableMargin", minor)
})

// The allow-list may be in both fields, and may contain values that are not strings.
const ranges = all(
  { cidr: name("cidr"), cidrs: at("cidrs", blank(Schema.Array(Schema.Unknown))) },
  ({ cidr, cidrs = [] }) => cidr === undefined ? cidrs : [...cidrs, cidr]
)

/**
 * A key with its permissions. `permissions` may contain `order`, `orderCancel` and `withdraw`, and values that are not
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

const hasInstruction = (...words: ReadonlyArray<string>) =>
  map(at("execInst", blank(Wire.listed)), (instructions = []) => instructions.some((word) => words.includes(word)))

/**
 * An order. BitMEX does not report when an order was created. `createdAt` is `transactTime`, when it last traded or
 * changed.
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
  price: optional("price"),
  amount: at("orderQty", blank(number)),
  filled: Row.filled("cumQty", number, at("ordStatus", wordsOr({ Filled: true, PartiallyFilled: true }, false))),
  averagePrice: optional("avgPx"),
  timeInForce: at("timeInForce", timeInForce),
  postOnly: hasInstruction("ParticipateDoNotInitiate"),
  reduceOnly: hasInstruction("ReduceOnly", "Close"),
  createdAt: at("transactTime", blank(isoTime)),
  updatedAt: at("timestamp", blank(isoTime))
})

/**
 * A row in the response to the cancellation of several orders. An `error` means that the order was not canceled.
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
  // One part of the exchange sends "AddedLiquidity", another one "Added".
  liquidity: at(
    "lastLiquidityInd",
    meaningOr({ maker: "AddedLiquidity Added", taker: "RemovedLiquidity Removed" }, "unknown")
  ),
  at: at("transactTime", isoTime)
})

/**
 * A row of the trade history. Besides trades, the history has funding payments and settlements. `execComm` is the fee,
 * negative for a rebate, in minor units of `execCommCcy` or, without one, of `settlCurrency`. Here `feeAsset` is the
 * code of that minor unit.
 *
 * @since 0.1.0
 * @category rows
 */
export const Execution = Row.entry(name("execID"), fill, isFill)

const position = Row.position({
  market: symbol,
  side: map(at("currentQty", number), (size) => BigDecimal.isNegative(size) ? "short" : "long"),
  amount: at("currentQty", number),
  entryPrice: optional("avgEntryPrice"),
  markPrice: optional("markPrice"),
  liquidationPrice: optional("liquidationPrice"),
  // The leverage of a cross margin position belongs to the whole account.
  leverage: Wire.unless(flag("crossMargin"), true, optional("leverage")),
  unrealizedPnl: at("unrealisedPnl", blank(minor))
})

/**
 * A position. `currentQty` is negative for a short position. `unrealisedPnl` is in minor units of `currency`.
 *
 * @since 0.1.0
 * @category rows
 */
export const Position = Row.withFields(position, { currency: at("currency", text) })
