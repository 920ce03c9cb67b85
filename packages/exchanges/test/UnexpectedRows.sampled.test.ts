import { Account, MarketData, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"
import { Exchanges } from "../src/index.js"
import { drive } from "./shared/application.js"
import * as Support from "./support/exchanges.js"
import { otherOf } from "./support/frozenExchange.js"
import { type Answer, rewriteResponses } from "./support/rewriteResponses.js"

/** The requests for open orders on all exchanges. */
const orderRequests =
  /^GET \/api\/v3\/openOrders|^GET \/api\/v1\/order\?|\/v5\/order\/realtime|\/orders\/historical\/batch|get_open_orders|OpenOrders|orders-pending/

/** Replaces the status of the first open order by an unknown one. */
const withUnknownStatus = ({ method, target, text }: Answer): string =>
  orderRequests.test(`${method} ${target}`)
    ? text.replace(/"(\w*[sS]tatus|order_state|state)":"(?:NEW|New|OPEN|open|live)"/, "\"$1\":\"haunted\"")
    : text

/** Places two orders on the symbol, and one on another market. */
const place = Effect.gen(function*() {
  const [market, trading] = [yield* MarketData.MarketData, yield* Trading.Trading]
  const other = otherOf(yield* market.markets)
  assert(other !== undefined)
  const requests = [Support.far("odd1"), Support.far("odd2"), { ...otherOrder, symbol: other.symbol }]
  const orders = yield* Effect.forEach(requests, (request) => trading.place(request))
  return { other, orders }
})

const otherOrder = { ...Support.far("odd3"), price: "1000", amount: "0.1" }

const idsOf = (orders: ReadonlyArray<{ readonly id: string }>) => orders.map(({ id }) => id).toSorted()

/** Runs a client over rewritten responses, after another client has placed orders. */
const withRewrittenResponses = <A, E>(
  id: Exchanges.ExchangeId,
  rewrite: (answer: Answer) => string,
  use: (
    placed: Effect.Effect.Success<typeof place>
  ) => Effect.Effect<A, E, MarketData.MarketData | Account.Account | Trading.Trading>
) =>
  Effect.gen(function*() {
    const placed = yield* drive(place).pipe(Effect.provide(Support.trading(id)))
    const client = Layer.provide(Support.trading(id), rewriteResponses(rewrite))
    // The nonces of a key increase with the clock.
    yield* TestClock.adjust("1 minute")
    return yield* drive(use(placed)).pipe(Effect.provide(client))
  }).pipe(Effect.provide(Simulator.layer(id)))

const openOrdersOf = (id: Exchanges.ExchangeId) =>
  Effect.flatMap(Account.Account, ({ openOrders }) => openOrders()).pipe(
    Effect.provide(Support.trading(id)),
    (self) => Effect.zipRight(TestClock.adjust("1 minute"), drive(self))
  )

/** BitMEX lists assets in upper case, and accounts have minor units with other names. */
const namesOf = (id: Exchanges.ExchangeId, asset: string) =>
  id === "bitmex" ? { listed: asset.toUpperCase(), held: "ETH" } : { listed: asset, held: asset }

/** Replaces the list in the response by a string. */
const withoutList = ({ method, target, text }: Answer): string =>
  orderRequests.test(`${method} ${target}`)
    ? target.endsWith("OpenOrders")
      ? text.replace(/"open":.*$/s, "\"open\":\"none\"}}")
      : text.replace(/\[.*\]/s, "\"none\"")
    : text

describe("a response of another shape", () => {
  for (const id of everyNth(2, Exchanges.ids)) {
    it.effect(`opens no circuit, however often it is received: ${id}`, () =>
      withRewrittenResponses(id, withoutList, () =>
        Effect.gen(function*() {
          const account = yield* Account.Account
          for (let time = 0; time < 12; time++) {
            const error = yield* Effect.flip(account.openOrders())
            assert(error._tag === "MalformedResponse", error._tag)
            assert.strictEqual(error.reason, "Shape")
          }
          assert.isNotEmpty(yield* account.balances)
        })))
  }
})

describe("an order with an unknown status", () => {
  for (const id of everyNth(2, Exchanges.ids, 1)) {
    it.effect(`hides no other: ${id}`, () =>
      withRewrittenResponses(id, withUnknownStatus, ({ orders }) =>
        Effect.gen(function*() {
          const account = yield* Account.Account
          const found = idsOf(yield* account.openOrders())
          assert.strictEqual(found.length, 2)
          assert.includeMembers(idsOf(orders), found)
        })))
  }

  for (const id of everyNth(2, Exchanges.ids)) {
    it.effect(`is canceled by cancelAll, and orders of other markets stay open: ${id}`, () =>
      Effect.gen(function*() {
        const placed = yield* drive(place).pipe(Effect.provide(Support.trading(id)))
        yield* TestClock.adjust("1 minute")
        const client = Layer.provide(Support.trading(id), rewriteResponses(withUnknownStatus))
        const canceled = Effect.flatMap(Trading.Trading, ({ cancelAll }) => cancelAll(Support.symbol))
        yield* drive(canceled).pipe(Effect.provide(client))
        assert.deepStrictEqual(idsOf(yield* openOrdersOf(id)), idsOf(placed.orders.slice(2)))
      }).pipe(Effect.provide(Simulator.layer(id))))
  }
})

/** The requests for balances on all exchanges, and the amounts in the responses. */
const balanceRequests =
  /\/api\/v3\/account|\/user\/margin|wallet-balance|\/accounts\?|get_account_summaries|BalanceEx|account\/balance/
const amount = /("(?:free|balance|marginBalance|walletBalance|value|equity|cashBal|eq)":)(?:"[\d.]+"|[\d.]+)/g

describe("a balance that cannot be decoded", () => {
  for (const id of everyNth(2, Exchanges.ids, 1)) {
    it.effect(`fails with MalformedResponse: ${id}`, () =>
      withRewrittenResponses(
        id,
        ({ target, text }) => balanceRequests.test(target) ? text.replace(amount, "$1\"haunted\"") : text,
        () =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(Effect.flatMap(Account.Account, ({ balances }) => balances))
            assert.strictEqual(error._tag, "MalformedResponse", error.message)
          })
      ))
  }
})

