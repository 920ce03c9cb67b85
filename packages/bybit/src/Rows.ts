/**
 * Decoders for the rows in Bybit's responses: the names of their fields, and the meaning of their values. Numbers are
 * strings. A field that does not apply is `""`, `null` or missing.
 *
 * Source: Bybit API v5 documentation, "Market", "Trade", "Position", "Account", "User", "Enums Definitions".
 *
 * @since 0.1.0
 */
import { type Balance, Decimal } from "@effect-exchange/core"
import { type Declaration, Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"

const { all, at, blank, decimal, isTrue, map, meaning, meaningOr, millis, orElse, orZero, text, words, wordsOr } = Wire

// Zero means that there is no value: no trade yet, an empty side of the book, or no limit.
const price = (path: string) => at(path, Wire.positive(decimal))

const side = at("side", words({ Buy: "buy", Sell: "sell" }))

// ---- answers

// Bybit sends the cursor percent-encoded (`page_args%3D…%26`) and expects it back in the same form. It is decoded here,
// because every parameter is encoded when it is sent. `decodeURIComponent` throws at bytes that are not UTF-8; cursors
// are ASCII.
const cursor = (text: string | undefined): string | undefined =>
  text === undefined || /%(?![0-9A-Fa-f]{2})/.test(text)
    ? text
    : text.replace(/%([2-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/**
 * Creates a decoder for a page: its rows, and the cursor of the next page.
 *
 * @since 0.1.0
 * @category answers
 */
export const page = <A>(row: Wire.Row<A>) =>
  Wire.answer({ list: at("list", Wire.list(row)), next: map(at("nextPageCursor", blank(Schema.String)), cursor) })

// ---- public data

const contract = at(
  "contractType",
  meaningOr({ perpetual: "LinearPerpetual InversePerpetual", future: "LinearFutures InverseFutures" }, undefined)
)
const inverse = at("contractType", wordsOr({ InversePerpetual: true, InverseFutures: true }, undefined))
// Only spot has a precision. Contracts have a step.
const precision = price("lotSizeFilter.basePrecision")
const kind = all({ contract, precision }, ({ contract, precision }) => precision === undefined ? contract : "spot")

/**
 * A market, either spot (`basePrecision`, `minOrderAmt`, no `contractType`) or contracts. A perpetual also has a
 * delivery time when it is about to be delisted. One inverse contract is one unit of its quote coin.
 *
 * @since 0.1.0
 * @category rows
 */
export const Instrument = Row.of({
  id: at("symbol", text),
  kind,
  status: Row.statusOrUnknown("status", { open: "Trading", halted: "PreLaunch Delivering", closed: "Closed" }),
  base: at("baseCoin", text),
  quote: at("quoteCoin", text),
  settle: at("settleCoin", blank(text)),
  expiry: map(at("deliveryTime", blank(millis)), (at) => at === 0 ? undefined : at),
  inverse,
  multiplier: Wire.when(inverse, true, Wire.always(Decimal.one)),
  tickSize: price("priceFilter.tickSize"),
  minPrice: price("priceFilter.minPrice"),
  maxPrice: price("priceFilter.maxPrice"),
  lotSize: orElse(precision, price("lotSizeFilter.qtyStep")),
  // Spot has this field as well, but it no longer applies.
  minAmount: Wire.unless(kind, "spot", price("lotSizeFilter.minOrderQty")),
  maxAmount: orElse(price("lotSizeFilter.maxLimitOrderQty"), price("lotSizeFilter.maxOrderQty")),
  minNotional: orElse(price("lotSizeFilter.minOrderAmt"), price("lotSizeFilter.minNotionalValue"))
})

/**
 * A ticker, without a timestamp of its own. The volume of inverse contracts is in contracts, and their turnover is in
 * the base coin.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.tickerOf({
  market: at("symbol", text),
  last: price("lastPrice"),
  bid: price("bid1Price"),
  ask: price("ask1Price"),
  open24h: price("prevPrice24h"),
  high24h: price("highPrice24h"),
  low24h: price("lowPrice24h"),
  volume24h: Row.of({ linear: at("volume24h", blank(decimal)), inverse: at("turnover24h", blank(decimal)) }),
  at: Wire.none
})

/**
 * An order book. `ts` is when the snapshot was created, `cts` is when the matching engine produced it, and `u` numbers
 * the states of the book.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Row.book(Row.levels(decimal, 0, 1), ["b", "a"], {
  at: orElse(at("cts", blank(millis)), at("ts", millis)),
  sequence: at("u", text)
})

/**
 * A public trade. Its side is the taker's.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.tradeAt(millis, decimal, { id: "execId", side, price: "price", amount: "size", at: "time" })

/**
 * A candle: start, open, high, low, close and volume. The turnover is not read.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bar = Row.ohlcv(millis, decimal, [0, 1, 2, 3, 4, 5])

const listed = blank(Schema.Array(Schema.Unknown))

/**
 * An announced interruption.
 *
 * - `product`: 1 for futures, 2 for spot.
 * - `serviceTypes`: 1 for trading, 2 for trading over HTTP, 5 for market data. The others are about WebSocket.
 * - `uidSuffix`: not empty if only some users are affected.
 * - `env`: 2 for demo trading.
 *
 * @since 0.1.0
 * @category rows
 */
export const Interruption = Row.of({
  title: at("title", blank(Schema.String)),
  state: at("state", Schema.String),
  products: at("product", listed),
  services: at("serviceTypes", listed),
  users: at("uidSuffix", listed),
  environment: at("env", Schema.Unknown)
})

// ---- account

const granted = all(
  {
    readOnly: at("readOnly", words({ 0: false, 1: true })),
    permissions: at("permissions", Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }))
  },
  ({ permissions, readOnly }) => readOnly ? {} : permissions
)

const may = (name: string, ...actions: ReadonlyArray<string>) =>
  map(granted, (granted) => actions.some((action) => granted[name]?.includes(action) === true))

const ipRestricted = map(at("ips", Schema.Array(Schema.String)), (ips) => ips.length > 0 && !ips.includes("*"))

/**
 * The permissions of the key in use. If `readOnly` is 1, they allow only reading. A key may withdraw if it may move coins
 * out of the wallet, even to an account of the same owner. Only keys without an IP restriction expire. `expiredAt` of the
 * others is in 1970.
 *
 * @since 0.1.0
 * @category answers
 */
export const ApiKey = Wire.answer({
  read: Wire.always(true),
  trade: Wire.anyOf(
    may("ContractTrade", "Order", "Position"),
    may("Spot", "SpotTrade"),
    may("Options", "OptionsTrade"),
    may("Derivatives", "DerivativesTrade")
  ),
  withdraw: may("Wallet", "Withdraw", "AccountTransfer", "SubMemberTransfer", "SubMemberTransferList"),
  ipRestricted,
  expiresAt: Wire.when(ipRestricted, false, map(at("expiredAt", Wire.lenient(Wire.isoTime)), (at) => at || undefined))
})

const held = ["spotBorrow", "locked", "totalOrderIM", "totalPositionIM", "bonus"].map((name) =>
  at(name, orZero(decimal))
)

/**
 * A coin of the unified account. The total is without what is borrowed, which the wallet balance includes. The free
 * amount is not held by orders, positions or a bonus. With cross margin, orders can use more than the free amount,
 * because other coins also count. The margins are `""` under portfolio margin, where only the account has them: see
 * {@link balanceOf}. The value in dollars is zero for a coin that is no collateral.
 *
 * @since 0.1.0
 * @category rows
 */
export const Coin = Row.withFields(
  Row.balance({
    asset: at("coin", text),
    total: Wire.minus(at("walletBalance", decimal), at("spotBorrow", orZero(decimal))),
    free: Wire.minus(at("walletBalance", decimal), ...held)
  }),
  {
    hasMargins: at("totalPositionIM", wordsOr({ "": false }, true)),
    equity: at("equity", blank(decimal)),
    value: at("usdValue", blank(decimal))
  }
)

/**
 * Returns `true` if no more of a coin is free than the whole account has available: a collateral without margins of its
 * own.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBoundByAccount = ({ equity, hasMargins, value }: Wire.Type<typeof Coin>): boolean =>
  !hasMargins && equity !== undefined && value !== undefined && !BigDecimal.isZero(value)

/**
 * Returns the balance of a coin, given what is available in the whole account, in dollars. Without margins of its own,
 * no more of a coin is free than the account has available.
 *
 * @since 0.1.0
 * @category rows
 */
export const balanceOf =
  (available: BigDecimal.BigDecimal | undefined) =>
  ({ equity, hasMargins, row, value }: Wire.Type<typeof Coin>): Balance.Balance => {
    if (hasMargins || available === undefined || equity === undefined) return row
    if (value === undefined || BigDecimal.isZero(value)) return row
    const most = Decimal.unsafeQuotient(BigDecimal.multiply(available, equity), value)
    return { ...row, free: Decimal.of(BigDecimal.min(row.free, most)) }
  }

/**
 * What is available in the whole account, in dollars.
 *
 * @since 0.1.0
 * @category rows
 */
export const available = at("totalAvailableBalance", blank(decimal))

/**
 * The balances of an account.
 *
 * @since 0.1.0
 * @category answers
 */
export const Wallet = Wire.one(
  all({ available, coins: at("coin", Wire.every(Coin)) }, ({ available, coins }) => coins.map(balanceOf(available)))
)

/**
 * A position. Without a position, the side is `""` or `None`, and the size is zero.
 *
 * @since 0.1.0
 * @category rows
 */
export const Position = Row.position({
  market: at("symbol", text),
  side: at("side", words({ Buy: "long", Sell: "short" })),
  amount: at("size", decimal),
  entryPrice: price("avgPrice"),
  markPrice: price("markPrice"),
  liquidationPrice: price("liqPrice"),
  leverage: price("leverage"),
  unrealizedPnl: at("unrealisedPnl", blank(decimal))
})

/**
 * A kind of order on spot: a plain order, an order with a trigger whose amount is held before it (`tpslOrder`) or only
 * after it (`StopOrder`), and two kinds of pairs of orders.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "Order" | "tpslOrder" | "StopOrder" | "OcoOrder" | "BidirectionalTpslOrder"

const orderType = at("orderType", wordsOr({ Limit: "limit", Market: "market" }, "other"))
const unit = at("marketUnit", blank(text))

const order = Row.order({
  ...Row.names({ id: "orderId", market: "symbol", clientOrderId: "orderLinkId" }),
  side,
  type: all(
    { trigger: at("stopOrderType", blank(text)), type: orderType },
    ({ trigger = "UNKNOWN", type }) => trigger === "UNKNOWN" ? type : "other"
  ),
  status: Row.status("orderStatus", {
    open: "New PartiallyFilled",
    pending: "Untriggered Triggered",
    filled: "Filled",
    canceled: "Cancelled PartiallyFilledCanceled Deactivated",
    rejected: "Rejected"
  }),
  price: price("price"),
  amount: all(
    { type: orderType, unit, size: at("qty", decimal) },
    ({ size, type, unit }) => type === "market" && unit === "quoteCoin" ? undefined : size
  ),
  filled: at("cumExecQty", decimal),
  averagePrice: price("avgPrice"),
  timeInForce: at("timeInForce", meaningOr({ GTC: "GTC PostOnly RPI", IOC: "IOC", FOK: "FOK" }, undefined)),
  postOnly: at("timeInForce", wordsOr({ PostOnly: true, RPI: true }, false)),
  reduceOnly: at("reduceOnly", isTrue),
  createdAt: at("createdTime", millis),
  updatedAt: at("updatedTime", blank(millis))
})

/**
 * An order. `unit` is that of its size if it is reported. `isMarket` is `true` if it trades at the market price, even
 * if only after a trigger. `kind` is that of an order with a trigger on spot. The ids of spot orders have 19 digits,
 * more than a number holds. A `Cancelled` order may be partially filled, for which spot has a status of its own.
 * `Untriggered` and `Triggered` orders are not in the book yet.
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.withFields(order, {
  unit,
  isMarket: map(orderType, (type) => type === "market"),
  kind: at("stopOrderType", wordsOr({ tpslOrder: "tpslOrder" }, "StopOrder"))
})

const fill = Row.fill({
  ...Row.namesOfFill({ id: "execId", orderId: "orderId", market: "symbol", clientOrderId: "orderLinkId" }),
  side,
  price: at("execPrice", decimal),
  amount: at("execQty", decimal),
  fee: at("execFee", blank(decimal)),
  feeAsset: at("feeCurrency", blank(text)),
  liquidity: at("isMaker", wordsOr({ true: "maker", false: "taker" }, "unknown")),
  at: at("execTime", millis)
})

const isTrade = meaning({
  trade: "Trade AdlTrade BustTrade BlockTrade MovePosition FutureSpread",
  other: "Funding Delivery Settle CorporateAction ForwardSplitSettle ReverseSplitSettle Dividend"
})

/**
 * An execution. It has a fill if something was bought or sold, including by liquidation or deleveraging. It has none if
 * funding or a dividend was paid, a contract settled, or a stock was split. The fee of a contract is in its settlement
 * coin, which the row does not name. The fee is negative for a rebate.
 *
 * @since 0.1.0
 * @category rows
 */
export const Execution = Row.entry(at("execId", text), fill, map(at("execType", isTrade), (what) => what === "trade"))

// ---- trading

/**
 * The acknowledgement of an order, an amendment or a cancellation: it was accepted, but not necessarily carried out.
 *
 * @since 0.1.0
 * @category answers
 */
export const Taken = Wire.answer({ id: at("orderId", text) })

/**
 * The response to a batch: two lists in the order of the request. The first has the ids of the accepted orders, and the
 * second has the result of each order (`code` 0 for success).
 *
 * @since 0.1.0
 * @category answers
 */
export const Batch = Wire.one(
  all({
    ids: at("result.list", Schema.Array(Wire.within("orderId", blank(text)))),
    outcomes: at(
      "retExtInfo.list",
      Schema.Array(Wire.answer({
        code: map(at("code", Schema.Int), String),
        text: map(at("msg", blank(Schema.String)), (text = "") => text)
      }))
    )
  }, ({ ids, outcomes }) =>
    outcomes.map((outcome, index): Declaration.Outcome => {
      const accepted = ids[index]
      if (outcome.code !== "0") return { refused: outcome }
      return accepted === undefined ? undefined : { accepted }
    }))
)

/**
 * The ids of the canceled orders.
 *
 * @since 0.1.0
 * @category answers
 */
export const CanceledAll = Wire.answer({ ids: at("list", Schema.Array(Wire.within("orderId", text))) })
