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
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type * as Executions from "../../internal/executions.js"
import { iso } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Topics from "../../internal/watches.js"
import type * as Watch from "../../internal/watches.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"
import { tokenMadeAt } from "./account.js"
import { pairOf } from "./markets.js"
import * as Messages from "./messages.js"
import { reasons, txid, userrefOf } from "./orders.js"

interface State {
  readonly topics: Topics.Topics
  /** When the server last sent a message. */
  readonly lastSentAt: number
  /** What the snapshot of `executions` contains. */
  readonly snapshots: { readonly orders: boolean; readonly trades: boolean }
  /** The last number of each channel. */
  readonly numbers: ReadonlyMap<string, number>
  /** The last total of each asset that was sent. */
  readonly totals: ReadonlyMap<string, BigDecimal.BigDecimal>
  /** Tokens issued earlier are no longer valid. */
  readonly tokensFrom: number
}

interface Message {
  readonly channel: string
  readonly isFirst: boolean
  readonly data: ReadonlyArray<Json>
}

const subjects = new Map<unknown, Watch.Subject>([
  ["executions", { _tag: "Executions" }],
  ["balances", { _tag: "Balances" }]
])

const receive = (state: State, text: string, world: World): Streaming.Turn<State> => {
  const request = Messages.requestOf(text)
  const turn = (frame: Streaming.Frame, next: State = state): Streaming.Turn<State> => {
    const [data, passed] = pending(next, world)
    return { frames: [frame, ...data], next: { ...passed, lastSentAt: world.now } }
  }
  const other = Messages.respondToOther(request, world)
  if (other !== undefined) return turn(other)
  if (request === undefined) return { frames: [], next: state }
  const { method, params } = request
  const answer = Messages.responseTo(request, world)
  const { channel, token } = params
  const subject = subjects.get(channel)
  if (typeof channel !== "string" || subject === undefined) {
    return turn(answer({ error: `Subscription name invalid ${String(channel)}`, success: false }))
  }
  const madeAt = tokenMadeAt(world, token)
  if (madeAt === undefined || madeAt < state.tokensFrom) {
    return turn(answer({ error: "ESession:Invalid session", success: false }))
  }
  const isThere = state.topics.has(channel)
  if (isThere === (method === "subscribe")) {
    return turn(answer({ error: isThere ? "Already subscribed" : "Subscription Not Found", success: false }))
  }
  const { snap_orders = true, snap_trades = false } = params
  const snapshots = { orders: snap_orders === true, trades: snap_trades === true }
  const result: Json = method === "unsubscribe"
    ? { channel }
    : channel === "balances"
    ? { channel, snapshot: true }
    : { channel, maxratecount: 125, snap_orders: snapshots.orders, snap_trades: snapshots.trades }
  const topics = isThere ? Topics.remove(state.topics, [channel]) : Topics.add(state.topics, channel, subject)
  const numbers = new Map(state.numbers)
  numbers.delete(channel)
  return turn(answer({ result, success: true }), {
    ...state,
    topics,
    numbers,
    snapshots: channel === "executions" ? snapshots : state.snapshots
  })
}

const pass = (state: State, world: World): Streaming.Turn<State> => {
  const [frames, next] = pending(state, world)
  const isQuiet = frames.length === 0 && next.topics.size > 0 && world.now - next.lastSentAt >= 1000
  const output = isQuiet ? [Messages.heartbeat] : frames
  return { frames: output, next: output.length > 0 ? { ...next, lastSentAt: world.now } : next }
}

/** Returns the pending messages of all channels, with their numbers. */
const pending = (state: State, world: World): readonly [ReadonlyArray<Streaming.Frame>, State] => {
  let { totals } = state
  const [messages, topics] = Topics.poll(state.topics, world, (_, change): ReadonlyArray<Message> => {
    if (change._tag === "Executions") return executions(change, state, world)
    if (change._tag !== "Balances") return []
    const before = totals
    totals = new Map(change.balances.map(({ asset, free, locked }) => [asset, BigDecimal.sum(free, locked)]))
    const data = change.isFirst
      ? Array.from(totals, ([asset, total]) => held(asset, total))
      : booked(before, totals, world)
    return data.length > 0 || change.isFirst ? [{ channel: "balances", isFirst: change.isFirst, data }] : []
  })
  const numbers = new Map(state.numbers)
  const frames = messages.map(({ channel, data, isFirst }) => {
    const sequence = (numbers.get(channel) ?? 0) + 1
    numbers.set(channel, sequence)
    return Topics.data({ channel, type: isFirst ? "snapshot" : "update", data, sequence })
  })
  return [frames, { ...state, topics, totals, numbers }]
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

const executions = (
  { events, isFirst, open }: Watch.Change & { readonly _tag: "Executions" },
  { snapshots }: State,
  { engine }: World
): ReadonlyArray<Message> => {
  const message = (isFirst: boolean, ...data: ReadonlyArray<Json>): Message => ({
    channel: "executions",
    isFirst,
    data
  })
  if (!isFirst) return events.flatMap((event) => rowsOf(event).map((row) => message(false, row)))
  const openOrders = open.map((order) => ({ ...whole(order), ...stateOf("new", order), ...sums(order) }))
  const latestTrades = Engine.fills(engine).slice(-mostTrades).flatMap((fill) => {
    const order = Engine.order(engine, fill.orderId)
    return order === undefined ? [] : [traded(fill, order)]
  })
  return [message(true, ...snapshots.orders ? openOrders : [], ...snapshots.trades ? latestTrades : [])]
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
  exec_id: txid("T", fill.id),
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

/** @internal */
export const conversation: Streaming.Conversation = Streaming.make<State>({
  initial: {
    topics: Topics.none,
    lastSentAt: 0,
    snapshots: { orders: true, trades: false },
    numbers: new Map(),
    totals: new Map(),
    tokensFrom: 0
  },
  begin: (state, world) => ({ frames: [Messages.greeting], next: { ...state, lastSentAt: world.now } }),
  receive,
  pass,
  expire: (state, world) => ({ frames: [], next: { ...state, tokensFrom: world.now } })
})
