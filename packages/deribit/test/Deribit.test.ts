import { Market } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertLeft, assertRight } from "@effect/vitest/utils"
import { Chunk, Effect, Either, Record, Schema, Stream } from "effect"
import { Deribit, DeribitEndpoints } from "../src/index.js"
import { now, orderRow, scripted, sentParameters, shown } from "./utils.js"

const linear = "ETH/USDC:USDC"

/** Returns a page of other orders that ended at `at`. */
const others = (page: number, at: number) =>
  Array.from({ length: 1000 }, (_, row) =>
    orderRow({
      order_id: `${page}-${row}`,
      label: "other",
      order_state: "cancelled",
      creation_timestamp: at,
      last_update_timestamp: at
    }))

describe("markets", () => {
  it.effect("have their kind, settlement currency and rules; unsupported rows are left out", () =>
    scripted(
      {},
      Effect.gen(function*() {
        const markets = yield* Effect.flatMap(Deribit.MarketData, ({ markets }) => markets)
        assert.deepStrictEqual(
          Record.fromIterableWith(markets, ({ base: _, quote: __, symbol, ...market }) => [`${symbol}`, shown(market)]),
          {
            "BTC/USDC": {
              id: "BTC_USDC",
              kind: "spot",
              status: "halted",
              tickSize: "0.00000655",
              lotSize: "0.0001",
              minAmount: "0.0001"
            },
            "ETH/USDC": {
              id: "ETH_USDC",
              kind: "spot",
              status: "open",
              tickSize: "0.01",
              lotSize: "0.001",
              minAmount: "0.001"
            },
            "BTC/USD:BTC": {
              id: "BTC-PERPETUAL",
              kind: "perpetual",
              status: "open",
              settle: "BTC",
              inverse: true,
              multiplier: "1",
              tickSize: "0.5",
              lotSize: "10",
              minAmount: "10"
            },
            "BTC/USD:BTC-260605": {
              id: "BTC-5JUN26",
              kind: "future",
              status: "open",
              settle: "BTC",
              inverse: true,
              multiplier: "1",
              tickSize: "0.5",
              lotSize: "10",
              minAmount: "10"
            },
            [linear]: {
              id: "ETH_USDC-PERPETUAL",
              kind: "perpetual",
              status: "open",
              settle: "USDC",
              inverse: false,
              multiplier: "0.001",
              tickSize: "0.05",
              lotSize: "0.001",
              minAmount: "0.001"
            }
          }
        )
        assert.isTrue(markets.every(Schema.is(Market.Market)))
      })
    ))
})

describe("a row of a market", () => {
  const market = {
    instrument_name: "BTC_USDC",
    kind: "spot",
    base_currency: "BTC",
    quote_currency: "USDC",
    tick_size: 0.01,
    contract_size: 0.0001,
    min_trade_amount: 0.0001
  }
  const statusOf = (row: object) =>
    Effect.map(
      DeribitEndpoints.getInstruments.decode({ result: [{ ...market, ...row }] }),
      ({ rows: [row] }) => row?.status
    )

  it.effect("comes with the tick sizes of higher prices", () =>
    Effect.gen(function*() {
      const steps = [{ above_price: 0.005, tick_size: 0.0005 }, { above_price: 0.01, tick_size: 0.001 }]
      const { rows } = yield* DeribitEndpoints.getInstruments.decode({
        result: [{ ...market, is_active: true, tick_size_steps: steps }]
      })
      assert.deepStrictEqual(
        rows[0]?.tickSizeSteps?.map(({ fromPrice, tickSize }) => `${fromPrice} ${tickSize}`),
        ["0.005 0.0005", "0.01 0.001"]
      )
    }))

  it.effect("is closed only if its instrument is final, and open only if it accepts orders", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* statusOf({ is_active: true }), "open")
      assert.strictEqual(yield* statusOf({ is_active: true, state: "open" }), "open")
      // A new market may be listed before it opens.
      assert.strictEqual(yield* statusOf({ is_active: false, state: "inactive" }), "halted")
      assert.strictEqual(yield* statusOf({ is_active: false }), "halted")
      for (const state of ["locked", "halted", "settlement", "inactive"]) {
        assert.strictEqual(yield* statusOf({ is_active: true, state }), "halted", state)
      }
      for (const state of ["delivered", "archivized"]) {
        assert.strictEqual(yield* statusOf({ is_active: false, state }), "closed", state)
      }
      assert.strictEqual(yield* statusOf({ is_active: true, state: "auction" }), "unknown")
    }))
})

