/**
 * Decoders for the rows in Deribit's responses: the names of their fields, and the meaning of their values. Prices and
 * amounts are JSON numbers.
 *
 * @since 0.1.0
 */
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"

const { all, always, at, blank, millis, none, number, orElse, positive, text, when, words, wordsOr } = Wire

// Zero means that there is no value.
const price = (path: string) => at(path, positive(number))

// An instrument is listed as inactive before it opens, and may be locked or halted while it is active. The state may be
// missing.
const state = orElse(
  when(at("state", blank(text)), undefined, always("open")),
  Row.statusOrUnknown("state", {
    open: "open",
    halted: "inactive locked halted settlement",
    closed: "delivered archivized"
  })
)

const TickSizeStep = Row.of({ fromPrice: at("above_price", number), tickSize: at("tick_size", number) })

/**
 * An instrument. A perpetual is a future with the settlement period `perpetual`, and expires in the year 3000.
 *
 * @since 0.1.0
 * @category rows
 */
export const Instrument = Row.of({
  id: at("instrument_name", text),
  kind: all(
    {
      kind: at("kind", wordsOr({ spot: "spot", future: "future" }, undefined)),
      period: at("settlement_period", blank(text))
    },
    ({ kind, period }) => kind === "future" && period === "perpetual" ? "perpetual" : kind
  ),
  inverse: at("instrument_type", wordsOr({ reversed: true }, false)),
  settle: at("settlement_currency", blank(text)),
  base: at("base_currency", text),
  quote: at("quote_currency", text),
  expiry: at("expiration_timestamp", blank(millis)),
  status: all(
    { isActive: at("is_active", words({ true: true, false: false })), state },
    ({ isActive, state }) => isActive || state === "closed" ? state : "halted"
  ),
  tickSize: price("tick_size"),
  tickSizeSteps: at("tick_size_steps", blank(Wire.every(TickSizeStep))),
  lotSize: price("contract_size"),
  minAmount: price("min_trade_amount")
})

/**
 * A ticker. The volume is in the base currency, also of inverse contracts.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.ticker({
  last: price("last_price"),
  bid: price("best_bid_price"),
  ask: price("best_ask_price"),
  open24h: none,
  high24h: price("stats.high"),
  low24h: price("stats.low"),
  volume24h: at("stats.volume", blank(number)),
  at: at("timestamp", millis)
})

/**
 * An order book.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Row.book(Row.levels(number, 0, 1), ["bids", "asks"], {
  at: at("timestamp", millis),
  sequence: at("change_id", text)
})

const side = at("direction", words({ buy: "buy", sell: "sell" }))

/**
 * A public trade. Its side is the taker's.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.tradeAt(millis, number, {
  id: "trade_id",
  side,
  price: "price",
  amount: "amount",
  at: "timestamp"
})

/**
 * A candle. `volume` is in the base currency, and `cost` is in the quote currency.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bar = Row.bar({
  openTime: at("tick", millis),
  open: at("open", number),
  high: at("high", number),
  low: at("low", number),
  close: at("close", number),
  volume: Row.of({ linear: at("volume", number), inverse: at("cost", number) })
})

const columnsOf = Wire.ifAny(Schema.Record({
  key: Schema.Literal("ticks", "open", "high", "low", "close", "volume", "cost"),
  value: Schema.Array(Schema.Unknown)
}))

/**
 * Candles, which arrive by columns.
 *
 * @since 0.1.0
 * @category answers
 */
export const Chart = Wire.pick(
  (value) => {
    const columns = columnsOf(value)
    if (columns === undefined) return Wire.unread
    const { ticks } = columns
    return Object.values(columns).every(({ length }) => length === ticks.length)
      ? ticks.map((tick, row) => ({ ...Record.map(columns, (column) => column[row]), tick }))
      : Wire.unread
  },
  Wire.every(Bar),
  "expected columns of equal length"
)

const type = at("order_type", wordsOr({ limit: "limit", market: "market" }, "other"))

/**
 * An order. The price of a market order is the word `market_price`. The filled amount may be missing if nothing is
 * filled.
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.order({
  ...Row.names({ id: "order_id", market: "instrument_name", clientOrderId: "label" }),
  side,
  type,
  status: Row.status("order_state", {
    open: "open",
    filled: "filled",
    rejected: "rejected",
    canceled: "cancelled",
    pending: "untriggered triggered"
  }),
  price: when(type, "limit", at("price", number)),
  amount: at("amount", blank(number)),
  filled: Row.filled("filled_amount", number, at("order_state", wordsOr({ filled: true }, false))),
  averagePrice: price("average_price"),
  timeInForce: at(
    "time_in_force",
    wordsOr({ good_til_cancelled: "GTC", immediate_or_cancel: "IOC", fill_or_kill: "FOK" }, undefined)
  ),
  postOnly: at("post_only", blank(Schema.Boolean)),
  reduceOnly: at("reduce_only", blank(Schema.Boolean)),
  createdAt: at("creation_timestamp", millis),
  updatedAt: at("last_update_timestamp", blank(millis))
})

/**
 * A fill. The fee is positive if it was paid.
 *
 * @since 0.1.0
 * @category rows
 */
export const Fill: Wire.Row<Row.Fill> = Row.fill({
  ...Row.namesOfFill({ id: "trade_id", orderId: "order_id", market: "instrument_name", clientOrderId: "label" }),
  side,
  price: at("price", number),
  amount: at("amount", number),
  fee: at("fee", blank(number)),
  feeAsset: at("fee_currency", blank(text)),
  liquidity: at("liquidity", wordsOr({ M: "maker", T: "taker" }, "unknown")),
  at: at("timestamp", millis)
})

/**
 * A position. Closed positions stay in the list, with the direction `zero`.
 *
 * @since 0.1.0
 * @category rows
 */
export const Position = Row.position({
  market: at("instrument_name", text),
  side: at("direction", words({ buy: "long", sell: "short" })),
  amount: at("size", number),
  entryPrice: price("average_price"),
  markPrice: price("mark_price"),
  liquidationPrice: price("estimated_liquidation_price"),
  leverage: price("leverage"),
  unrealizedPnl: at("floating_profit_loss", blank(number))
})

const equity = at("equity", number)

/**
 * The balance of a currency: the available funds, and the equity, which is its value if all positions were closed. With
 * cross collateral, the available funds are those of all currencies together, converted to this one.
 *
 * @since 0.1.0
 * @category rows
 */
export const Balance = Row.balance({
  asset: at("currency", text),
  free: all(
    { available: at("available_funds", number), equity },
    ({ available, equity }) => BigDecimal.min(available, equity)
  ),
  total: equity
})
