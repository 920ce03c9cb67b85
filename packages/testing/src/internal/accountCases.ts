import { type Account, Balance, type ExchangeError, Fill, KeyPermissions, Order, Position } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { AccountCase } from "../ContractCase.js"
import { about, defineAccount, first } from "./defineCase.js"
import { hostileTexts } from "./hostileTexts.js"
import { type Broken, ensure, fits, interruptedOften, refused, unique } from "./judging.js"

type Service = Account.Account.Service

const define = (
  id: string,
  title: string,
  body: Parameters<typeof defineAccount>[1]
): AccountCase => defineAccount(about(id, title), body)

const eachBalance = (
  service: Service,
  check: (balance: Balance.Balance) => Effect.Effect<void, Broken>
): Effect.Effect<void, Broken | ExchangeError.AccountError> =>
  Effect.flatMap(service.balances, (balances) => Effect.forEach(balances, check, { discard: true }))

// Details must not contain amounts, because reports of a run against a real account may be public.
/** @internal */
export const accountCases: ReadonlyArray<AccountCase> = [
  define(
    "AC-01",
    "balances are not negative, and the free amount is at most the total",
    (service) =>
      eachBalance(service, (balance) =>
        Effect.gen(function*() {
          yield* fits(Balance.Balance, `the balance of ${balance.asset}`, balance)
          yield* ensure(!BigDecimal.isNegative(balance.free), () => `the free amount of ${balance.asset} is negative`)
          yield* ensure(
            BigDecimal.lessThanOrEqualTo(balance.free, balance.total),
            () => `the free amount of ${balance.asset} is above its total`
          )
        }))
  ),
  define(
    "AC-02",
    "assets with a total of zero are left out",
    (service) =>
      eachBalance(
        service,
        (balance) => ensure(!BigDecimal.isZero(balance.total), () => `${balance.asset} is listed with a total of zero`)
      )
  ),
  define("AC-03", "every asset is listed once", (service) =>
    Effect.flatMap(service.balances, (balances) => {
      const assets = balances.map(({ asset }) => asset)
      const twice = assets.find((asset, index) => assets.indexOf(asset) !== index)
      return ensure(twice === undefined, () => `${twice} is listed twice`)
    })),
  define(
    "AC-04",
    "the permissions of the key match their schema",
    (service) =>
      Effect.flatMap(
        service.keyPermissions,
        (permissions) => fits(KeyPermissions.KeyPermissions, "the response", permissions)
      )
  ),
  define(
    "AC-05",
    "a key that has read balances is not reported as unable to read",
    (service) =>
      Effect.gen(function*() {
        yield* service.balances
        const { read } = yield* service.keyPermissions
        yield* ensure(read !== false, () => "the key has read balances, but is reported as unable to read")
      })
  ),
  define(
    "AC-06",
    "an interrupted call leaves nothing behind",
    (service) => Effect.zipRight(interruptedOften(service.balances), service.balances)
  ),
  define(
    "AC-07",
    "open orders are open, of the requested market and oldest first",
    (service, _, symbols) =>
      Effect.gen(function*() {
        yield* orders(service, undefined, yield* service.openOrders())
        for (const symbol of yield* symbols) {
          const open = yield* service.openOrders(symbol)
          yield* orders(service, symbol, open)
          yield* ensure(
            open.every((order) => !Order.isClosed(order)),
            () => `the open orders of ${symbol} include an order that has ended`
          )
        }
      })
  ),
  define(
    "AC-08",
    "a listed order is found by each of its ids",
    (service, _, symbols) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbols) {
          const [latest] = yield* service.orderHistory(symbol, { limit: 1 })
          const [open] = yield* service.openOrders(symbol)
          if (latest !== undefined) yield* sameOrder(latest, yield* service.order({ symbol, id: latest.id }))
          if (open === undefined) continue
          yield* sameOrder(open, yield* service.order({ symbol, id: open.id }))
          const { clientOrderId } = open
          if (clientOrderId !== undefined) yield* sameOrder(open, yield* service.order({ symbol, clientOrderId }))
        }
      })
  ),
  define(
    "AC-09",
    "the order history is of the requested market, oldest first, and no longer than requested",
    (service, _, symbols) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbols) {
          const all = yield* service.orderHistory(symbol)
          yield* orders(service, symbol, all)
          const [latest] = yield* service.orderHistory(symbol, { limit: 1 })
          const last = all.at(-1)
          yield* ensure(
            all.length <= 100 && (last === undefined || (latest?.createdAt ?? 0) >= (last.createdAt ?? 0)),
            () => `the order history of ${symbol} is longer than requested, or lacks the latest orders`
          )
          if (last?.createdAt === undefined) continue
          const since = last.createdAt
          yield* ensure(
            (yield* service.orderHistory(symbol, { since })).every(({ createdAt }) => (createdAt ?? since) >= since),
            () => `the order history of ${symbol} has orders from before the requested start`
          )
        }
      })
  ),
  define(
    "AC-10",
    "fills are of the requested market, unique and oldest first, and no more than requested",
    (service, _, symbols) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbols) {
          const all = yield* service.fills(symbol)
          const [latest, ...more] = yield* service.fills(symbol, { limit: 1 })
          for (const fill of all) {
            yield* fits(Fill.Fill, `a fill of ${symbol}`, fill)
            yield* ensure(
              fill.symbol === symbol && fill.exchange === service.exchange,
              () => `requested the fills of ${symbol}, but got a fill of ${fill.symbol} on ${fill.exchange}`
            )
            yield* ensure(
              BigDecimal.isPositive(fill.price) && BigDecimal.isPositive(fill.amount),
              () => `a fill of ${symbol} has a price or an amount that is not above zero`
            )
          }
          yield* unique("the fill", all.map(({ id }) => id))
          yield* ascending(`the fills of ${symbol}`, all.map(({ at }) => at))
          yield* ensure(
            more.length === 0 && all.length <= 100 && (latest?.at ?? 0) >= (all.at(-1)?.at ?? 0),
            () => `the fills of ${symbol} are more than requested, or lack the latest fills`
          )
        }
      })
  ),
  define(
    "AC-11",
    "positions are above zero and on the exchange, or fail with Unsupported",
    (service, { features }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.either(service.positions)
        if (features?.positions !== true && Either.isLeft(answer) && answer.left._tag === "Unsupported") {
          yield* ensure(answer.left.alternative.length > 0, () =>
            "the Unsupported error of positions names no alternative")
          return
        }
        yield* ensure(features?.positions !== false, () =>
          "positions did not fail with Unsupported")
        for (const position of yield* answer) {
          yield* fits(Position.Position, `the position in ${position.symbol}`, position)
          yield* ensure(
            position.exchange === service.exchange && BigDecimal.isPositive(position.amount),
            () => `the position in ${position.symbol} is not above zero, or is labeled ${position.exchange}`
          )
        }
      })
  ),
  define(
    "AC-12",
    "verifyKey refuses the keys that may do more than is allowed, and no others",
    (service) =>
      Effect.gen(function*() {
        const permissions = yield* service.keyPermissions
        const accepted = yield* service.verifyKey({ allowTrade: true, allowWithdraw: true })
        yield* ensure(
          accepted.trade === permissions.trade && accepted.withdraw === permissions.withdraw,
          () => "verifyKey and keyPermissions report different permissions for the key"
        )
        for (
          const [permission, call] of [
            ["withdraw", service.verifyKey({ allowTrade: true })],
            ["trade", service.verifyKey({ allowTrade: false, allowWithdraw: true })]
          ] as const
        ) {
          if (permissions[permission] !== true) {
            yield* call
            continue
          }
          const error = yield* refused(call, {
            tag: "KeyRefused",
            exchange: service.exchange,
            operation: "verifyKey",
            input: permission
          })
          yield* ensure(
            error._tag === "KeyRefused" && error.permission === permission,
            () => `a key that may ${permission} was refused because of another permission`
          )
        }
      })
  ),
  define(
    "AC-13",
    "a symbol that is not listed fails with SymbolNotFound, and text that is not a symbol with InvalidRequest",
    (service, subject) =>
      Effect.gen(function*() {
        const about = { exchange: service.exchange }
        for (const [operation, call] of questions(service, subject.unknownSymbol)) {
          yield* refused(call, { ...about, tag: "SymbolNotFound", operation, input: subject.unknownSymbol })
        }
        for (const input of hostileTexts) {
          for (const [operation, call] of questions(service, input)) {
            yield* refused(call, { ...about, tag: "InvalidRequest", operation, input })
          }
        }
      })
  ),
  define(
    "AC-14",
    "an invalid limit or order id fails with InvalidRequest",
    (service, _, symbols) =>
      Effect.gen(function*() {
        const symbol = first(yield* symbols)
        const about = { exchange: service.exchange, tag: "InvalidRequest", input: symbol } as const
        for (const limit of [0, -1, 1.5, Number.NaN]) {
          yield* refused(service.orderHistory(symbol, { limit }), { ...about, operation: "orderHistory" })
          yield* refused(service.fills(symbol, { limit }), { ...about, operation: "fills" })
        }
        for (const id of ["", "two words", "1\n2", "9".repeat(1000)]) {
          yield* refused(service.order({ symbol, id }), { ...about, operation: "order" })
          yield* refused(service.order({ symbol, clientOrderId: id }), { ...about, operation: "order" })
        }
      })
  )
]

