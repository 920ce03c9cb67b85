/**
 * The private channels of Kraken's WebSocket v2, following its documentation of 2026-11:
 *
 * - Two channels require a token.
 * - Each channel numbers its frames.
 * - Updates of orders contain only the fields that changed.
 * - Balances contain only totals.
 *
 * A subscription lasts as long as its connection, even if its token expires.
 *
 * Where the documentation is silent, this simulator decides: a new subscription of a channel starts again at number 1,
 * and a fill that completes an order leaves it `partially_filled` until `filled` follows.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import * as Channels from "../../internal/channels.js"
import type * as Executions from "../../internal/executions.js"
import { type Input, iso } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type * as Watch from "../../internal/watch.js"
import type * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { tokenMadeAt } from "./account.js"
import { pairOf } from "./markets.js"
import * as Messages from "./messages.js"
import { reasons, tradeTxid, txid, userrefOf } from "./orders.js"

interface Message {
  readonly isFirst: boolean
  readonly data: ReadonlyArray<Json>
}

const held = (asset: string, balance: BigDecimal.BigDecimal): Json => ({
  asset,
  asset_class: "currency",
  balance,
  wallets: [{ type: "spot", id: "main", balance }]
})

/** Returns a ledger entry for each asset whose total changed. A change of the amount held by orders is not sent. */
const booked = (
  before: ReadonlyMap<string, BigDecimal.BigDecimal>,
  totals: ReadonlyMap<string, BigDecimal.BigDecimal>,
  world: World
): ReadonlyArray<Json> =>
  Array.from(totals).flatMap(([asset, balance]) => {
    const amount = BigDecimal.subtract(balance, before.get(asset) ?? Decimal.zero)
    return BigDecimal.isZero(amount) ? [] : [{
      ledger_id: "LSIMUL-00000-000001",
      ref_id: "TSIMUL-00000-000001",
      timestamp: iso(world.now),
      type: "trade",
      asset,
      asset_class: "currency",
      category: "trade",
      wallet_type: "spot",
      wallet_id: "main",
      amount,
      fee: 0,
      balance
    }]
  })

/** Returns what the snapshot of `executions` contains. */
const snapshotsOf = ({ snap_orders = true, snap_trades = false }: Input) => ({
  orders: snap_orders === true,
  trades: snap_trades === true
})

const executions = (
  { snapshots }: { readonly snapshots: ReturnType<typeof snapshotsOf> },
  { events, isFirst, open }: Watch.ChangeOf<"Executions">,
  { engine }: World
): ReadonlyArray<Message> => {
  if (!isFirst) return events.flatMap((event) => rowsOf(event).map((row) => ({ isFirst, data: [row] })))
  const openOrders = open.map((order) => ({ ...whole(order), ...stateOf("new", order), ...sums(order) }))
  const latestTrades = Engine.fills(engine).slice(-mostTrades).flatMap((fill) => {
    const order = Engine.order(engine, fill.orderId)
    return order === undefined ? [] : [traded(fill, order)]
  })
  return [{ isFirst, data: [...snapshots.orders ? openOrders : [], ...snapshots.trades ? latestTrades : []] }]
}

const mostTrades = 50

const referenced = (order: Engine.Order) => ({
  order_id: txid("O", order.id),
  order_userref: Number(userrefOf(order) ?? 0)
})

/** Encodes all terms of an order. */
const whole = (order: Engine.Order) => ({
  ...referenced(order),
  cl_ord_id: userrefOf(order) === undefined ? order.clientOrderId : undefined,
  symbol: pairOf(order.instrument)?.symbol,
  side: order.side,
  order_type: order.type,
  ...order.quoteAmount === undefined ? { order_qty: order.amount } : { cash_order_qty: order.quoteAmount },
  limit_price: order.price,
  limit_price_type: order.price === undefined ? undefined : "static",
  time_in_force: order.timeInForce,
  post_only: order.postOnly,
  cum_cost: Decimal.zero,
  fee_usd_equiv: 0,
  fee_ccy_pref: "fciq"
})

const stateOf = (what: string, order: Engine.Order) => ({
  exec_type: what,
  order_status: BigDecimal.isPositive(order.filled) ? "partially_filled" : "new",
  timestamp: iso(order.updatedAt)
})

