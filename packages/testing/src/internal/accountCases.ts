import { type Account, Balance, type ExchangeError, Fill, KeyPermissions, Order, Position } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { AccountCase } from "../ContractCase.js"
import { about, defineAccount, first } from "./asking.js"
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
  judge: (balance: Balance.Balance) => Effect.Effect<void, Broken>
): Effect.Effect<void, Broken | ExchangeError.AccountError> =>
  Effect.flatMap(service.balances, (balances) => Effect.forEach(balances, judge, { discard: true }))

// Details must not contain amounts, because reports of a run against a real account may be public.
/** @internal */
export const accountCases: ReadonlyArray<AccountCase> = [
  define(
    "AC-01",
    "balances are not negative, and no more is free than there is",
    (service) =>
      eachBalance(service, (balance) =>
        Effect.gen(function*() {
          yield* fits(Balance.Balance, `the balance of ${balance.asset}`, balance)
          yield* ensure(!BigDecimal.isNegative(balance.free), () => `less than nothing of ${balance.asset} is free`)
          yield* ensure(
            BigDecimal.lessThanOrEqualTo(balance.free, balance.total),
            () => `more of ${balance.asset} is free than there is in all`
          )
        }))
  ),
  define(
    "AC-02",
    "an asset of which there is nothing is left out",
    (service) =>
      eachBalance(
        service,
        (balance) => ensure(!BigDecimal.isZero(balance.total), () => `${balance.asset} is there with a total of zero`)
      )
  ),
  define("AC-03", "every asset is there once", (service) =>
    Effect.flatMap(service.balances, (balances) => {
      const assets = balances.map(({ asset }) => asset)
      const twice = assets.find((asset, index) => assets.indexOf(asset) !== index)
      return ensure(twice === undefined, () => `${twice} is there twice`)
    })),
  define(
    "AC-04",
    "what the key may do fits its schema",
    (service) =>
      Effect.flatMap(
        service.keyPermissions,
        (permissions) => fits(KeyPermissions.KeyPermissions, "the answer", permissions)
      )
  ),
  define("AC-05", "a key that has read balances is not said to be unable to read", (service) =>
    Effect.gen(function*() {
      yield* service.balances
      const { read } = yield* service.keyPermissions
      yield* ensure(read !== false, () => "balances were read, and the key is said to be unable to")
    })),
  define(
    "AC-06",
    "an interrupted call leaves nothing behind",
    (service) => Effect.zipRight(interruptedOften(service.balances), service.balances)
  ),
  define(
    "AC-07",
    "open orders are open, of their market and oldest first",
    (service, _, symbols) =>
      Effect.gen(function*() {
        yield* orders(service, undefined, yield* service.openOrders())
        for (const symbol of yield* symbols) {
          const open = yield* service.openOrders(symbol)
          yield* orders(service, symbol, open)
          yield* ensure(
            open.every((order) => !Order.isClosed(order)),
            () => `an order of ${symbol} that has ended is among the open ones`
          )
        }
      })
  ),
  define(
    "AC-08",
    "an order that is listed is found by each of its ids",
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
    "the history of orders is of its market, oldest first, no more than asked for",
    (service, _, symbols) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbols) {
          const all = yield* service.orderHistory(symbol)
          yield* orders(service, symbol, all)
          const [latest] = yield* service.orderHistory(symbol, { limit: 1 })
          const last = all.at(-1)
          yield* ensure(
            all.length <= 100 && (last === undefined || (latest?.createdAt ?? 0) >= (last.createdAt ?? 0)),
            () => `the history of ${symbol} is longer than asked for, or not the latest of it`
          )
          if (last?.createdAt === undefined) continue
          const since = last.createdAt
          yield* ensure(
            (yield* service.orderHistory(symbol, { since })).every(({ createdAt }) => (createdAt ?? since) >= since),
            () => `the history of ${symbol} since an instant has orders from before it`
          )
        }
      })
  ),
  define(
    "AC-10",
    "fills are of their market, oldest first, each once, no more than asked for",
    (service, _, symbols) =>
      Effect.gen(function*() {
        for (const symbol of yield* symbols) {
          const all = yield* service.fills(symbol)
          const [latest, ...more] = yield* service.fills(symbol, { limit: 1 })
          for (const fill of all) {
            yield* fits(Fill.Fill, `a fill of ${symbol}`, fill)
            yield* ensure(
              fill.symbol === symbol && fill.exchange === service.exchange,
              () => `asked for the fills of ${symbol}, one was of ${fill.symbol} on ${fill.exchange}`
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
            () => `the fills of ${symbol} are more than asked for, or not the latest`
          )
        }
      })
  ),
  define(
    "AC-11",
    "positions are above zero and of known markets, or Unsupported",
    (service, { features }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.either(service.positions)
        if (features?.positions !== true && Either.isLeft(answer) && answer.left._tag === "Unsupported") {
          yield* ensure(answer.left.alternative.length > 0, () => "the error of positions names no alternative")
          return
        }
        yield* ensure(features?.positions !== false, () => "positions were not refused as Unsupported")
        for (const position of yield* answer) {
          yield* fits(Position.Position, `the position in ${position.symbol}`, position)
          yield* ensure(
            position.exchange === service.exchange && BigDecimal.isPositive(position.amount),
            () => `the position in ${position.symbol} is not above zero, or said to be on ${position.exchange}`
          )
        }
      })
  ),
  define(
    "AC-12",
    "a key that may do more than is allowed is refused, and no other",
    (service) =>
      Effect.gen(function*() {
        const permissions = yield* service.keyPermissions
        const accepted = yield* service.verifyKey({ allowTrade: true, allowWithdraw: true })
        yield* ensure(
          accepted.trade === permissions.trade && accepted.withdraw === permissions.withdraw,
          () => "the permissions of an accepted key differ from those it is said to have"
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
            () => `a key that may ${permission} was refused for another permission`
          )
        }
      })
  ),
  define(
    "AC-13",
    "a symbol that is not listed is not found, and text that is none is refused",
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
  define("AC-14", "a limit or an order id that is none is refused", (service, _, symbols) =>
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
    }))
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
    () => `${what} are not oldest first`
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
        () => `asked for orders of ${symbol ?? "any market"}, one was of ${order.symbol} on ${order.exchange}`
      )
    }
    yield* unique("the order", all.map(({ id }) => id))
    yield* ascending("the orders", all.map(({ createdAt }) => createdAt ?? 0))
  })

const sameOrder = (listed: Order.Order, found: Order.Order): Effect.Effect<void, Broken> =>
  ensure(
    found.id === listed.id && found.symbol === listed.symbol && found.clientOrderId === listed.clientOrderId,
    () => `asked for an order of ${listed.symbol}, found another`
  )
