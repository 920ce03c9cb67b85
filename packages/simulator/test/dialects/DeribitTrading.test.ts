import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Faults } from "../../src/index.js"
import { field, noon, rows } from "../utils.js"
import {
  type Client,
  demo,
  idOf,
  list,
  names,
  order,
  perpetual,
  refused,
  result,
  signed,
  spot,
  start
} from "./support/deribit.js"

const label = "O-19700101-1"

const instrument = { instrument_name: "BTC-PERPETUAL" }

const ids = (value: unknown) => rows(value).map((row) => row["order_id"])

const priced = (client: Client) => client.simulator.setPrice("BTC/USD:BTC", "60000")

const best = ({ get }: Client) => Effect.map(get("public/ticker", instrument), result)

describe("Deribit trading", () => {
  describe("account", () => {
    it.effect("returns balances with what orders lock", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const of = (currency: string) =>
          Effect.map(call("private/get_account_summaries"), (answer) =>
            rows(field(result(answer), "summaries")).find((row) => row["currency"] === currency))
        assert.deepInclude(yield* of("BTC"), {
          balance: 1.75,
          equity: 1.75,
          margin_balance: 1.75,
          available_funds: 1.5,
          initial_margin: 0.25
        })
        assert.deepStrictEqual(
          result(yield* call("private/get_account_summary", { currency: "BTC" })),
          yield* of("BTC")
        )
        result(yield* call("private/buy", spot))
        assert.deepInclude(yield* of("USDT"), { balance: 50_000, available_funds: 49_700, initial_margin: 300 })
      }))

    it.effect("returns inverse positions in dollars, and closed ones with size zero", () =>
      Effect.gen(function*() {
        const client = yield* start()
        const { call } = client
        const positions = (params = {}) => Effect.map(call("private/get_positions", params), result)
        assert.deepStrictEqual(yield* positions(), [])
        yield* priced(client)
        result(yield* call("private/sell", { ...instrument, amount: 600, type: "market" }))
        const linear = { instrument_name: "ETH_USDC-PERPETUAL", amount: 0.5, type: "market" }
        result(yield* call("private/buy", linear))
        result(yield* call("private/buy", { ...spot, type: "market" }))
        const [short, long] = rows(yield* positions())
        assert.deepInclude(short, {
          instrument_name: "BTC-PERPETUAL",
          direction: "sell",
          size: -600,
          size_currency: -0.01,
          kind: "future",
          mark_price: 60_000
        })
        assert.deepInclude(long, { direction: "buy", size: 0.5, size_currency: 0.5 })
        assert.strictEqual(rows(yield* positions({ currency: "USDC" })).length, 1)
        assert.deepStrictEqual(yield* positions({ kind: "option" }), [])
        result(yield* call("private/buy", { ...instrument, amount: 600, type: "market", reduce_only: true }))
        assert.deepInclude(rows(yield* positions({ currency: "BTC" }))[0], { direction: "zero", size: 0 })
      }))
  })

  describe("orders", () => {
    it.effect("places a resting order, finds it by every method, and cancels it", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const answer = yield* call("private/buy", { ...perpetual, label, post_only: true })
        const order_id = idOf(answer)
        const shown = {
          order_id,
          label,
          instrument_name: "BTC-PERPETUAL",
          direction: "buy",
          order_type: "limit",
          order_state: "open",
          time_in_force: "good_til_cancelled",
          price: 30_000,
          amount: 100,
          filled_amount: 0,
          average_price: 0,
          post_only: true,
          reduce_only: false,
          creation_timestamp: noon,
          last_update_timestamp: noon
        }
        assert.deepStrictEqual(result(answer), { order: shown, trades: [] })
        assert.match(order_id, /^\d+$/)
        const everywhere = [
          ["private/get_open_orders", {}],
          ["private/get_open_orders", { kind: "future" }],
          ["private/get_open_orders_by_instrument", instrument],
          ["private/get_open_orders_by_currency", { currency: "BTC" }],
          ["private/get_order_state_by_label", { currency: "BTC", label }]
        ] as const
        for (const [method, params] of everywhere) {
          assert.deepStrictEqual(result(yield* call(method, params)), [shown], method)
        }
        const nowhere = [
          ["private/get_open_orders", { kind: "spot" }],
          ["private/get_open_orders_by_instrument", { instrument_name: "ETH-PERPETUAL" }],
          ["private/get_open_orders_by_currency", { currency: "ETH" }],
          ["private/get_order_state_by_label", { currency: "USDC", label }],
          ["private/get_order_state_by_label", { currency: "BTC", label: "another" }],
          ["private/get_order_history_by_instrument", { ...instrument, include_unfilled: true }]
        ] as const
        for (const [method, params] of nowhere) assert.deepStrictEqual(result(yield* call(method, params)), [], method)
        assert.deepStrictEqual(result(yield* call("private/get_order_state", { order_id })), shown)
        const ended = { ...shown, order_state: "cancelled", cancel_reason: "user_request" }
        assert.deepStrictEqual(result(yield* call("private/cancel", { order_id })), ended)
        assert.deepStrictEqual(result(yield* call("private/get_open_orders")), [])
        refused(yield* call("private/cancel", { order_id }), 400, 11044, "not_open_order")
        refused(yield* call("private/edit", { order_id, amount: 20 }), 400, 11044, "not_open_order")
        const history = { ...instrument, count: 5 }
        assert.deepStrictEqual(result(yield* call("private/get_order_history_by_instrument", history)), [])
        const unfilled = { ...history, include_unfilled: true }
        assert.deepStrictEqual(result(yield* call("private/get_order_history_by_instrument", unfilled)), [ended])
      }))

    it.effect("accepts numbers and flags in a JSON body, and numbers with an exponent", () =>
      Effect.gen(function*() {
        const { call, post } = yield* start()
        const params = { ...perpetual, post_only: true, reduce_only: false }
        const body = { jsonrpc: "2.0", id: 9, method: "private/buy", params }
        const answer = yield* post("/api/v2", body, signed(demo, noon, "/api/v2", "POST", JSON.stringify(body)))
        assert.strictEqual(field(answer.json, "id"), 9)
        assert.deepInclude(order(answer), { amount: 100, price: 30_000, post_only: true, reduce_only: false })
        const exponents = { ...perpetual, amount: "1e2", price: "3E+4" }
        assert.deepInclude(order(yield* call("private/buy", exponents)), { amount: 100, price: 30_000 })
      }))

    it.effect("prefixes ids with the settlement currency, and finds orders only by the whole id", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const linear = { instrument_name: "ETH_USDC-PERPETUAL", amount: 0.01, price: 1000 }
        const order_id = idOf(yield* call("private/buy", linear))
        assert.match(order_id, /^USDC-\d+$/)
        assert.match(
          idOf(yield* call("private/buy", { ...linear, instrument_name: "ETH-PERPETUAL", amount: 1 })),
          /^ETH-/
        )
        result(yield* call("private/get_order_state", { order_id }))
        for (const wrong of [order_id.replace("USDC-", ""), order_id.replace("USDC", "ETH"), "USDC-1", "nonsense"]) {
          refused(yield* call("private/get_order_state", { order_id: wrong }), 400, 10004, "order_not_found")
        }
      }))

    it.effect("fills a resting order as maker when the price reaches it", () =>
      Effect.gen(function*() {
        const client = yield* start()
        const { call, simulator } = client
        yield* priced(client)
        const order_id = idOf(yield* call("private/buy", { ...perpetual, price: 55_000, label }))
        yield* TestClock.adjust("2 seconds")
        yield* simulator.setPrice("BTC-PERPETUAL", "54000")
        const filled = result(yield* call("private/get_order_state", { order_id }))
        assert.deepInclude(filled, { order_state: "filled", filled_amount: 100, average_price: 55_000 })
        assert.deepStrictEqual(result(yield* call("private/get_order_history_by_instrument", instrument)), [filled])
        const page = result(yield* call("private/get_user_trades_by_instrument", instrument))
        assert.strictEqual(field(page, "has_more"), false)
        const trades = rows(field(page, "trades"))
        assert.deepInclude(trades[0], {
          order_id,
          label,
          direction: "buy",
          price: 55_000,
          amount: 100,
          fee: 0,
          fee_currency: "BTC",
          liquidity: "M",
          order_type: "limit"
        })
        refused(yield* call("private/cancel", { order_id }), 400, 11008, "already_filled")
        refused(yield* call("private/edit", { order_id, amount: 50 }), 400, 11008, "already_filled")
      }))

    it.effect("returns a market order with its trades and fees", () =>
      Effect.gen(function*() {
        const { call, simulator } = yield* start()
        yield* simulator.setPrice("BTC/USDT", "60000")
        const answer = result(yield* call("private/buy", { ...spot, type: "market", label }))
        assert.deepInclude(field(answer, "order"), {
          order_state: "filled",
          order_type: "market",
          price: "market_price",
          filled_amount: 0.01
        })
        const trades = rows(field(answer, "trades"))
        const bought = trades.reduce((sum, row) => sum + Number(row["amount"]), 0)
        const paid = trades.reduce((sum, row) => sum + Number(row["fee"]), 0)
        assert.approximately(bought, 0.01, 1e-12)
        assert.approximately(paid, 0.01 * 0.0005, 1e-7)
        assert.deepInclude(trades[0], { liquidity: "T", fee_currency: "BTC", label })
      }))

    it.effect("cancels IOC and FOK orders that cannot be filled immediately", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        for (const time_in_force of ["immediate_or_cancel", "fill_or_kill"]) {
          const answer = yield* call("private/buy", { ...perpetual, time_in_force })
          const ended = { order_state: "cancelled", filled_amount: 0, time_in_force }
          assert.deepInclude(order(answer), ended)
          assert.notInclude(names(order(answer)), "cancel_reason")
        }
      }))

    it.effect("reprices a post-only order that would cross, unless reject_post_only is set", () =>
      Effect.gen(function*() {
        const client = yield* start()
        const { call } = client
        yield* priced(client)
        const ticker = yield* best(client)
        const [bid, ask] = [Number(field(ticker, "best_bid_price")), Number(field(ticker, "best_ask_price"))]
        const crossing = { ...perpetual, price: ask, post_only: true }
        refused(yield* call("private/buy", { ...crossing, reject_post_only: true }), 400, 11054, "post_only_reject")
        assert.deepInclude(order(yield* call("private/buy", crossing)), { price: ask - 0.5, order_state: "open" })
        const after = Number(field(yield* best(client), "best_bid_price"))
        assert.strictEqual(after, ask - 0.5)
        const selling = { ...crossing, price: bid }
        assert.deepInclude(order(yield* call("private/sell", selling)), { price: ask, order_state: "open" })
        const aside = { ...crossing, price: 50_000 }
        assert.deepInclude(order(yield* call("private/buy", { ...aside, reject_post_only: true })), { price: 50_000 })
        const order_id = idOf(yield* call("private/buy", aside))
        const moved = order(yield* call("private/edit", { order_id, price: 60_500, amount: 100 }))
        assert.deepInclude(moved, { order_state: "open", price: ask - 0.5 })
      }))

    it.effect("edits price and amount of an order and keeps its id", () =>
      Effect.gen(function*() {
        const client = yield* start()
        const { call } = client
        yield* priced(client)
        const order_id = idOf(yield* call("private/buy", perpetual))
        const edited = result(yield* call("private/edit", { order_id, amount: 200, price: 31_000 }))
        assert.deepInclude(field(edited, "order"), { order_id, amount: 200, price: 31_000 })
        assert.deepStrictEqual(field(edited, "trades"), [])
        const crossed = result(yield* call("private/edit", { order_id, amount: 300, price: 60_500 }))
        assert.deepInclude(field(crossed, "order"), { amount: 300, order_state: "filled" })
        assert.isAbove(list(field(crossed, "trades")).length, 0)
        refused(yield* call("private/edit", { order_id: "1" }), 400, 10004, "order_not_found")
        const resting = { order_id: idOf(yield* call("private/buy", perpetual)) }
        refused(yield* call("private/edit", { ...resting, price: 30_000.3 }), 400, 10043, "price_wrong_tick")
        const late = { ...resting, price: 31_000, valid_until: noon - 1 }
        refused(yield* call("private/edit", late), 400, 13888, "timed_out")
        assert.deepInclude(result(yield* call("private/get_order_state", resting)), {
          price: 30_000,
          order_state: "open"
        })
      }))

    it.effect("returns only the trades of an edit in its response", () =>
      Effect.gen(function*() {
        const client = yield* start()
        const { call } = client
        yield* priced(client)
        const amount = Number(field(yield* best(client), "best_ask_amount"))
        const price = Number(field(yield* best(client), "best_ask_price"))
        const placed = yield* call("private/buy", { ...perpetual, amount: amount + 10, price })
        assert.strictEqual(list(field(result(placed), "trades")).length, 1)
        const edited = result(yield* call("private/edit", { order_id: idOf(placed), price: price + 300 }))
        assert.deepStrictEqual(rows(field(edited, "trades")).map((row) => row["amount"]), [10])
      }))

    it.effect("accepts several orders with one label, and lists the newest first", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const placed = [
          yield* call("private/buy", { ...perpetual, label }),
          yield* call("private/buy", { ...perpetual, label }),
          yield* call("private/buy", { ...spot, instrument_name: "ETH_USDT", price: 1000, label }),
          yield* call("private/buy", perpetual)
        ].map(idOf)
        const found = result(yield* call("private/get_order_state_by_label", { currency: "BTC", label }))
        assert.deepStrictEqual(ids(found), [placed[1], placed[0]])
        assert.deepStrictEqual(ids(result(yield* call("private/get_open_orders"))), placed.toReversed())
      }))

    it.effect("cancels all orders of an instrument", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const ether = { instrument_name: "ETH-PERPETUAL", amount: 1, price: 1000 }
        for (const one of [perpetual, perpetual, spot, ether, ether]) result(yield* call("private/buy", one))
        assert.strictEqual(result(yield* call("private/cancel_all_by_instrument", instrument)), 2)
        assert.strictEqual(result(yield* call("private/cancel_all_by_instrument", instrument)), 0)
        assert.strictEqual(list(result(yield* call("private/get_open_orders"))).length, 3)
        for (const method of ["private/cancel_all_by_instrument", "private/get_open_orders_by_instrument"]) {
          refused(yield* call(method), 400, -32602, "Invalid params", {
            reason: "value required",
            param: "instrument_name"
          })
          const unknown = yield* call(method, { instrument_name: "DOGE-PERPETUAL" })
          refused(unknown, 400, 10020, "invalid_or_unsupported_instrument")
        }
      }))

    it.effect("pages the history, last closed first", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const placed = [idOf(yield* call("private/buy", perpetual)), idOf(yield* call("private/buy", perpetual))]
        for (const order_id of placed.toReversed()) {
          yield* TestClock.adjust("1 seconds")
          result(yield* call("private/cancel", { order_id }))
        }
        const history = (params: Readonly<Record<string, number>>) =>
          Effect.map(
            call("private/get_order_history_by_instrument", { ...instrument, include_unfilled: true, ...params }),
            (answer) => ids(result(answer))
          )
        assert.deepStrictEqual(yield* history({}), placed)
        assert.deepStrictEqual(yield* history({ count: 1 }), [placed[0]])
        assert.deepStrictEqual(yield* history({ count: 1, offset: 1 }), [placed[1]])
        assert.deepStrictEqual(yield* history({ offset: 2 }), [])
      }))

    it.effect("returns closed orders for half an hour and trades for a day, and older ones only from the history", () =>
      Effect.gen(function*() {
        const client = yield* start()
        const { call } = client
        yield* priced(client)
        const order_id = idOf(yield* call("private/buy", { ...instrument, amount: 100, type: "market", label }))
        const past = (params = {}) =>
          Effect.map(
            call("private/get_order_history_by_instrument", { ...instrument, ...params }),
            (answer) => ids(result(answer)).length
          )
        const traded = (params = {}) =>
          Effect.map(
            call("private/get_user_trades_by_instrument", { ...instrument, ...params }),
            (answer) => list(field(result(answer), "trades")).length
          )
        const open = { order_id: idOf(yield* call("private/buy", perpetual)) }
        yield* TestClock.adjust("30 minutes")
        result(yield* call("private/get_order_state", { order_id }))
        assert.strictEqual(yield* past(), 1)
        yield* TestClock.adjust("1 millis")
        refused(yield* call("private/get_order_state", { order_id }), 400, 10004, "order_not_found")
        result(yield* call("private/get_order_state", open))
        const byLabel = call("private/get_order_state_by_label", { currency: "BTC", label })
        assert.deepStrictEqual(result(yield* byLabel), [])
        assert.strictEqual(yield* past(), 0)
        assert.strictEqual(yield* past({ historical: true }), 1)
        assert.isAbove(yield* traded(), 0)
        yield* TestClock.adjust("1 days")
        assert.strictEqual(yield* traded(), 0)
        assert.isAbove(yield* traded({ historical: true }), 0)
        yield* TestClock.adjust("1 days")
        assert.strictEqual(yield* past({ historical: true }), 0)
        assert.strictEqual(yield* past({ historical: true, include_old: true }), 1)
      }))

    it.effect("pages trades by time", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const placed: Array<string> = []
        for (let index = 0; index < 3; index++) {
          placed.push(idOf(yield* call("private/buy", { ...instrument, amount: 10, type: "market" })))
          yield* TestClock.adjust("1 seconds")
        }
        const page = (params: Readonly<Record<string, string | number>>) =>
          Effect.map(
            call("private/get_user_trades_by_instrument", { ...instrument, ...params }),
            (answer) => [ids(field(result(answer), "trades")), field(result(answer), "has_more")]
          )
        assert.deepStrictEqual(yield* page({ count: 2 }), [[placed[2], placed[1]], true])
        assert.deepStrictEqual(yield* page({ count: 2, sorting: "asc" }), [[placed[1], placed[2]], true])
        assert.deepStrictEqual(
          yield* page({ count: 2, sorting: "asc", start_timestamp: noon }),
          [[placed[0], placed[1]], true]
        )
        assert.deepStrictEqual(
          yield* page({ start_timestamp: noon + 1, end_timestamp: noon + 1999 }),
          [[placed[1]], false]
        )
      }))

    it.effect("finds an order only after the order lag", () =>
      Effect.gen(function*() {
        const { call } = yield* start({ faults: Faults.make({ orderLag: "2 seconds" }) })
        const order_id = idOf(yield* call("private/buy", { ...perpetual, label }))
        const byLabel = call("private/get_order_state_by_label", { currency: "BTC", label })
        refused(yield* call("private/get_order_state", { order_id }), 400, 10004, "order_not_found")
        assert.deepStrictEqual(result(yield* byLabel), [])
        assert.deepStrictEqual(result(yield* call("private/get_open_orders")), [])
        yield* TestClock.adjust("2 seconds")
        result(yield* call("private/get_order_state", { order_id }))
        assert.deepStrictEqual(ids(result(yield* byLabel)), [order_id])
      }))
  })

  describe("rejections", () => {
    const missing = (param: string) => [-32602, "Invalid params", { reason: "value required", param }] as const
    const cases = [
      ["an unknown instrument", { instrument_name: "DOGE-PERPETUAL" }, 10020, "invalid_or_unsupported_instrument"],
      ["a price off the tick", { price: 30_000.3 }, 10043, "price_wrong_tick"],
      ["an amount below the minimum", { amount: 5 }, 10002, "qty_too_low"],
      ["a fraction of a contract", { amount: 15 }, -32602, "Invalid params", {
        reason: "must be a multiple of the contract size",
        param: "amount"
      }],
      ["an amount beyond the free balance", { amount: 1_000_000 }, 10009, "not_enough_funds"],
      ["a reduce-only order without a position", { reduce_only: true }, 11030, "other_reject reduce_only_no_position"],
      ["an order after its valid_until", { valid_until: noon - 1 }, 13888, "timed_out"],
      ["a long label", { label: "x".repeat(65) }, -32602, "Invalid params", { reason: "too long", param: "label" }],
      ["an invalid type", { type: "stop_limit" }, -32602, "Invalid params", { reason: "invalid type", param: "type" }],
      ["an invalid time in force", { time_in_force: "good_til_day" }, -32602, "Invalid params", {
        reason: "invalid time_in_force",
        param: "time_in_force"
      }],
      ["post-only with fill_or_kill", { post_only: true, time_in_force: "fill_or_kill" }, -32602, "Invalid params", {
        reason: "only for good_til_cancelled limit orders",
        param: "post_only"
      }],
      [
        "a market order on spot with a time in force",
        { instrument_name: "BTC_USDC", type: "market", amount: 0.001, time_in_force: "immediate_or_cancel" },
        -32602,
        "Invalid params",
        { reason: "not for market orders on spot", param: "time_in_force" }
      ],
      ["an amount that is not a number", { amount: "much" }, -32602, "Invalid params", {
        reason: "must be a number",
        param: "amount"
      }],
      ["an amount of zero", { amount: 0 }, -32602, "Invalid params", { reason: "must be positive", param: "amount" }]
    ] as const
    it.effect.each(cases)("rejects %s", ([, change, code, message, data]) =>
      Effect.gen(function*() {
        const client = yield* start()
        yield* priced(client)
        refused(yield* client.call("private/buy", { ...perpetual, ...change }), 400, code, message, data)
        assert.deepStrictEqual(result(yield* client.call("private/get_open_orders")), [])
      }))

    it.effect("rejects missing parameters, and accepts values at the limits", () =>
      Effect.gen(function*() {
        const client = yield* start()
        yield* priced(client)
        const { call } = client
        const [code, message, data] = missing("price")
        refused(yield* call("private/buy", { ...instrument, amount: 10 }), 400, code, message, data)
        refused(yield* call("private/buy", { ...instrument, price: 30_000 }), 400, ...missing("amount"))
        refused(yield* call("private/cancel"), 400, ...missing("order_id"))
        refused(yield* call("private/get_order_state_by_label", { currency: "BTC" }), 400, ...missing("label"))
        const fine = { ...perpetual, valid_until: noon, label: "x".repeat(64) }
        assert.deepInclude(order(yield* call("private/buy", fine)), { order_state: "open" })
        refused(yield* call("private/sell", { ...spot, reduce_only: true }), 400, -32602, "Invalid params", {
          reason: "not for spot",
          param: "reduce_only"
        })
      }))
  })
})