describe("public data", () => {
  const ticker = {
    timestamp: now,
    last_price: null,
    best_bid_price: 87_002.5,
    best_ask_price: 0,
    stats: { high: 88_000, low: 86_000.5, volume: 12.5, volume_usd: 1_087_500, price_change: 1.5 }
  }

  it.effect("has the volume in the base currency, also of an inverse contract, and leaves out a zero price", () =>
    scripted(
      { ticker: [ticker] },
      Effect.gen(function*() {
        const data = yield* Deribit.MarketData
        const common = { exchange: "deribit", bid: "87002.5", high24h: "88000", low24h: "86000.5", at: now }
        assert.deepStrictEqual(shown(yield* data.ticker("BTC/USD:BTC")), {
          ...common,
          symbol: "BTC/USD:BTC",
          volume24h: "12.5"
        })
        assert.deepStrictEqual(shown(yield* data.ticker(linear)), { ...common, symbol: linear, volume24h: "12.5" })
      })
    ))

  it.effect("has no trades of a market that is routed to Coinbase", () =>
    scripted(
      {
        get_last_trades_by_instrument: [{ error: { code: 11060, message: "not_supported_for_coinbase_routed_spot" } }]
      },
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Deribit.MarketData, (data) => data.trades("ETH/USDC")))
        assert.strictEqual(error._tag, "Unsupported")
      })
    ))

  it.effect("has no candles of a day, because Deribit's days begin at 08:00", () =>
    scripted(
      {
        get_tradingview_chart_data: [{
          status: "ok",
          ticks: [Date.UTC(2026, 0, 7, 8), Date.UTC(2026, 0, 8, 8)],
          open: [1, 2],
          high: [3, 4],
          low: [0.5, 1],
          close: [2, 3],
          volume: [10, 20],
          cost: [15, 50]
        }]
      },
      Effect.gen(function*() {
        const data = yield* Deribit.MarketData
        const range = { from: "2026-01-07", to: "2026-01-09" }
        const error = yield* Effect.flip(Stream.runCollect(data.candles(linear, "1d", range)))
        assert.strictEqual(error._tag, "Unsupported")
        assert.include(error.message, "12h")
      })
    ))

  it.effect("decodes candles from columns, and fails with MalformedResponse for columns of different lengths", () => {
    const chart = {
      status: "ok",
      ticks: [now - 60_000, now],
      open: [1, 2],
      high: [3, 4],
      low: [0.5, 1],
      close: [2, 3],
      volume: [10, 20],
      cost: [15, 50]
    }
    const candles = (symbol: string) =>
      Effect.flatMap(
        Deribit.MarketData,
        (data) => Stream.runCollect(data.candles(symbol, "1m", { from: now - 60_000, to: now + 60_000 }))
      )
    return scripted(
      { get_tradingview_chart_data: [chart, chart, { ...chart, close: [2] }, { ...chart, close: [2, 3, 4] }] },
      Effect.gen(function*() {
        const volumes = (all: Chunk.Chunk<{ readonly openTime: number; readonly volume: object }>) =>
          Chunk.toReadonlyArray(all).map(({ openTime, volume }) => [openTime - now, shown({ volume })["volume"]])
        assert.deepStrictEqual(volumes(yield* candles(linear)), [[-60_000, "10"], [0, "20"]])
        assert.deepStrictEqual(volumes(yield* candles("BTC/USD:BTC")), [[-60_000, "15"], [0, "50"]])
        assert.strictEqual((yield* Effect.flip(candles(linear)))._tag, "MalformedResponse")
        assert.strictEqual((yield* Effect.flip(candles(linear)))._tag, "MalformedResponse")
      })
    )
  })
})