const sums = ({ filled, notional }: Engine.Order) => ({
  cum_qty: filled,
  cum_cost: notional,
  avg_price: BigDecimal.isPositive(filled) ? Decimal.ratio(notional, filled, 8) : Decimal.zero
})

const traded = (fill: Engine.Fill, order: Engine.Order) => ({
  ...referenced(order),
  exec_id: tradeTxid(fill),
  exec_type: "trade",
  trade_id: fill.id,
  symbol: pairOf(fill.instrument)?.symbol,
  side: fill.side,
  last_qty: fill.amount,
  last_price: fill.price,
  liquidity_ind: fill.liquidity === "maker" ? "m" : "t",
  cost: BigDecimal.multiply(fill.price, fill.amount),
  order_type: order.type,
  timestamp: iso(fill.at),
  order_status: "partially_filled",
  fee_usd_equiv: fill.fee,
  fees: [{ asset: fill.feeAsset, qty: fill.fee }]
})

/** Encodes an event as one or more rows. */
const rowsOf = ({ fill, order, what }: Executions.Event): ReadonlyArray<Json> => {
  const named = referenced(order)
  switch (what) {
    case "placed": {
      const timestamp = iso(order.createdAt)
      return [
        { ...whole(order), exec_type: "pending_new", order_status: "pending_new", timestamp },
        { ...named, exec_type: "new", order_status: "new", timestamp }
      ]
    }
    case "changed":
      return [{
        ...named,
        ...stateOf("amended", order),
        reason: "User requested",
        order_qty: order.amount,
        limit_price: order.price
      }]
    case "filled": {
      if (fill === undefined) return []
      const trade = { ...traded(fill, order), ...sums(order) }
      return order.status === "filled"
        ? [trade, { ...named, ...sums(order), exec_type: "filled", order_status: "filled", timestamp: iso(fill.at) }]
        : [trade]
    }
    case "ended":
      return [{
        ...named,
        ...sums(order),
        exec_type: "canceled",
        order_status: "canceled",
        reason: order.closeReason && reasons[order.closeReason],
        timestamp: iso(order.updatedAt)
      }]
  }
}

const numbered = <R>(channel: string, read: Channels.Read<Message, R>): Channels.Read<Json, R> =>
  Channels.remembering(0, read, (last, { data, isFirst }) => {
    const sequence = last + 1
    return [sequence, [{ channel, type: isFirst ? "snapshot" : "update", data, sequence }]]
  })

const unknown: ReadonlyMap<string, BigDecimal.BigDecimal> = new Map()

const channels = Channels.table<Json, unknown>({
  executions: numbered(
    "executions",
    Channels.executions({ snapshots: (input) => Either.right(snapshotsOf(input)) }, executions)
  ),
  balances: numbered(
    "balances",
    Channels.remembering(
      unknown,
      Channels.balances({}, (_, change, world) => [{ change, world }]),
      (before, { change: { balances, isFirst }, world }) => {
        const totals = new Map(balances.map(({ asset, free, locked }) => [asset, BigDecimal.sum(free, locked)]))
        const data = isFirst
          ? Array.from(totals, ([asset, total]) => held(asset, total))
          : booked(before, totals, world)
        return [totals, data.length > 0 || isFirst ? [{ isFirst, data }] : []]
      }
    )
  )
})

/** @internal */
export const conversation: Streaming.Conversation = Messages.make(({ method, params }, { tokensFrom }, world) => {
  const channel = String(params["channel"])
  const snapshots = snapshotsOf(params)
  const subscribed: Json = channel === "balances"
    ? { channel, snapshot: true }
    : { channel, maxratecount: 125, snap_orders: snapshots.orders, snap_trades: snapshots.trades }
  const madeAt = tokenMadeAt(world, params["token"])
  return [{
    key: channel,
    result: method === "unsubscribe" ? { channel } : subscribed,
    channel: channels(channel, world, params).pipe(
      Either.mapLeft(() => `Subscription name invalid ${channel}`),
      Either.filterOrLeft(
        () => madeAt !== undefined && madeAt >= tokensFrom,
        () => "ESession:Invalid session"
      )
    )
  }]
})
