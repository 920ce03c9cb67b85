import { Account } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Kraken } from "../src/index.js"
import { bodies, listed, orderRow, scripted } from "./scripted.js"
import { asked, errors, fixture, now, timed } from "./utils.js"

const environment = Simulator.environment("kraken")

const client = (options: Exchange.AccountOptions = {}, simulated: Simulator.Options = {}) =>
  Kraken.layerAccount({ environment, credentials: Simulator.credentials("kraken"), ...options }).pipe(
    Layer.provideMerge(Simulator.layer("kraken", simulated))
  )

/** The same program at the same instant, over a simulated Kraken. */
const simulated = <A, E, R extends Layer.Layer.Success<ReturnType<typeof client>>>(
  effect: Effect.Effect<A, E, R>,
  options?: Exchange.AccountOptions,
  simulated?: Simulator.Options
) => timed(Effect.provide(effect, client(options, simulated)))

describe("account", () => {
  it.effect("reads the balances, and the names of assets once", () =>
    simulated(Effect.gen(function*() {
      const account = yield* Kraken.Account
      const balances = yield* account.balances
      assert.deepStrictEqual(balances.map(({ asset }) => asset).filter((asset) => asset === "BTC"), ["BTC"])
      assert.isFalse(balances.some(({ asset }) => /^[XZ]{1,2}(?:BT|USD)/.test(asset)))
      yield* account.balances
      assert.deepStrictEqual(yield* asked, ["BalanceEx", "Assets", "BalanceEx"])
    })))

  for (const permission of ["read", "trade", "withdraw"] as const) {
    it.effect(`reads what a key may do: ${permission}`, () =>
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

  it.effect("signs one request at a time, so that nonces arrive in their order", () =>
    simulated(
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        const answers = yield* Effect.all(Array.from({ length: 8 }, () => account.openOrders()), {
          concurrency: "unbounded"
        })
        assert.strictEqual(answers.length, 8)
        assert.strictEqual((yield* asked).filter((name) => name === "OpenOrders").length, 8)
      }),
      {},
      { faults: Faults.make({ latency: { min: "10 millis", max: "900 millis" } }) }
    ))

  const ahead = 60_000
  const clocks = { date: new Date(now + ahead).toUTCString() }

  it.effect("after a nonce that a slow clock made too low, compares clocks and tries once more by the exchange's", () =>
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

  it.effect("gives up when the nonce is too low again", () =>
    scripted(
      {
        Time: [{ error: [], result: { unixtime: (now + ahead) / 1000 } }],
        BalanceEx: [JSON.parse(errors("EAPI:Invalid nonce"))]
      },
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Kraken.Account, ({ balances }) => balances))
        assert.strictEqual(error._tag, "ClockSkew")
        assert.include(error.message, "a key of its own")
        assert.strictEqual((yield* bodies).filter(({ name }) => name === "BalanceEx").length, 2)
      }),
      clocks
    ))

  it.effect("sends no second nonce where the clock is right: another program uses the key, which is said", () =>
    scripted(
      { BalanceEx: [JSON.parse(errors("EAPI:Invalid nonce"))] },
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.flatMap(Kraken.Account, ({ balances }) => balances))
        assert.strictEqual(error._tag, "AuthenticationFailed")
        assert.include(error.message, "another program has used this key with higher numbers")
        assert.include(error.message, "a key of its own")
        assert.deepStrictEqual((yield* bodies).map(({ name }) => name), ["BalanceEx"])
      }),
      { date: new Date(now).toUTCString() }
    ))

  it.effect("says so when an order stands in a pair that is no market, and not for those of one market", () =>
    scripted(
      {
        ...listed,
        OpenOrders: [{
          error: [],
          result: { open: { O1: orderRow({ pair: "ODDUSD" }), O2: orderRow({ pair: "XBTUSD" }) } }
        }]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        const error = yield* Effect.flip(account.openOrders())
        assert.strictEqual(error._tag, "SymbolNotFound")
        assert.include(error.message, "O1")
        assert.deepStrictEqual((yield* account.openOrders("BTC/USD")).map(({ id }) => id), ["O2"])
      })
    ))

  it.effect("takes the latest of orders that had the same client order id", () =>
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
        // Of another market there is none.
        const error = yield* Effect.flip(account.order({ symbol: "XTZ/BTC", clientOrderId: "mine" }))
        assert.strictEqual(error._tag, "OrderNotFound")
      })
    ))

  it.effect("takes a page of other orders for no proof that one is missing", () =>
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

  it.effect("reads a history page by page until it has enough of the market", () => {
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
        // The second page begins where the first ended: an order came in between.
        ClosedOrders: [page(0, 50, rare), page(49, 50, rare), page(99, 10, rare)]
      },
      Effect.gen(function*() {
        const account = yield* Kraken.Account
        const two = yield* account.orderHistory("BTC/USD", { limit: 2, since: 5_000_000 })
        assert.deepStrictEqual(two.map(({ id }) => id), ["O49", "O0"])
        // It ended between the two answers, and is there once.
        assert.strictEqual(two[1]?.status, "canceled")
        const offsets = (yield* bodies).filter(({ name }) => name === "ClosedOrders").map(({ body }) =>
          body.replace(/^nonce=\d+&/, "")
        )
        assert.deepStrictEqual(offsets, ["start=4999&ofs=0", "start=4999&ofs=50"])
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
        assert.strictEqual((yield* account.fills("BTC/USD")).length, 2)
        assert.strictEqual((yield* bodies).filter(({ name }) => name === "TradesHistory").length, 1)
      })
    ))
})
