/**
 * Deribit's methods, each under its own name. All of them are `GET`s, those that trade as well.
 *
 * Source: docs.deribit.com, API v2.
 *
 * @since 0.1.0
 */
import { Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import type * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import * as Rows from "./Rows.js"

const { takes } = Endpoint

/**
 * What Deribit meters: pools that refill all the time, of which a little is left, as requests do not arrive as evenly as they
 * leave. What an address without a key may ask is not published; it is taken to be what a key may.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.bucket(90, 19),
  instruments: Limit.bucket(40, 0.9),
  // A cancellation by name looks the order up first.
  account: Limit.bucket(90, 19, { per: "key", reserved: 20 }),
  matching: Limit.bucket(18, 4.8, { per: "key" }),
  // Requests to subscribe have a pool of their own, however many channels they name.
  subscriptions: Limit.bucket(9, 3.1)
}

/**
 * How many orders or trades one request gives.
 *
 * @since 0.1.0
 * @category constants
 */
export const pageSize = 1000

const shared = { limits, root: "/api/v2/private/", within: "result" } as const
const open = Endpoint.family({ ...shared, capability: "marketData", root: "/api/v2/public/", cost: { ip: 1 } })
const read = Endpoint.family({ ...shared, capability: "account", cost: { account: 1 } })
const write = Endpoint.family({ ...shared, capability: "trading", cost: { matching: 1 } })

/**
 * An instrument, as every method about one calls it.
 *
 * @since 0.1.0
 * @category models
 */
export type Named = { readonly instrument_name: string }

const named = takes<Named>()

/**
 * Tells the exchange's clock.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getTime = open("get_time", "get_time", { answer: Wire.millis })

/**
 * Tells what trading is locked: nothing (`false`), some currencies (`partial`), or all (`true`).
 *
 * @since 0.1.0
 * @category endpoints
 */
export const status = open("status", "status", {
  within: "",
  answer: Wire.answer({
    status: Wire.at(
      "result.locked",
      Wire.wordsOr({ false: "operational", partial: "limited", true: "maintenance" }, "unknown")
    ),
    at: Wire.at("usOut", Wire.readable(Wire.micros))
  })
})

/**
 * Lists the instruments of a kind, of every currency (`any`). It is metered by itself, a request a second.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getInstruments = open("get_instruments", "get_instruments", {
  input: takes<{ currency: string; kind: string; expired?: boolean }>(),
  answer: Wire.list(Rows.Instrument),
  cost: { ip: 1, instruments: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker = open("ticker", "ticker", { input: named, answer: Rows.Ticker })

/**
 * `depth` is 1, 5, 10, 20, 50, 100, 1000 or 10000.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderBook = open("get_order_book", "get_order_book", {
  input: takes<Named & { depth: number }>(),
  answer: Rows.Book
})

/**
 * `count` is at most 1000.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getLastTrades = open("get_last_trades_by_instrument", "get_last_trades_by_instrument", {
  input: takes<Named & { count: number; sorting: "asc" | "desc" }>(),
  within: "result.trades",
  answer: Wire.list(Rows.Trade)
})

/**
 * Candles that open from one instant to another, both included.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getChart = open("get_tradingview_chart_data", "get_tradingview_chart_data", {
  input: takes<Named & { start_timestamp: number; end_timestamp: number; resolution: string }>(),
  answer: Rows.Chart
})

/**
 * Opens a session; of its answer what the key may do is read.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const auth = Endpoint.family({
  ...shared,
  capability: "account",
  root: "/api/v2/public/",
  cost: { account: 1 }
})(
  "auth",
  "auth",
  {
    scheme: "parameters",
    input: takes<{ grant_type: "client_signature" }>(),
    within: "result.scope",
    answer: Schema.String
  }
)

/**
 * @since 0.1.0
 * @category endpoints
 */
export const getAccountSummaries = read("get_account_summaries", "get_account_summaries", {
  within: "result.summaries",
  answer: Wire.every(Rows.Balance)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const getPositions = read("get_positions", "get_positions", {
  input: takes<{ currency: string; kind: string }>(),
  answer: Wire.list(Rows.Position)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const getOpenOrders = read("get_open_orders", "get_open_orders", {
  input: takes<{ kind: string }>(),
  answer: Wire.list(Rows.Order)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const getOpenOrdersByInstrument = read("get_open_orders_by_instrument", "get_open_orders_by_instrument", {
  input: named,
  answer: Wire.list(Rows.Order)
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderState = read("get_order_state", "get_order_state", {
  input: takes<{ order_id: string }>(),
  answer: Wire.one(Rows.Order)
})

/**
 * Finds orders by their label: several may have it, and it is forgotten half an hour after an order has ended.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderStateByLabel = read("get_order_state_by_label", "get_order_state_by_label", {
  input: takes<{ currency: string; label: string }>(),
  answer: Wire.list(Rows.Order)
})

/**
 * Orders that ended, the latest first. Without `historical` those of the last half hour; with it those before, as soon as
 * they are filed there.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getOrderHistory = read("get_order_history_by_instrument", "get_order_history_by_instrument", {
  input: takes<
    Named & { count: number; offset: number; include_old: boolean; include_unfilled: boolean; historical: boolean }
  >(),
  answer: Wire.list(Rows.Order)
})

/**
 * Fills, the latest first. Without `historical` those of the last day; with it those before, as soon as they are filed there.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getUserTrades = read("get_user_trades_by_instrument", "get_user_trades_by_instrument", {
  input: takes<
    Named & {
      count: number
      start_timestamp: number | undefined
      end_timestamp: number | undefined
      sorting: "desc"
      historical: boolean
    }
  >(),
  answer: Wire.answer({
    fills: Wire.at("trades", Wire.list(Rows.Fill)),
    hasMore: Wire.at("has_more", Schema.Boolean)
  })
})

/**
 * An order to be placed. `post_only` alone would move its price; with `reject_post_only` it is refused instead.
 *
 * @since 0.1.0
 * @category models
 */
export type NewOrder = Named & {
  readonly amount: BigDecimal.BigDecimal
  readonly type: "limit" | "market"
  readonly price: BigDecimal.BigDecimal | undefined
  readonly label: string
  readonly time_in_force: "good_til_cancelled" | "immediate_or_cancel" | "fill_or_kill"
  readonly post_only: boolean | undefined
  readonly reject_post_only: boolean | undefined
  readonly reduce_only: boolean | undefined
  readonly valid_until: number
}

const placing = {
  input: takes<NewOrder>(),
  within: "result.order",
  answer: Wire.one(Rows.Order),
  idempotency: "once"
} as const

/**
 * @since 0.1.0
 * @category endpoints
 */
export const buy = write("buy", "buy", { ...placing })

/**
 * @since 0.1.0
 * @category endpoints
 */
export const sell = write("sell", "sell", { ...placing })

/**
 * Changes an order that stands. `amount` is the whole amount, with what is filled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const edit = write("edit", "edit", {
  input: takes<
    {
      order_id: string
      amount: BigDecimal.BigDecimal | undefined
      price: BigDecimal.BigDecimal | undefined
      post_only: boolean | undefined
      reject_post_only: boolean | undefined
      valid_until: number
    }
  >(),
  within: "result.order",
  answer: Wire.one(Rows.Order),
  idempotency: "once"
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const cancel = write("cancel", "cancel", {
  input: takes<{ order_id: string }>(),
  answer: Wire.one(Rows.Order),
  idempotency: "idempotent"
})

/**
 * Says how many were canceled.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const cancelAllByInstrument = write("cancel_all_by_instrument", "cancel_all_by_instrument", {
  input: named,
  answer: Schema.NonNegativeInt,
  idempotency: "idempotent"
})
