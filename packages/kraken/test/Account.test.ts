import { Account, RawAnswers, Telemetry } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import * as Endpoints from "../src/Endpoints.js"
import { Kraken } from "../src/index.js"
import { bodies, listed, orderRow, scripted } from "./scripted.js"
import { errors, fixture, now, requestLog, shown, timed } from "./utils.js"

const environment = Simulator.environment("kraken")

const client = (options: Exchange.AccountOptions<never> = {}, simulated: Simulator.Options = {}) =>
  Kraken.layerAccount({ environment, credentials: Simulator.credentials("kraken"), ...options }).pipe(
    Layer.provideMerge(Simulator.layer("kraken", simulated))
  )

/** Runs a program on a simulated Kraken, starting at `now`. */
const simulated = <A, E, R extends Layer.Layer.Success<ReturnType<typeof client>>>(
  effect: Effect.Effect<A, E, R>,
  options?: Exchange.AccountOptions<never>,
  simulated?: Simulator.Options
) => timed(Effect.provide(effect, client(options, simulated)))

describe("account", () => {
  it.effect("the token of private channels is in no record of responses", () =>
    simulated(Effect.gen(function*() {
      const { request } = yield* Kraken.Account
      const [token, answers] = yield* RawAnswers.collect(request(Endpoints.getWebSocketsToken, {}))
      assert.isAbove(token.length, 20)
      assert.deepStrictEqual(answers.map(({ body, operation }) => [operation, body]), [
        ["getWebSocketsToken", "<redacted>"]
      ])
    })))

  it.effect("reads balances less what orders hold plus credit, with rewards added to their asset and staked assets apart", () =>
    scripted(
      { BalanceEx: [fixture("BalanceEx")], Assets: [fixture("Assets")] },
      Effect.gen(function*() {
        const balances = yield* Effect.flatMap(Kraken.Account, ({ balances }) => balances)
        assert.deepStrictEqual(balances.map((balance) => shown(balance)), [
          { asset: "USD", free: "17185.45", total: "25435.21" },
          { asset: "BTC", free: "1.5000000000", total: "1.5000000000" },
          { asset: "XBT.M", free: "0.2500000000", total: "0.2500000000" },
          { asset: "SOL", free: "12.00", total: "13.00" },
          { asset: "NEW", free: "7", total: "7" }
        ])
      })
    ))

  it.effect("adds free, held and rewarded amounts before a negative sum becomes zero", () => {
    const row = (balance: string, hold_trade = "0") => ({ balance, hold_trade })
    const assets = ["XBT", "XBT.F", "ETH", "ETH.F", "XDG", "XDG.F"]
    return scripted(
      {
        BalanceEx: [{
          error: [],
          result: {
            XXBT: row("0.0000000000", "0.1000000000"),
            "XBT.F": row("0.5000000000"),
            XETH: row("0.05", "0.1"),
            "ETH.F": row("0.5"),
            XXDG: row("1"),
            "XDG.F": row("3")
          }
        }],
        Assets: [{
          error: [],
          result: Object.fromEntries(
            assets.map((altname) => [altname.includes(".") ? altname : `X${altname}`, { altname }])
          )
        }]
      },
      Effect.gen(function*() {
        const balances = yield* Effect.flatMap(Kraken.Account, ({ balances }) => balances)
        assert.deepStrictEqual(balances.map((balance) => shown(balance)), [
          { asset: "BTC", free: "0.4000000000", total: "0.5000000000" },
          { asset: "ETH", free: "0.45", total: "0.55" },
          { asset: "DOGE", free: "4", total: "4" }
        ])
      })
    )
  })

  it.effect("reads the permissions of a key by their names", () =>
    Effect.forEach(
      [
        [["query-funds", "withdraw-funds"], { read: true, trade: false, withdraw: true, ipRestricted: false }],
        [["withdraw-to-anyone", "something-new"], { read: false, trade: false, withdraw: true, ipRestricted: false }],
        // The meaning of the permission is unknown.
        [["query-funds", "something-new"], { read: true, trade: false, withdraw: "unknown", ipRestricted: false }],
        [[], { read: false, trade: false, withdraw: false, ipRestricted: false }]
      ] as const,
      ([permissions, expected]) =>
        scripted(
          { GetApiKeyInfo: [{ error: [], result: { permissions, validUntil: "0", ipAllowlist: [] } }] },
          Effect.map(
            Effect.flatMap(Kraken.Account, ({ keyPermissions }) => keyPermissions),
            (found) => assert.deepStrictEqual(found, expected)
          )
        )
    ))

  it.effect("reads the addresses a key is bound to, and its expiry", () =>
    scripted(
      { GetApiKeyInfo: [fixture("GetApiKeyInfo")] },
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* Effect.flatMap(Kraken.Account, ({ keyPermissions }) => keyPermissions), {
          read: true,
          trade: true,
          withdraw: false,
          ipRestricted: true,
          expiresAt: 1_795_478_400_000
        })
      })
    ))

  it.effect("reads the balances, and requests the names of assets once", () =>
    simulated(Effect.gen(function*() {
      const account = yield* Kraken.Account
      const balances = yield* account.balances
      assert.deepStrictEqual(balances.map(({ asset }) => asset).filter((asset) => asset === "BTC"), ["BTC"])
      assert.isFalse(balances.some(({ asset }) => /^[XZ]{1,2}(?:BT|USD)/.test(asset)))
      yield* account.balances
      assert.deepStrictEqual(yield* requestLog, ["BalanceEx", "Assets", "BalanceEx"])
    })))

  for (const permission of ["read", "trade", "withdraw"] as const) {
    it.effect(`reads the permissions of a key: ${permission}`, () =>
      simulated(
        Effect.gen(function*() {
          const permissions = yield* Effect.flatMap(Account.Account, (account) => account.keyPermissions)
          assert.deepStrictEqual(permissions, {
            read: true,
            trade: permission !== "read",
            withdraw: permission === "withdraw",
            ipRestricted: false
          })
        }),
        { credentials: Simulator.credentials("kraken", permission) }
      ))
  }

  it.effect("sends one signed request at a time, so that nonces arrive in order", () =>
    simulated(
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        const answers = yield* Effect.all(Array.from({ length: 8 }, () => account.openOrders()), {
          concurrency: "unbounded"
        })
        assert.strictEqual(answers.length, 8)
        assert.strictEqual((yield* requestLog).filter((name) => name === "OpenOrders").length, 8)
      }),
      {},
      { faults: Faults.make({ latency: { min: "10 millis", max: "900 millis" } }) }
    ))

  const ahead = 60_000
  const clocks = { date: new Date(now + ahead).toUTCString() }

  it.effect("compares clocks and retries once after a nonce that was too low because of a slow clock", () =>
    scripted(
      {
        Time: [{ error: [], result: { unixtime: (now + ahead) / 1000 } }],
        BalanceEx: [JSON.parse(errors("EAPI:Invalid nonce")), { error: [], result: {} }]
      },
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* Effect.flatMap(Kraken.Account, ({ balances }) => balances), [])
        const sent = yield* bodies
        assert.deepStrictEqual(sent.map(({ name }) => name), ["BalanceEx", "Time", "BalanceEx"])
        const [first, , second] = sent.map(({ body }) => BigInt(body.replace("nonce=", "") || "0"))
        assert(first !== undefined && second !== undefined)
        assert.isAtLeast(Number(first), now * 1000)
        assert.isAtLeast(Number(second), (now + ahead - 1000) * 1000)
      }),
      clocks
    ))

  it.effect("reports that the key was used with higher nonces if one is too low although the clocks were compared", () =>
    scripted(
      {
        Time: [{ error: [], result: { unixtime: (now + ahead) / 1000 } }],
        BalanceEx: [JSON.parse(errors("EAPI:Invalid nonce"))]
      },
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Kraken.Account, ({ balances }) => balances))
        assert.strictEqual(error._tag, "AuthenticationFailed")
        assert.include(error.message, "its own key")
        assert.deepStrictEqual((yield* bodies).map(({ name }) => name), ["BalanceEx", "Time", "BalanceEx"])
        // The clocks agree by now, so every further attempt would only bring a lockout closer.
        assert.strictEqual(
          (yield* Effect.flip(Effect.flatMap(Kraken.Account, ({ balances }) => balances)))._tag,
          "AuthenticationFailed"
        )
        assert.strictEqual((yield* bodies).length, 4)
      }),
      clocks
    ))

  it.effect("does not retry a low nonce if the clock is right, and reports what to do", () =>
    scripted(
      { BalanceEx: [JSON.parse(errors("EAPI:Invalid nonce"))] },
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Kraken.Account, ({ balances }) => balances))
        assert.strictEqual(error._tag, "AuthenticationFailed")
        assert.include(
          error.message,
          "this key was used with higher nonces, by another program or by a clock that was ahead"
        )
        assert.include(error.message, "its own key")
        assert.include(error.message, "replace a key that was used with a wrong clock")
        assert.deepStrictEqual((yield* bodies).map(({ name }) => name), ["BalanceEx"])
      }),
      { date: new Date(now).toUTCString() }
    ))

  it.effect("returns the other open orders when one is of an unlisted market", () =>
    scripted(
      {
        ...listed,
        OpenOrders: [{
          error: [],
          result: { open: { O1: orderRow({ pair: "NOSUCHUSD" }), O2: orderRow({ pair: "XBTUSD" }) } }
        }]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        assert.deepStrictEqual((yield* account.openOrders()).map(({ id }) => id), ["O2"])
        assert.deepStrictEqual((yield* account.openOrders("BTC/USD")).map(({ id }) => id), ["O2"])
        const left = yield* Telemetry.unknownRows.pipe(
          Metric.tagged("exchange", "kraken"),
          Metric.tagged("operation", "openOrders"),
          Metric.value
        )
        assert.isAtLeast(left.count, 1)
      })
    ))

  it.effect("returns the other open orders when one has an unknown status, and does not look past it for its client order id", () =>
    scripted(
      {
        ...listed,
        OpenOrders: [{
          error: [],
          result: { open: { O1: orderRow({ status: "frozen", cl_ord_id: "mine" }), O2: orderRow({}) } }
        }],
        ClosedOrders: [{ error: [], result: { closed: {} } }]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        assert.deepStrictEqual((yield* account.openOrders("BTC/USD")).map(({ id }) => id), ["O2"])
        const error = yield* Effect.flip(account.order({ symbol: "BTC/USD", clientOrderId: "mine" }))
        assert.strictEqual(error._tag, "MalformedResponse")
        assert.include(error.message, "status")
      })
    ))

  it.effect("returns the latest of several orders with the same client order id", () =>
    scripted(
      {
        ...listed,
        OpenOrders: [{ error: [], result: { open: {} } }],
        ClosedOrders: [{
          error: [],
          result: {
            closed: {
              O1: orderRow({ cl_ord_id: "mine", status: "canceled", opentm: 100 }),
              O2: orderRow({ cl_ord_id: "mine", status: "closed", opentm: 300 }),
              O3: orderRow({ cl_ord_id: "mine", status: "canceled", opentm: 200 })
            }
          }
        }]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        const order = yield* account.order({ symbol: "BTC/USD", clientOrderId: "mine" })
        assert.strictEqual(order.id, "O2")
        // There is none on another market.
        const error = yield* Effect.flip(account.order({ symbol: "XTZ/BTC", clientOrderId: "mine" }))
        assert.strictEqual(error._tag, "OrderNotFound")
      })
    ))

  it.effect("fails with MalformedResponse if the history returns only other orders", () =>
    scripted(
      {
        ...listed,
        OpenOrders: [{ error: [], result: { open: {} } }],
        ClosedOrders: [{ error: [], result: { closed: { O1: orderRow({ cl_ord_id: "other", status: "closed" }) } } }]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        const error = yield* Effect.flip(account.order({ symbol: "BTC/USD", clientOrderId: "mine" }))
        assert.strictEqual(error._tag, "MalformedResponse")
      })
    ))

  it.effect("reads a history page by page until it has enough rows of the market", () => {
    const page = (from: number, size: number, pair: (index: number) => string) => ({
      error: [],
      result: {
        closed: Object.fromEntries(
          Array.from({ length: size }, (_, index) => [
            `O${from + index}`,
            orderRow({ pair: pair(index), status: "canceled", opentm: 10_000 - from - index })
          ])
        )
      }
    })
    const rare = (index: number) => index === 0 ? "XBTUSD" : "XTZXBT"
    return scripted(
      {
        ...listed,
        OpenOrders: [{ error: [], result: { open: { O0: orderRow({ opentm: 10_000 }), O999: orderRow({}) } } }],
        // The second page starts with the last row of the first, because an order was added in between.
        ClosedOrders: [page(0, 50, rare), page(49, 50, rare), page(99, 10, rare)]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        const two = yield* account.orderHistory("BTC/USD", { limit: 2, since: 5_000_000 })
        assert.deepStrictEqual(two.map(({ id }) => id), ["O49", "O0"])
        // It ended between the two responses, and is listed once.
        assert.strictEqual(two[1]?.status, "canceled")
        const offsets = (yield* bodies).filter(({ name }) => name === "ClosedOrders").map(({ body }) =>
          body.replace(/^nonce=\d+&/, "")
        )
        assert.deepStrictEqual(offsets, ["start=4999", "ofs=50&start=4999"])
      })
    )
  })

  it.effect("reads a history to its end", () =>
    scripted(
      {
        ...listed,
        OpenOrders: [{ error: [], result: { open: [] } }],
        ClosedOrders: [{ error: [], result: { closed: [] } }],
        TradesHistory: [fixture("TradesHistory")]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        assert.deepStrictEqual(yield* account.orderHistory("BTC/USD"), [])
        const fills = yield* account.fills("BTC/USD")
        assert.deepStrictEqual(
          fills.map(({ feeAsset, symbol }) => [`${symbol}`, feeAsset]),
          [["BTC/USD", "USD"], ["BTC/USD", "USD"]]
        )
        const asked = (yield* bodies).filter(({ name }) => name === "TradesHistory")
        // Without it, the fills of a taker order would be one row of an average price, unlike those of the stream.
        assert.deepStrictEqual(asked.map(({ body }) => body.replace(/^nonce=\d+&/, "")), [
          "consolidate_taker=false"
        ])
      })
    ))
})