describe("account", () => {
  it.effect("returns the other open orders when one has an unknown status or is of an option", () =>
    scripted(
      {
        get_open_orders: [[
          orderRow(),
          orderRow({ order_id: "2", order_state: "frozen" }),
          orderRow({ order_id: "3", instrument_name: "BTC-26DEC25-100000-C" })
        ], []]
      },
      Effect.gen(function*() {
        const orders = yield* Effect.flatMap(Deribit.Account, (account) => account.openOrders())
        assert.deepStrictEqual(orders.map((order) => shown(order)), [{
          exchange: "deribit",
          symbol: linear,
          id: "USDC-104819327443",
          clientOrderId: "mine",
          side: "buy",
          type: "limit",
          status: "open",
          price: "2973.55",
          amount: "0.001",
          filled: "0",
          timeInForce: "GTC",
          postOnly: true,
          reduceOnly: false,
          createdAt: now,
          updatedAt: now
        }])
      })
    ))

  it.effect("fails with MalformedResponse for a filled order without a filled amount", () =>
    scripted(
      {
        get_order_state: [
          orderRow({ order_state: "filled", filled_amount: undefined }),
          orderRow({ order_state: "cancelled", filled_amount: undefined })
        ]
      },
      Effect.gen(function*() {
        const read = Effect.flatMap(Deribit.Account, (account) =>
          account.order({ symbol: linear, id: "USDC-104819327443" }))
        assert.strictEqual((yield* Effect.flip(read))._tag, "MalformedResponse")
        assert.deepInclude(shown(yield* read), { status: "canceled", filled: "0" })
      })
    ))

  it.effect("reads a market order, whose price is not a number", () =>
    scripted(
      {
        get_order_state: [
          orderRow({
            order_type: "market",
            price: "market_price",
            order_state: "filled",
            filled_amount: 0.001,
            average_price: 2970
          })
        ]
      },
      Effect.gen(function*() {
        const order = yield* Effect.flatMap(Deribit.Account, (account) =>
          account.order({ symbol: linear, id: "USDC-104819327443" }))
        assert.deepInclude(shown(order), { type: "market", status: "filled", averagePrice: "2970", filled: "0.001" })
        assert.isUndefined(order.price)
      })
    ))

  it.effect("looks an unknown label up in the recent and the older history", () =>
    scripted(
      {
        get_order_state_by_label: [[]],
        "get_order_history_by_instrument?historical=false": [[orderRow({ order_id: "1", label: "other" })]],
        "get_order_history_by_instrument?historical=true": [[
          orderRow({ order_id: "1", label: "other" }),
          orderRow({ order_id: "2", label: "mine", order_state: "cancelled" })
        ]]
      },
      Effect.gen(function*() {
        const account = yield* Deribit.Account
        const order = yield* account.order({ symbol: linear, clientOrderId: "mine" })
        assert.deepStrictEqual([order.id, order.status], ["2", "canceled"])
        assert.strictEqual(
          (yield* Effect.flip(account.order({ symbol: linear, clientOrderId: "nobody's" })))._tag,
          "OrderNotFound"
        )
        const [first] = yield* sentParameters("get_order_history_by_instrument")
        assert.deepInclude(first, { include_unfilled: "true", include_old: "true" })
      })
    ))

  it.effect("fails with Unsupported if an order is not found in a part of the history", () =>
    scripted(
      {
        get_order_state_by_label: [[]],
        "get_order_history_by_instrument?historical=false": [[]],
        "get_order_history_by_instrument?historical=true": Array.from({ length: 12 }, (_, page) => others(page, now))
      },
      Effect.gen(function*() {
        const account = yield* Deribit.Account
        const error = yield* Effect.flip(account.order({ symbol: linear, clientOrderId: "mine" }))
        assert.strictEqual(error._tag, "Unsupported")
      })
    ))

  it.effect("reads the history of a label page by page until the order is found", () =>
    scripted(
      {
        get_order_state_by_label: [[]],
        "get_order_history_by_instrument?historical=false": [[]],
        "get_order_history_by_instrument?historical=true": [
          others(0, now),
          [orderRow({ order_id: "2", order_state: "cancelled" }), ...others(1, now)],
          others(2, now)
        ]
      },
      Effect.gen(function*() {
        const account = yield* Deribit.Account
        assert.strictEqual((yield* account.order({ symbol: linear, clientOrderId: "mine" })).id, "2")
        const offsets = (yield* sentParameters("get_order_history_by_instrument")).map(({ offset }) => offset)
        assert.deepStrictEqual(offsets, ["0", "0", "1000"])
      })
    ))

  it.effect("reads the ended orders only as far back as requested", () =>
    scripted(
      {
        get_open_orders_by_instrument: [[]],
        "get_order_history_by_instrument?historical=false": [[]],
        "get_order_history_by_instrument?historical=true": [
          [orderRow({ order_id: "2", order_state: "filled", filled_amount: 0.001 }), ...others(1, now - 1000)],
          others(2, now - 2000)
        ]
      },
      Effect.gen(function*() {
        const account = yield* Deribit.Account
        const orders = yield* account.orderHistory(linear, { since: now - 500, limit: 10_000 })
        assert.deepStrictEqual(orders.map(({ id }) => id), ["2"])
        const offsets = (yield* sentParameters("get_order_history_by_instrument")).map(({ offset }) => offset)
        assert.deepStrictEqual(offsets, ["0", "0"])
      })
    ))

  it.effect("finds a spot order by its label whatever currency Deribit stores it under", () => {
    const spot = { instrument_name: "BTC_USDC", order_state: "open" }
    return scripted(
      {
        // Of the currencies of spot markets, Deribit documents only a few for this method.
        "get_order_state_by_label?currency=BTC": [
          {
            error: { code: -32602, message: "Invalid params", data: { reason: "invalid currency", param: "currency" } }
          }
        ],
        get_order_state_by_label: [[]],
        get_open_orders_by_instrument: [[
          orderRow({ ...spot, order_id: "1", label: "other" }),
          orderRow({ ...spot, order_id: "2" })
        ]],
        "get_order_history_by_instrument?historical=false": [[
          orderRow({ ...spot, order_id: "3", label: "ended", order_state: "cancelled" })
        ]],
        "get_order_history_by_instrument?historical=true": [[]]
      },
      Effect.gen(function*() {
        const account = yield* Deribit.Account
        const find = (clientOrderId: string) => Effect.either(account.order({ symbol: "BTC/USDC", clientOrderId }))
        assertRight(Either.map(yield* find("mine"), ({ id }) => id), "2")
        assertRight(Either.map(yield* find("ended"), ({ id }) => id), "3")
        assertLeft(Either.mapLeft(yield* find("absent"), ({ _tag }) => _tag), "OrderNotFound")
      })
    )
  })

  const fill = (trade_id: string, timestamp: number, order_id = "1") => ({
    trade_id,
    order_id,
    instrument_name: "ETH_USDC-PERPETUAL",
    label: "mine",
    direction: "sell",
    price: 2970.5,
    amount: 0.5,
    fee: 0.0012,
    fee_currency: "USDC",
    liquidity: "M",
    timestamp
  })
  const none = { trades: [], has_more: false }

  it.effect("returns both fills of a trade with oneself", () =>
    scripted(
      {
        "get_user_trades_by_instrument?historical=false": [
          { trades: [fill("5", now, "1"), fill("5", now, "2")], has_more: false }
        ],
        "get_user_trades_by_instrument?historical=true": [{ trades: [fill("5", now, "2")], has_more: false }]
      },
      Effect.gen(function*() {
        const fills = yield* Effect.flatMap(Deribit.Account, (account) => account.fills(linear))
        assert.deepStrictEqual(fills.map(({ id, orderId }) => `${id} of ${orderId}`).toSorted(), ["5 of 1", "5 of 2"])
      })
    ))

  it.effect("fails with Unsupported if the fills of one instant exceed a page", () =>
    scripted(
      {
        "get_user_trades_by_instrument?historical=false": [{ trades: [fill("5", now)], has_more: true }],
        "get_user_trades_by_instrument?historical=true": [none]
      },
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Deribit.Account, (account) => account.fills(linear)))
        assert.strictEqual(error._tag, "Unsupported")
        assert.include(error.message, "there are more rows than can be requested")
      })
    ))

  it.effect("reads fills page by page, without repeating those of one instant, from recent and older history", () =>
    scripted(
      {
        "get_user_trades_by_instrument?historical=false": [
          { trades: [fill("5", now), fill("4", now - 1)], has_more: true },
          { trades: [fill("4", now - 1), fill("3", now - 1)], has_more: false }
        ],
        "get_user_trades_by_instrument?historical=true": [{
          trades: [fill("3", now - 1), fill("2", now - 2)],
          has_more: false
        }]
      },
      Effect.gen(function*() {
        const fills = yield* Effect.flatMap(Deribit.Account, (account) => account.fills(linear))
        assert.deepStrictEqual(fills.map(({ id }) => id), ["2", "3", "4", "5"])
        assert.deepInclude(shown(fills[0] ?? {}), { fee: "0.0012", feeAsset: "USDC", liquidity: "maker", side: "sell" })
        const ends = (yield* sentParameters("get_user_trades_by_instrument")).map(({ end_timestamp }) => end_timestamp)
        assert.includeMembers(ends, [undefined, String(now - 1)])
      })
    ))

  it.effect("reads the latest fills from an instant on, page by page", () => {
    const of = (historical: boolean) => `get_user_trades_by_instrument?historical=${historical}`
    const all = [fill("5", now), fill("4", now - 1), fill("3", now - 2), fill("2", now - 3), fill("1", now - 4)]
    return scripted(
      {
        // With a `start_timestamp`, Deribit returns the earliest trades.
        "get_user_trades_by_instrument?start_timestamp": [{ trades: all.slice(1, 4), has_more: true }],
        [of(false)]: [{ trades: all.slice(0, 3), has_more: true }, { trades: all.slice(2, 5), has_more: true }],
        [of(true)]: [none]
      },
      Effect.gen(function*() {
        const account = yield* Deribit.Account
        const fills = yield* account.fills(linear, { since: now - 3, limit: 10 })
        assert.deepStrictEqual(fills.map(({ id }) => id), ["2", "3", "4", "5"])
      })
    )
  })

  it.effect("reads positions with their direction, and leaves out closed ones", () =>
    scripted(
      {
        get_positions: [[
          {
            instrument_name: "BTC-PERPETUAL",
            direction: "sell",
            size: -50,
            average_price: 87_000,
            mark_price: 87_100.5,
            leverage: 50,
            floating_profit_loss: -0.0001
          },
          { instrument_name: "ETH_USDC-PERPETUAL", direction: "zero", size: 0, average_price: 0, mark_price: 2970 },
          // Without a direction there is no position, whatever the size.
          { instrument_name: "BTC-PERPETUAL", direction: "zero", size: 10, average_price: 0, mark_price: 87_100.5 }
        ]]
      },
      Effect.gen(function*() {
        const positions = yield* Effect.flatMap(Deribit.Account, ({ positions }) => positions)
        assert.deepStrictEqual(positions.map((position) => shown(position)), [{
          exchange: "deribit",
          symbol: "BTC/USD:BTC",
          side: "short",
          amount: "50",
          entryPrice: "87000",
          markPrice: "87100.5",
          leverage: "50",
          unrealizedPnl: "-0.0001"
        }])
      })
    ))

  it.effect("reads the permissions of a key from the scope of a session", () =>
    scripted(
      {
        auth: [
          { scope: "connection mainaccount account:read trade:read_write wallet:none" },
          { scope: "account:read trade:read wallet:read_write" }
        ]
      },
      Effect.gen(function*() {
        const { keyPermissions } = yield* Deribit.Account
        assert.deepStrictEqual(yield* keyPermissions, {
          read: true,
          trade: true,
          withdraw: false,
          ipRestricted: "unknown"
        })
        assert.deepStrictEqual(yield* keyPermissions, {
          read: true,
          trade: false,
          withdraw: true,
          ipRestricted: "unknown"
        })
      })
    ))
})

