import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Redacted, TestClock } from "effect"
import { createHash, createHmac } from "node:crypto"
import { dialect, verifySignature } from "../../src/exchanges/kraken/dialect.js"
import { type Account, Faults, Market, Simulator } from "../../src/index.js"
import { ask, field, isRecord, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.zipRight(TestClock.setTime(noon), Simulator.make("kraken", { balances, ...options }))

const amount = BigDecimal.unsafeFromString
const balances: ReadonlyArray<Account.Balance> = [
  { asset: "BTC", free: amount("1.5"), locked: amount("0.25") },
  { asset: "USD", free: amount("100000"), locked: amount("0") },
  { asset: "USDT", free: amount("25000.5"), locked: amount("0") }
]

const demo = Simulator.credentials("kraken")
const id = "6d1b345e-2821-40e2-ad83-4ecb18a06876"

const signed = (
  path: string,
  nonce: string,
  body: string,
  { key, secret }: Account.Credentials,
  contentType = "application/x-www-form-urlencoded"
) => ({
  method: "POST",
  headers: {
    "api-key": Redacted.value(key),
    "api-sign": createHmac("sha512", Buffer.from(Redacted.value(secret), "base64"))
      .update(path)
      .update(createHash("sha256").update(nonce + body).digest())
      .digest("base64"),
    "content-type": contentType
  },
  body: new TextEncoder().encode(body)
})

/** Calls private endpoints with increasing nonces and returns the envelope. */
const trader = (simulator: Simulator.Simulator, credentials = demo) => {
  let nonce = 1_700_000_000_000_000
  return (name: string, params: Readonly<Record<string, string>> = {}) => {
    const path = `/0/private/${name}`
    const sent = String(++nonce)
    const body = new URLSearchParams({ nonce: sent, ...params }).toString()
    return Effect.map(ask(simulator, path, signed(path, sent, body, credentials)), ({ json }) => json)
  }
}

const jsonTrader = (simulator: Simulator.Simulator, nonce: string, name: string, body: object) => {
  const path = `/0/private/${name}`
  const text = JSON.stringify(body).replace("{", `{"nonce":${nonce},`)
  return Effect.map(ask(simulator, path, signed(path, nonce, text, demo, "application/json")), ({ json }) => json)
}

const result = (envelope: unknown) => field(envelope, "result")
const errors = (envelope: unknown) => field(envelope, "error")
const keys = (value: unknown) => isRecord(value) ? Object.keys(value) : []
const first = (value: unknown, at = 0): unknown => Array.isArray(value) ? value[at] : undefined
const list = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []
const txidOf = (envelope: unknown) => String(first(field(result(envelope), "txid")))
const orderOf = (envelope: unknown, txid: string) => field(result(envelope), txid)
const shown = (simulator: Simulator.Simulator, target: string) =>
  Effect.map(ask(simulator, `/0/public/${target}`), ({ json }) => result(json))
const refused = (simulator: Simulator.Simulator, target: string) =>
  Effect.map(ask(simulator, `/0/public/${target}`), ({ json, status }) => [status, errors(json)])

const bitcoin = dialect.listings.filter((listing) => listing.id === "XXBTZUSD")[0] ?? assert.fail("not listed")

const limit = { pair: "XBTUSD", type: "buy", ordertype: "limit", volume: "0.01", price: "30000" }

describe("Kraken", () => {
  describe("market data", () => {
    it.effect("returns time and status", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const time = yield* ask(simulator, "/0/public/Time")
        assert.strictEqual(
          time.text,
          `{"error":[],"result":{"unixtime":${noon / 1000},"rfc1123":"Mon, 25 Nov 24 12:00:00 +0000"}}`
        )
        assert.deepStrictEqual(yield* shown(simulator, "SystemStatus"), {
          status: "online",
          timestamp: "2024-11-25T12:00:00Z"
        })
      }))

    it.effect("returns assets and pairs by their old names", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const pairs = yield* shown(simulator, "AssetPairs")
        assert.deepStrictEqual(keys(pairs), [
          "XXBTZUSD",
          "XBTUSDT",
          "ETHUSDT",
          "XETHXXBT",
          "SOLUSD",
          "XXRPZUSD",
          "SOLEUR"
        ])
        const bitcoin = field(pairs, "XXBTZUSD")
        assert.strictEqual(field(bitcoin, "altname"), "XBTUSD")
        assert.strictEqual(field(bitcoin, "wsname"), "XBT/USD")
        assert.deepStrictEqual([field(bitcoin, "base"), field(bitcoin, "quote")], ["XXBT", "ZUSD"])
        assert.deepStrictEqual([field(bitcoin, "tick_size"), field(bitcoin, "pair_decimals")], ["0.1", 1])
        assert.strictEqual(field(field(pairs, "SOLEUR"), "status"), "cancel_only")
        const two = yield* shown(simulator, "AssetPairs?pair=XBTUSD,ETH/XBT")
        assert.deepStrictEqual(keys(two), ["XXBTZUSD", "XETHXXBT"])
        assert.deepStrictEqual(yield* shown(simulator, "Assets?asset=XBT"), {
          XXBT: { aclass: "currency", altname: "XBT", decimals: 10, display_decimals: 5, status: "enabled" }
        })
      }))

    it.effect("returns tickers by the exchange's pair name, with today's values before those of 24 hours", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* simulator.setPrice("BTC/USD", "65000.5")
        const ticker = field(yield* shown(simulator, "Ticker?pair=XBTUSD"), "XXBTZUSD")
        assert.strictEqual(first(field(ticker, "c")), "65000.50000")
        assert.isBelow(Number(first(field(ticker, "b"))), 65000.5)
        assert.isAbove(Number(first(field(ticker, "a"))), 65000.5)
        assert.isBelow(Number(first(field(ticker, "v"))), Number(first(field(ticker, "v"), 1)))
        assert.isAtMost(Number(first(field(ticker, "l"), 1)), Number(first(field(ticker, "l"))))
        assert.isAtLeast(Number(first(field(ticker, "h"), 1)), Number(first(field(ticker, "h"))))
        assert.isNumber(first(field(ticker, "t"), 1))
        assert.strictEqual(keys(yield* shown(simulator, "Ticker")).length, 7)
      }))

    it.effect("returns a book that is not crossed, best price first", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const book = field(yield* shown(simulator, "Depth?pair=XBT/USDT&count=5"), "XBTUSDT")
        const prices = (side: string) => list(field(book, side)).map((level) => Number(first(level)))
        assert.strictEqual(prices("asks").length, 5)
        assert.deepStrictEqual(prices("asks"), prices("asks").toSorted((a, b) => a - b))
        assert.deepStrictEqual(prices("bids"), prices("bids").toSorted((a, b) => b - a))
        assert.isBelow(prices("bids")[0] ?? NaN, prices("asks")[0] ?? NaN)
        assert.strictEqual(first(first(field(book, "asks")), 2), noon / 1000)
      }))

    it.effect("returns trades oldest first, or those after `since`", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const all = yield* shown(simulator, "Trades?pair=XBTUSD&count=50")
        const times = list(field(all, "XXBTZUSD")).map((trade) => Number(first(trade, 2)))
        assert.strictEqual(times.length, 50)
        assert.deepStrictEqual(times, times.toSorted((a, b) => a - b))
        const tape = Market.trades("simulator", bitcoin, noon, 50).map(({ side }) => side === "buy" ? "b" : "s")
        assert.deepStrictEqual(list(field(all, "XXBTZUSD")).map((trade) => first(trade, 3)), tape)
        assert.sameMembers([...new Set(tape)], ["b", "s"])
        assert.strictEqual(field(all, "last"), `${(times.at(-1) ?? 0) * 1000}000000`)
        const middle = times[20] ?? 0
        const later = yield* shown(simulator, `Trades?pair=XBTUSD&count=1000&since=${middle * 1000}000000`)
        const after = list(field(later, "XXBTZUSD")).map((trade) => Number(first(trade, 2)))
        assert.deepStrictEqual(after, times.filter((time) => time > middle))
        const none = yield* shown(simulator, `Trades?pair=XBTUSD&since=${String(field(all, "last"))}`)
        assert.deepStrictEqual(none, { XXBTZUSD: [], last: field(all, "last") })
      }))

    it.effect("returns 720 closed candles and the open one, or those after `since`", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const all = yield* shown(simulator, "OHLC?pair=XBTUSD&interval=60")
        const opens = list(field(all, "XXBTZUSD")).map((candle) => first(candle))
        assert.strictEqual(opens.length, 721)
        assert.deepStrictEqual([opens[0], opens[720]], [noon / 1000 - 720 * 3600, noon / 1000])
        assert.strictEqual(field(all, "last"), opens[719])
        const later = yield* shown(simulator, `OHLC?pair=XBTUSD&interval=60&since=${noon / 1000 - 7200}`)
        assert.deepStrictEqual(list(field(later, "XXBTZUSD")).map((candle) => first(candle)), opens.slice(-2))
        const running = yield* shown(simulator, `OHLC?pair=XBTUSD&interval=60&since=${noon / 1000 + 5}`)
        assert.deepStrictEqual(list(field(running, "XXBTZUSD")).map((candle) => first(candle)), opens.slice(-1))
        const weeks = yield* shown(simulator, "OHLC?pair=XBTUSD&interval=10080")
        assert.strictEqual(list(field(weeks, "XXBTZUSD")).length, 103)
        const candle = first(field(all, "XXBTZUSD"))
        assert.deepStrictEqual(list(candle).map((column) => typeof column), [
          "number",
          ...Array.from({ length: 6 }, () => "string"),
          "number"
        ])
        assert.isAtLeast(Number(first(candle, 2)), Number(first(candle, 3)))
      }))

    const refusals = [
      ["Ticker?pair=NOPE", "EQuery:Unknown asset pair"],
      ["AssetPairs?pair=XBTUSD,NOPE", "EQuery:Unknown asset pair"],
      ["Assets?asset=NOPE", "EQuery:Unknown asset"],
      ["Depth", "EGeneral:Invalid arguments:pair"],
      ["Depth?pair=XBTUSD&count=501", "EGeneral:Invalid arguments:count"],
      ["OHLC?pair=XBTUSD&interval=2", "EGeneral:Invalid arguments:interval"],
      ["Trades?pair=XBTUSD&since=now", "EGeneral:Invalid arguments:since"],
      ["Nothing", "EGeneral:Unknown method"]
    ] as const
    it.effect.each(refusals)("rejects %s with status 200", ([target, error]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refused(yield* start(), target), [200, [error]])
      }))
  })

  describe("signatures", () => {
    it("accepts the documentation's vectors, byte for byte", () => {
      const secret = Redacted.make(
        "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
      )
      const nonce = "1616492376594"
      const vectors = [
        [
          "/0/private/AddOrder",
          `nonce=${nonce}&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25`,
          "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
        ],
        [
          "/0/private/Balance",
          `nonce=${nonce}`,
          "1nH4vwR+8FHiYh1QT649xXkGd3JR3x0DWkgv3u9Ed/Qqv6KPtgQpEU4m+Emb/VgpEji3j1XNwI+HCbfXxmrTOg=="
        ],
        [
          "/0/private/GetApiKeyInfo",
          `{"nonce":${nonce}}`,
          "Y+PfSbsXlj0sbAZDcyVp1igUnTeH91+HlgIEpJPjm/aBixgDgGhE06PvYLTJcj4blYBia7u1jnzYJXwj2zTODA=="
        ]
      ] as const
      for (const [path, body, signature] of vectors) {
        assert.isTrue(verifySignature(secret, path, nonce, body, signature))
        assert.isFalse(verifySignature(secret, path, nonce, `${body} `, signature))
        assert.isFalse(verifySignature(secret, `${path}?`, nonce, body, signature))
        assert.isFalse(verifySignature(secret, path, "1616492376595", body, signature))
      }
    })

    const path = "/0/private/Balance"
    const other = Simulator.credentials("kraken", "read")
    const wrong: ReadonlyArray<readonly [name: string, options: ReturnType<typeof signed>, error: string]> = [
      ["an unknown key", signed(path, "5", "nonce=5", { ...demo, key: Redacted.make("x") }), "EAPI:Invalid key"],
      ["another secret", signed(path, "5", "nonce=5", { ...demo, secret: other.secret }), "EAPI:Invalid signature"],
      ["another path", signed("/0/private/BalanceEx", "5", "nonce=5", demo), "EAPI:Invalid signature"],
      [
        "a changed body",
        { ...signed(path, "5", "nonce=5", demo), body: new TextEncoder().encode("nonce=5&x=1") },
        "EAPI:Invalid signature"
      ],
      ["no nonce", signed(path, "", "", demo), "EAPI:Invalid nonce"],
      [
        "a nonce beyond 64 bits",
        signed(path, "18446744073709551616", "nonce=18446744073709551616", demo),
        "EAPI:Invalid nonce"
      ]
    ]
    it.effect.each(wrong)("rejects %s", ([, options, error]) =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const answer = yield* ask(simulator, path, options)
        assert.deepStrictEqual([answer.status, errors(answer.json)], [200, [error]])
      }))

    it.effect("requires increasing nonces per key, beyond 2^53 too", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const balance = (nonce: string, credentials = demo) =>
          Effect.map(
            ask(simulator, path, signed(path, nonce, `nonce=${nonce}`, credentials)),
            ({ json }) => errors(json)
          )
        assert.deepStrictEqual(yield* balance("18014398509481985"), [])
        assert.deepStrictEqual(yield* balance("18014398509481985"), ["EAPI:Invalid nonce"])
        assert.deepStrictEqual(yield* balance("18014398509481984"), ["EAPI:Invalid nonce"])
        assert.deepStrictEqual(yield* balance("1", other), [])
        assert.deepStrictEqual(yield* balance("18014398509481986"), [])
        const json = yield* jsonTrader(simulator, "18014398509481987", "Balance", { x: 1 })
        assert.deepStrictEqual(errors(json), [])
        assert.deepStrictEqual(yield* balance("18014398509481987"), ["EAPI:Invalid nonce"])
      }))

    it.effect("locks a key out for 15 minutes after ten failures in a minute", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const bad = signed(path, "5", "nonce=5", { ...demo, secret: other.secret })
        for (let failure = 0; failure < 10; failure++) {
          assert.deepStrictEqual(errors((yield* ask(simulator, path, bad)).json), ["EAPI:Invalid signature"])
        }
        const call = trader(simulator)
        yield* TestClock.adjust("14 minutes")
        assert.deepStrictEqual(errors(yield* call("Balance")), ["EGeneral:Temporary lockout"])
        assert.strictEqual((yield* simulator.usage)[0]?.bannedUntil, noon + 900_000)
        yield* TestClock.adjust("1 minutes")
        assert.deepStrictEqual(errors(yield* call("Balance")), [])
      }))
  })

  describe("the account", () => {
    it.effect("returns assets by their old names, with and without locked amounts", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        assert.deepStrictEqual(result(yield* call("Balance")), {
          XXBT: "1.7500000000",
          ZUSD: "100000.0000",
          USDT: "25000.50000000"
        })
        yield* call("AddOrder", limit)
        assert.deepStrictEqual(result(yield* call("BalanceEx")), {
          XXBT: { balance: "1.7500000000", hold_trade: "0.2500000000" },
          ZUSD: { balance: "100000.0000", hold_trade: "300.0000" },
          USDT: { balance: "25000.50000000", hold_trade: "0.00000000" }
        })
      }))

    it.effect.each(
      [
        ["read", ["query-funds", "query-open-trades"]],
        ["trade", ["query-funds", "query-open-trades", "modify-trades"]],
        ["withdraw", ["query-funds", "withdraw-funds", "query-open-trades", "modify-trades"]]
      ] as const
    )("returns the permissions of the %s key", ([permission, permissions]) =>
      Effect.gen(function*() {
        const credentials = Simulator.credentials("kraken", permission)
        const info = result(yield* trader(yield* start(), credentials)("GetApiKeyInfo"))
        assert.deepStrictEqual(field(info, "permissions"), [...permissions])
        assert.strictEqual(field(info, "apiKey"), Redacted.value(credentials.key))
        assert.strictEqual(field(info, "nonceWindow"), 0)
        assert.deepStrictEqual([field(info, "validUntil"), field(info, "ipAllowlist")], ["0", []])
      }))

    it.effect("does not let a read-only key trade", () =>
      Effect.gen(function*() {
        const call = trader(yield* start(), Simulator.credentials("kraken", "read"))
        assert.deepStrictEqual(errors(yield* call("AddOrder", limit)), ["EGeneral:Permission denied"])
        assert.deepStrictEqual(errors(yield* call("CancelAll")), ["EGeneral:Permission denied"])
        assert.deepStrictEqual(errors(yield* call("OpenOrders")), [])
      }))
  })

  describe("orders", () => {
    it.effect("go from open to closed", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const call = trader(simulator)
        const placed = yield* call("AddOrder", { ...limit, cl_ord_id: id })
        const txid = txidOf(placed)
        assert.match(txid, /^O[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{6}$/)
        assert.deepStrictEqual(result(placed), {
          txid: [txid],
          descr: { order: "buy 0.01000000 XBTUSD @ limit 30000.0" }
        })
        const open = field(field(result(yield* call("OpenOrders", { cl_ord_id: id })), "open"), txid)
        assert.strictEqual(field(open, "status"), "open")
        assert.strictEqual(field(open, "cl_ord_id"), id)
        assert.strictEqual(field(field(open, "descr"), "price"), "30000.0")
        assert.deepStrictEqual([field(open, "vol"), field(open, "vol_exec")], ["0.01000000", "0.00000000"])
        assert.deepStrictEqual([field(open, "price"), field(open, "opentm")], ["0.00000", noon / 1000])
        assert.deepStrictEqual(result(yield* call("ClosedOrders")), { closed: {}, count: 0 })

        yield* TestClock.adjust("1 seconds")
        yield* simulator.setPrice("BTC/USD", "29000")
        assert.deepStrictEqual(result(yield* call("OpenOrders")), { open: {} })
        const closed = orderOf(yield* call("QueryOrders", { txid, trades: "true" }), txid)
        assert.strictEqual(field(closed, "status"), "closed")
        assert.deepStrictEqual([field(closed, "vol_exec"), field(closed, "cost")], ["0.01000000", "300.00000"])
        assert.deepStrictEqual([field(closed, "price"), field(closed, "fee")], ["30000.00000", "0.75000000"])
        assert.strictEqual(field(closed, "closetm"), noon / 1000 + 1)
        const listed = result(yield* call("ClosedOrders", { cl_ord_id: id }))
        assert.deepStrictEqual([keys(field(listed, "closed")), field(listed, "count")], [[txid], 1])

        const history = result(yield* call("TradesHistory"))
        const [tradeId] = keys(field(history, "trades"))
        assert.deepStrictEqual(field(closed, "trades"), [tradeId])
        const trade = field(field(history, "trades"), tradeId ?? "")
        assert.deepStrictEqual(
          ["ordertxid", "pair", "price", "vol", "cost", "fee", "maker", "type"].map((name) => field(trade, name)),
          [txid, "XBTUSD", "30000.00000", "0.01000000", "300.00000", "0.75000000", true, "buy"]
        )
      }))

    it.effect("have their taker fills consolidated in the history, unless asked otherwise", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        const taken = txidOf(
          yield* call("AddOrder", { pair: "XBTUSD", type: "sell", ordertype: "market", volume: "1" })
        )
        const order = orderOf(yield* call("QueryOrders", { txid: taken }), taken)
        const tradesOf = (params: Readonly<Record<string, string>>) =>
          Effect.map(call("TradesHistory", params), (answer) => {
            const history = result(answer)
            const trades = field(history, "trades")
            assert.strictEqual(field(history, "count"), keys(trades).length)
            return keys(trades).map((key) => field(trades, key))
          })
        const sum = (trades: ReadonlyArray<unknown>, name: string) =>
          trades.reduce<number>((total, trade) => total + Number(field(trade, name)), 0)

        const each = yield* tradesOf({ consolidate_taker: "false" })
        assert.isAbove(each.length, 1)
        const [one, ...others] = yield* tradesOf({})
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(
          ["vol", "cost", "fee", "price"].map((name) => field(one, name)),
          [field(order, "vol_exec"), field(order, "cost"), field(order, "fee"), field(order, "price")]
        )
        for (const name of ["vol", "cost", "fee"]) {
          assert.approximately(sum(each, name), Number(field(one, name)), 1e-4)
        }
      }))

    it.effect("are canceled by either id, but only once", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        const one = txidOf(yield* call("AddOrder", limit))
        yield* call("AddOrder", { ...limit, cl_ord_id: id })
        assert.deepStrictEqual(result(yield* call("CancelOrder", { txid: one })), { count: 1 })
        assert.deepStrictEqual(result(yield* call("CancelOrder", { cl_ord_id: id })), { count: 1 })
        assert.deepStrictEqual(errors(yield* call("CancelOrder", { txid: one })), ["EOrder:Unknown order"])
        assert.deepStrictEqual(errors(yield* call("CancelOrder", { cl_ord_id: id })), ["EOrder:Unknown order"])
        assert.deepStrictEqual(errors(yield* call("CancelOrder", { txid: "nonsense" })), ["EOrder:Invalid order"])
        const canceled = orderOf(yield* call("QueryOrders", { txid: one }), one)
        assert.deepStrictEqual([field(canceled, "status"), field(canceled, "reason")], ["canceled", "User requested"])
        assert.deepStrictEqual(field(result(yield* call("BalanceEx")), "ZUSD"), {
          balance: "100000.0000",
          hold_trade: "0.0000"
        })
      }))

    it.effect("can reuse a client order id once its order is closed", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        const named = { ...limit, cl_ord_id: id }
        assert.deepStrictEqual(errors(yield* call("AddOrder", named)), [])
        assert.deepStrictEqual(errors(yield* call("AddOrder", named)), [
          "EGeneral:Invalid arguments:cl_ord_id not unique"
        ])
        yield* call("CancelOrder", { cl_ord_id: id })
        assert.deepStrictEqual(errors(yield* call("AddOrder", named)), [])
      }))

    it.effect("are all canceled at once, on every pair", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        yield* call("AddOrder", limit)
        yield* call("AddOrder", { ...limit, pair: "XBTUSDT" })
        assert.deepStrictEqual(result(yield* call("CancelAll")), { count: 2 })
        assert.deepStrictEqual(result(yield* call("CancelAll")), { count: 0 })
      }))

    it.effect("are placed and canceled in batches, in JSON", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const order = { ordertype: "limit", type: "buy", volume: "0.01", price: 30000 }
        const placed = result(
          yield* jsonTrader(simulator, "1", "AddOrderBatch", {
            pair: "XBTUSD",
            orders: [order, { ...order, volume: "0.00001" }, { ...order, cl_ord_id: id }]
          })
        )
        const [one, two, three] = rows(field(placed, "orders"))
        assert.match(String(one?.["txid"]), /^O/)
        assert.deepStrictEqual(two, { error: "EOrder:Order minimum not met" })
        assert.deepStrictEqual(field(three?.["descr"], "order"), "buy 0.01000000 XBTUSD @ limit 30000.0")
        const canceled = yield* jsonTrader(simulator, "2", "CancelOrderBatch", {
          orders: [one?.["txid"], one?.["txid"], "OSIMUL-00000-00000Z"],
          cl_ord_ids: [id]
        })
        assert.deepStrictEqual(result(canceled), { count: 2 })
        const single = yield* jsonTrader(simulator, "3", "AddOrderBatch", { pair: "XBTUSD", orders: [order] })
        assert.deepStrictEqual(errors(single), ["EGeneral:Invalid arguments:orders"])
      }))

    it.effect("are amended in place", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        const txid = txidOf(yield* call("AddOrder", { ...limit, cl_ord_id: id }))
        const amended = yield* call("AmendOrder", { cl_ord_id: id, order_qty: "0.02", limit_price: "31000" })
        assert.match(String(field(result(amended), "amend_id")), /^T[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{6}$/)
        const order = orderOf(yield* call("QueryOrders", { txid }), txid)
        assert.deepStrictEqual([field(order, "vol"), field(field(order, "descr"), "price")], ["0.02000000", "31000.0"])
        assert.deepStrictEqual(errors(yield* call("AmendOrder", { txid, limit_price: "31000.05" })), [
          "EOrder:Tick size check failed"
        ])
        assert.deepStrictEqual(errors(yield* call("AmendOrder", { txid: "OSIMUL-00000-00000Z", order_qty: "1" })), [
          "EOrder:Unknown order"
        ])
      }))

    it.effect("are filled or canceled immediately when they are market, IOC or FOK orders", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* simulator.setPrice("BTC/USD", "64000")
        const call = trader(simulator)
        const placed = (params: Readonly<Record<string, string>>) =>
          Effect.gen(function*() {
            const txid = txidOf(yield* call("AddOrder", params))
            return orderOf(yield* call("QueryOrders", { txid }), txid)
          })
        const market = yield* placed({ pair: "XBTUSD", type: "buy", ordertype: "market", volume: "0.001" })
        assert.deepStrictEqual([field(market, "status"), field(market, "vol_exec")], ["closed", "0.00100000"])
        assert.isAbove(Number(field(market, "price")), 64000)
        const spent = yield* placed({
          pair: "XBTUSD",
          type: "buy",
          ordertype: "market",
          volume: "100",
          oflags: "viqc"
        })
        assert.deepStrictEqual([field(spent, "status"), field(spent, "vol")], ["closed", "100.00000000"])
        assert.approximately(Number(field(spent, "cost")), 100, 0.001)
        const missed = yield* placed({ ...limit, timeinforce: "IOC" })
        assert.deepStrictEqual([field(missed, "status"), field(missed, "vol_exec")], ["canceled", "0.00000000"])
        const sell = { ...limit, type: "sell", price: "50000", timeinforce: "FOK" }
        const whole = yield* placed({ ...sell, volume: "0.01" })
        assert.deepStrictEqual([field(whole, "status"), field(whole, "vol_exec")], ["closed", "0.01000000"])
        // Of the best level only a part could be sold.
        const book = field(yield* shown(simulator, "Depth?pair=XBTUSD&count=1"), "XXBTZUSD")
        const best = first(field(book, "bids"))
        const volume = String(Number(first(best, 1)) + 0.01)
        const none = yield* placed({ ...sell, volume, price: String(first(best)) })
        assert.deepStrictEqual([field(none, "status"), field(none, "vol_exec")], ["canceled", "0.00000000"])
      }))

    it.effect("are found and canceled by userref", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        for (const userref of ["7", "7", "-8"]) result(yield* call("AddOrder", { ...limit, userref }))
        result(yield* call("AddOrder", limit))
        const groups = () =>
          Effect.map(call("OpenOrders"), (answer) => {
            const open = field(result(answer), "open")
            return keys(open).map((txid) => field(field(open, txid), "userref"))
          })
        assert.deepStrictEqual(yield* groups(), [0, -8, 7, 7])
        const own = field(result(yield* call("OpenOrders", { userref: "7" })), "open")
        assert.strictEqual(keys(own).length, 2)
        assert.notProperty(Object.values(own ?? {})[0], "cl_ord_id")
        assert.deepStrictEqual(result(yield* call("CancelOrder", { txid: "7" })), { count: 2 })
        assert.deepStrictEqual(yield* groups(), [0, -8])
        assert.deepStrictEqual(errors(yield* call("CancelOrder", { txid: "7" })), ["EOrder:Invalid order"])
        assert.deepStrictEqual(errors(yield* call("AddOrder", { ...limit, userref: "x" })), [
          "EGeneral:Invalid arguments:userref"
        ])
      }))

    it.effect("with `post` are rejected if they would take", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        const posted = { ...limit, oflags: "post" }
        assert.deepStrictEqual(errors(yield* call("AddOrder", posted)), [])
        assert.deepStrictEqual(errors(yield* call("AddOrder", { ...posted, price: "90000" })), [
          "EOrder:Post only order"
        ])
        assert.deepStrictEqual(keys(field(result(yield* call("OpenOrders")), "open")).length, 1)
        assert.deepStrictEqual(field(result(yield* call("ClosedOrders")), "count"), 0)
      }))

    it.effect("are only validated with `validate`", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        assert.deepStrictEqual(result(yield* call("AddOrder", { ...limit, validate: "true" })), {
          descr: { order: "buy 0.01000000 XBTUSD @ limit 30000.0" }
        })
        assert.deepStrictEqual(result(yield* call("OpenOrders")), { open: {} })
      }))

    it.effect("are rejected after their deadline", () =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        const due = (deadline: string) => Effect.map(call("AddOrder", { ...limit, deadline }), errors)
        assert.deepStrictEqual(yield* due("2024-11-25T12:00:00.000Z"), [])
        assert.deepStrictEqual(yield* due("2024-11-25T11:59:59.999Z"), ["EService:Deadline elapsed"])
        assert.deepStrictEqual(yield* due("2024-11-25T12:01:00.001Z"), ["EGeneral:Invalid arguments:deadline"])
      }))

    const refusals: ReadonlyArray<readonly [change: Readonly<Record<string, string>>, error: string]> = [
      [{ pair: "NOPE" }, "EQuery:Unknown asset pair"],
      [{ pair: "SOLEUR" }, "EService:Market in cancel_only mode"],
      [{ type: "hold" }, "EGeneral:Invalid arguments:type"],
      [{ ordertype: "iceberg" }, "EGeneral:Invalid arguments:ordertype"],
      [{ volume: "0" }, "EGeneral:Invalid arguments:volume"],
      [{ volume: "1e-2" }, "EGeneral:Invalid arguments:volume"],
      [{ volume: "0.000049" }, "EOrder:Order minimum not met"],
      [{ price: "0.1", volume: "4" }, "EOrder:Cost minimum not met"],
      [{ price: "30000.05" }, "EOrder:Tick size check failed"],
      [{ volume: "0.010000001" }, "EGeneral:Invalid arguments:volume"],
      [{ volume: "4" }, "EOrder:Insufficient funds"],
      [{ timeinforce: "GTX" }, "EGeneral:Invalid arguments:timeinforce"],
      [{ cl_ord_id: "Not Lower Case" }, "EGeneral:Invalid arguments:cl_ord_id"],
      [{ cl_ord_id: id, userref: "7" }, "EGeneral:Invalid arguments:userref"],
      [{ leverage: "2" }, "EGeneral:Invalid arguments:leverage"]
    ]
    it.effect.each(refusals)("are rejected with %j", ([change, error]) =>
      Effect.gen(function*() {
        const call = trader(yield* start())
        assert.deepStrictEqual(errors(yield* call("AddOrder", { ...limit, ...change })), [error])
        assert.deepStrictEqual(result(yield* call("OpenOrders")), { open: {} })
      }))

    it.effect("cannot be looked up during the order lag", () =>
      Effect.gen(function*() {
        const call = trader(yield* start({ faults: Faults.make({ orderLag: "2 seconds" }) }))
        const txid = txidOf(yield* call("AddOrder", { ...limit, cl_ord_id: id }))
        yield* TestClock.adjust("1999 millis")
        assert.deepStrictEqual(errors(yield* call("QueryOrders", { txid })), ["EOrder:Unknown order"])
        assert.deepStrictEqual(result(yield* call("OpenOrders")), { open: {} })
        assert.deepStrictEqual(errors(yield* call("AddOrder", { ...limit, cl_ord_id: id })), [
          "EGeneral:Invalid arguments:cl_ord_id not unique"
        ])
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(keys(result(yield* call("QueryOrders", { txid }))), [txid])
      }))
  })

  describe("limits", () => {
    it.effect("allow one public call a second after a burst of ten, separately for trades and candles", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (let call = 0; call < 10; call++) assert.deepStrictEqual((yield* refused(simulator, "Time"))[1], [])
        assert.deepStrictEqual(yield* refused(simulator, "Time"), [200, ["EGeneral:Too many requests"]])
        assert.deepStrictEqual((yield* refused(simulator, "Trades?pair=XBTUSD"))[1], [])
        yield* TestClock.adjust("999 millis")
        assert.deepStrictEqual((yield* refused(simulator, "Time"))[1], ["EGeneral:Too many requests"])
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual((yield* refused(simulator, "Time"))[1], [])
      }))

    it.effect("allow a key 20 calls, where history counts double, and one more every two seconds", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const call = trader(simulator)
        for (let made = 0; made < 10; made++) assert.deepStrictEqual(errors(yield* call("TradesHistory")), [])
        assert.deepStrictEqual(errors(yield* call("Balance")), ["EAPI:Rate limit exceeded"])
        assert.deepStrictEqual(errors(yield* call("AddOrder", limit)), [])
        assert.deepStrictEqual(yield* simulator.usage, [
          { scope: "key:0", used: 20, limit: 20 },
          { scope: "pair:XXBTZUSD", used: 1, limit: 125 }
        ])
        yield* TestClock.adjust("1999 millis")
        assert.deepStrictEqual(errors(yield* call("Balance")), ["EAPI:Rate limit exceeded"])
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(errors(yield* call("Balance")), [])
      }))

    it.effect("charge more for canceling recent orders", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const call = trader(simulator)
        const cycle = () =>
          Effect.flatMap(call("AddOrder", limit), (placed) => call("CancelOrder", { txid: txidOf(placed) }))
        for (let made = 0; made < 13; made++) assert.deepStrictEqual(errors(yield* cycle()), [])
        const placed = yield* call("AddOrder", limit)
        assert.deepStrictEqual(errors(yield* call("CancelOrder", { txid: txidOf(placed) })), [
          "EOrder:Rate limit exceeded"
        ])
        assert.deepStrictEqual(errors(yield* call("AddOrder", { ...limit, pair: "XBTUSDT" })), [])
      }))
  })
})