const name = "币安人生x"

describe("an asset in another script and in lower case", () => {
  for (const id of everyNth(2, Exchanges.ids)) {
    it.effect(`is listed, held and ordered like any other: ${id}`, () =>
      withRewrittenResponses(
        id,
        ({ text }) => text.replaceAll("ETH", name),
        ({ orders, other }) =>
          Effect.gen(function*() {
            const [market, account] = [yield* MarketData.MarketData, yield* Account.Account]
            const { held, listed } = namesOf(id, name)
            const symbol = other.symbol.replace("ETH", listed)
            assert.strictEqual((yield* market.markets).find((market) => market.symbol === symbol)?.base, listed)
            assert.strictEqual((yield* market.market(Support.symbol)).symbol, Support.symbol)
            assert.include((yield* account.balances).map(({ asset }) => asset), held)
            const open = yield* account.openOrders()
            assert.deepStrictEqual(idsOf(open), idsOf(orders))
            assert.include(open.map(({ symbol }): string => symbol), symbol)
          })
      ))
  }
})

describe("a market listed while a program runs", () => {
  for (const id of everyNth(2, Exchanges.ids, 1)) {
    it.effect(`is found when it is first requested, and so are its orders: ${id}`, () => {
      let isListed = false
      return withRewrittenResponses(
        id,
        ({ text }) => isListed ? text : text.replaceAll("ETH", "OLD"),
        ({ orders, other }) =>
          Effect.gen(function*() {
            const [market, account] = [yield* MarketData.MarketData, yield* Account.Account]
            assert.notInclude((yield* market.markets).map(({ symbol }) => symbol), other.symbol)
            yield* TestClock.adjust("5 minutes")
            isListed = true
            assert.deepStrictEqual(idsOf(yield* account.openOrders()), idsOf(orders))
            assert.strictEqual((yield* market.ticker(other.symbol)).symbol, other.symbol)
          })
      )
    })
  }
})

describe("a market without a ticker", () => {
  // Deribit has no such list.
  for (const id of everyNth(2, Exchanges.ids.filter((id) => id !== "deribit"))) {
    it.effect(`is left out of tickers, and hides no other: ${id}`, () => {
      let isThere = true
      return withRewrittenResponses(
        id,
        ({ text }) => isThere ? text : text.replaceAll("ETH", "OLD"),
        ({ other }) =>
          Effect.gen(function*() {
            const market = yield* MarketData.MarketData
            const tickers = market.tickers([other.symbol, Support.symbol])
            assert.deepStrictEqual((yield* tickers).map(({ symbol }): string => symbol), [other.symbol, Support.symbol])
            isThere = false
            assert.deepStrictEqual((yield* tickers).map(({ symbol }): string => symbol), [Support.symbol])
          })
      )
    })
  }
})