describe("orders", () => {
  it.effect("that are post-only are rejected rather than moved, and expire after a deadline", () =>
    scripted(
      { buy: [{ order: orderRow(), trades: [] }] },
      Effect.gen(function*() {
        const trading = yield* Deribit.Trading
        yield* trading.place({
          type: "limit",
          symbol: linear,
          side: "buy",
          amount: "0.001",
          price: "2973.55",
          postOnly: true,
          clientOrderId: "mine"
        })
        const [sent] = yield* sentParameters("buy")
        assert(sent !== undefined)
        const { valid_until, ...order } = sent
        assert.deepStrictEqual(order, {
          instrument_name: "ETH_USDC-PERPETUAL",
          amount: "0.001",
          type: "limit",
          price: "2973.55",
          label: "mine",
          time_in_force: "good_til_cancelled",
          post_only: "true",
          reject_post_only: "true"
        })
        assert.isAbove(Number(valid_until), now + 15_000 - 1)
      })
    ))

  it.effect("by market on spot have no time in force, which Deribit refuses there", () =>
    Effect.gen(function*() {
      const sent = ({ side, symbol }: { readonly side: "buy" | "sell"; readonly symbol: string }) =>
        Effect.map(
          scripted(
            { [side]: [{ error: { code: 10009, message: "not_enough_funds" } }] },
            Effect.gen(function*() {
              const trading = yield* Deribit.Trading
              yield* Effect.either(trading.place({ type: "market", side, symbol, amount: "1" }))
              return yield* sentParameters(side)
            })
          ),
          ([parameters]) => parameters
        )
      const spot = yield* sent({ side: "sell", symbol: "ETH/USDC" })
      assert.deepInclude(spot, { type: "market", amount: "1" })
      assert.notProperty(spot, "time_in_force")
      assert.deepInclude(yield* sent({ side: "buy", symbol: linear }), { time_in_force: "immediate_or_cancel" })
    }))

  it.effect("are sent once, although by GET", () =>
    scripted(
      {
        sell: [{ error: { code: 13_028, message: "temporarily_unavailable" } }],
        get_order_state_by_label: [[]],
        get_order_history_by_instrument: [[]],
        get_open_orders_by_instrument: [[]]
      },
      Effect.gen(function*() {
        const trading = yield* Deribit.Trading
        const error = yield* Effect.flip(
          trading.place({ type: "market", symbol: linear, side: "sell", amount: "0.001", clientOrderId: "mine" })
        )
        assert.strictEqual(error._tag, "NotPlaced")
        assert.strictEqual((yield* sentParameters("sell")).length, 1)
      })
    ))

  it.effect("are reported as NotPlaced once the history reaches back before they were sent", () =>
    scripted(
      {
        sell: [{ error: { code: 13_028, message: "temporarily_unavailable" } }],
        get_order_state_by_label: [[]],
        "get_order_history_by_instrument?historical=false": [[]],
        "get_order_history_by_instrument?historical=true": [others(0, now - 86_400_000)],
        get_open_orders_by_instrument: [[]]
      },
      Effect.gen(function*() {
        const trading = yield* Deribit.Trading
        const error = yield* Effect.flip(
          trading.place({ type: "market", symbol: linear, side: "sell", amount: "0.001", clientOrderId: "mine" })
        )
        assert.strictEqual(error._tag, "NotPlaced")
        const offsets = (yield* sentParameters("get_order_history_by_instrument")).map(({ offset }) => offset)
        assert.deepStrictEqual([...new Set(offsets)], ["0"])
      })
    ))
})