const questions = (
  service: Service,
  symbol: string
): ReadonlyArray<readonly [operation: string, Effect.Effect<unknown, ExchangeError.AccountError>]> => [
  ["openOrders", service.openOrders(symbol)],
  ["order", service.order({ symbol, id: "1" })],
  ["orderHistory", service.orderHistory(symbol)],
  ["fills", service.fills(symbol)]
]

const ascending = (what: string, instants: ReadonlyArray<number>): Effect.Effect<void, Broken> =>
  ensure(
    instants.every((at, index) => index === 0 || (instants[index - 1] ?? 0) <= at),
    () => `${what} are not sorted oldest first`
  )

const orders = (
  service: Service,
  symbol: string | undefined,
  all: ReadonlyArray<Order.Order>
): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    for (const order of all) {
      yield* fits(Order.Order, "an order", order)
      yield* ensure(
        order.exchange === service.exchange && (symbol === undefined || order.symbol === symbol),
        () =>
          `requested the orders of ${symbol ?? "any market"}, but got an order of ${order.symbol} on ${order.exchange}`
      )
    }
    yield* unique("the order", all.map(({ id }) => id))
    yield* ascending("the orders", all.map(({ createdAt }) => createdAt ?? 0))
  })

const sameOrder = (listed: Order.Order, found: Order.Order): Effect.Effect<void, Broken> =>
  ensure(
    found.id === listed.id && found.symbol === listed.symbol && found.clientOrderId === listed.clientOrderId,
    () => `requested an order of ${listed.symbol}, but got another order`
  )