describe("amendment of an order", () => {
  it.effect("keeps post-only and reduce-only", () =>
    Effect.gen(function*() {
      for (const is of [true, false]) {
        const before = orderRow({ post_only: is, reduce_only: is })
        const [sent] = yield* scripted(
          { get_order_state: [before], edit: [{ order: { ...before, price: 2900 } }] },
          Effect.gen(function*() {
            const trading = yield* Deribit.Trading
            yield* trading.amend({ symbol: linear, id: "USDC-104819327443" }, { price: "2900" })
            return yield* sentParameters("edit")
          })
        )
        const { post_only, reduce_only, reject_post_only } = { ...sent }
        const words = is ? ["true", "true", "true"] : [undefined, undefined, undefined]
        assert.deepStrictEqual([post_only, reject_post_only, reduce_only], words)
      }
    }))
})

describe("cancelAll", () => {
  it.effect("returns only orders that were canceled, not one that was filled meanwhile", () =>
    scripted(
      {
        get_open_orders_by_instrument: [[orderRow({ order_id: "1" }), orderRow({ order_id: "2" })]],
        cancel_all_by_instrument: [2],
        "get_order_state?order_id=1": [orderRow({ order_id: "1", order_state: "filled", filled_amount: 0.001 })],
        "get_order_state?order_id=2": [orderRow({ order_id: "2", order_state: "cancelled" })]
      },
      Effect.gen(function*() {
        const trading = yield* Deribit.Trading
        assert.deepStrictEqual(yield* trading.cancelAll(linear), ["2"])
      })
    ))
})
