/**
 * The suite of feeds of an account: a client and a simulated exchange, which fills orders, loses connections and
 * responses, and expires logins, under `TestClock`.
 *
 * @example
 * import { Kraken } from "@effect-exchange/kraken"
 * import { Faults, Simulator } from "@effect-exchange/simulator"
 * import { AccountFeedSuite } from "@effect-exchange/testing"
 * import { describe, expect, it } from "@effect/vitest"
 * import { Effect } from "effect"
 *
 * AccountFeedSuite.register({ describe, expect, it }, {
 *   name: "Kraken on the simulator",
 *   client: (credentials) => Kraken.layer({ environment: Simulator.environment("kraken"), credentials }),
 *   credentials: Simulator.credentials("kraken", "trade"),
 *   another: Simulator.credentials("kraken", "withdraw"),
 *   simulator: Simulator.layer("kraken"),
 *   control: Effect.flatMap(Simulator.Simulators, ({ get }) => get("kraken")),
 *   faults: {
 *     none: Faults.none,
 *     outage: Faults.outage,
 *     clockSkew: Faults.make({ clockSkew: { ahead: "10 minutes" } })
 *   },
 *   symbol: "BTC/USDT",
 *   amount: "0.02",
 *   half: "0.01"
 * })
 *
 * @since 0.1.0
 */
import { Account, FeedItem } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import {
  environmentOf,
  fillText,
  orderText,
  pass,
  revealing,
  rounded,
  running,
  shown,
  type Subject
} from "./internal/accountFeedScene.js"
import { recordItems } from "./internal/recordItems.js"
import type { Runner } from "./internal/suiteRunner.js"

export type { AccountControl, Subject } from "./internal/accountFeedScene.js"
export type { Disturbance, Expect, Expectation, Runner } from "./internal/suiteRunner.js"

/**
 * Registers the cases that take little time, with `describe`, `expect` and `it` of `@effect/vitest`.
 *
 * @since 0.1.0
 * @category runners
 */
export const register = <R, E, F>({ describe, expect, it }: Runner, subject: Subject<R, E, F>): void => {
  const { corrupt, half, name, symbol } = subject
  const run = running(subject)

  describe(`account feeds of ${name}`, () => {
    it.effect(
      "emit an open order and each of its changes",
      run(({ account, place, simulator, trading }) =>
        Effect.gen(function*() {
          const first = yield* place
          const orders = yield* recordItems(account.streamOrders())
          yield* pass(3)
          expect(orders.tags()).toEqual(["Connected", "Data"])
          expect(orders.values().map(orderText)).toEqual([orderText(first)])

          const second = yield* place
          yield* pass(2)
          yield* simulator.fill(second.id, half)
          yield* pass(2)
          const filled = yield* account.order(second)
          yield* Concurrent.all([trading.cancel(first), pass(5)], { concurrency: 2 })
          const canceled = yield* account.order(first)
          // Some exchanges report an order before it is open.
          const opened = orders.values().filter(({ status }) => status !== "pending")
          expect(opened.slice(1).map(orderText)).toEqual([second, filled, canceled].map(orderText))
          expect(orders.statuses()).toEqual(["Connected"])
        })
      )
    )

    it.effect(
      "emit each fill once, as the history has it",
      run(({ account, place, simulator }) =>
        Effect.gen(function*() {
          const before = yield* place
          yield* simulator.fill(before.id, half)
          yield* pass(2)
          const fills = yield* recordItems(account.streamFills())
          const ofMarket = yield* recordItems(account.streamFills(symbol))
          yield* pass(3)
          const order = yield* place
          yield* simulator.fill(order.id, half)
          yield* pass(2)
          yield* simulator.fill(order.id)
          yield* pass(6)
          const history = (yield* account.fills(symbol)).filter(({ orderId }) => orderId === order.id)
          expect(history.length).toBe(2)
          expect(fills.values().map(fillText)).toEqual(history.map(fillText))
          expect(ofMarket.values().map(fillText)).toEqual(history.map(fillText))
        })
      )
    )

    if (corrupt !== undefined) {
      it.effect(
        "request the fills if a fill frame cannot be decoded",
        running(subject, undefined, corrupt.fills)(({ account, place, simulator }) =>
          Effect.gen(function*() {
            const fills = yield* recordItems(account.streamFills())
            yield* pass(3)
            const order = yield* place
            yield* simulator.fill(order.id)
            yield* pass(6)
            const history = (yield* account.fills(symbol)).filter(({ orderId }) => orderId === order.id)
            expect(history.length).toBe(1)
            expect(fills.values().map(fillText)).toEqual(history.map(fillText))
          })
        )
      )
    }

    for (
      const [what, rewrite, digits] of [
        ["emit all balances whenever one has changed", undefined, shown],
        ...corrupt === undefined
          ? []
          : [["request the balances if a balance frame cannot be decoded", corrupt.balances, rounded] as const]
      ] as const
    ) {
      it.effect(
        what,
        running(subject, undefined, rewrite)(({ account, place, simulator }) =>
          Effect.gen(function*() {
            const balances = yield* recordItems(account.streamBalances({ buffer: FeedItem.sliding(100) }))
            yield* pass(3)
            const texts = (all: Effect.Effect.Success<typeof account.balances>) =>
              all.map(({ asset, free, total }) => `${asset} ${digits(free)} ${digits(total)}`).toSorted()
            expect(balances.values().map(texts)).toEqual([texts(yield* account.balances)])
            const order = yield* place
            yield* pass(5)
            expect(texts(balances.values().at(-1) ?? [])).toEqual(texts(yield* account.balances))
            yield* simulator.fill(order.id)
            yield* pass(5)
            expect(texts(balances.values().at(-1) ?? [])).toEqual(texts(yield* account.balances))
            expect(balances.values().length).toBeGreaterThan(1)
          })
        )
      )
    }

    it.effect(
      "resolve orders whose responses are lost, once they emit them",
      run(({ account, dropResponses, place, placing, trading }) =>
        Effect.gen(function*() {
          const first = yield* place
          const orders = yield* recordItems(account.streamOrders())
          yield* pass(3)
          yield* dropResponses
          const lost = yield* Effect.fork(placing)
          yield* pass(3)
          const [, second] = orders.values()
          expect(yield* Fiber.poll(lost)).toEqual(Option.some(Exit.succeed(second)))
          const canceling = yield* Effect.fork(trading.cancel(first))
          yield* pass(3)
          const third = orders.values().at(-1)
          expect(third && [third.id, third.status]).toEqual([first.id, "canceled"])
          expect(yield* Fiber.poll(canceling)).toEqual(Option.some(Exit.succeed(third)))
        })
      )
    )

    it.effect(
      "begin at once while other feeds of the account are running",
      run(({ account, place, simulator }) =>
        Effect.gen(function*() {
          const first = yield* recordItems(account.streamFills())
          const order = yield* place
          yield* pass(5)
          const balances = yield* recordItems(account.streamBalances())
          const orders = yield* recordItems(account.streamOrders())
          yield* pass(5)
          expect(orders.values().map(orderText)).toEqual([orderText(order)])
          expect(balances.tags()).toEqual(["Connected", "Data"])
          yield* simulator.fill(order.id, half)
          yield* pass(6)
          expect(orders.values().at(-1)).toEqual(yield* account.order(order))
          expect(first.values().length).toBe(1)
          expect([first, orders, balances].map(({ statuses }) => statuses())).toEqual(Array(3).fill(["Connected"]))
        })
      )
    )

    it.effect(
      "close their connections after the last subscriber has left",
      run(({ account, simulator }) =>
        Effect.gen(function*() {
          const all = [
            yield* recordItems(account.streamOrders()),
            yield* recordItems(account.streamFills()),
            yield* recordItems(account.streamBalances())
          ]
          yield* pass(3)
          expect(yield* simulator.connections).toBeGreaterThan(0)
          for (const each of all) yield* each.leave
          yield* pass(30)
          expect(yield* simulator.connections).toBe(0)
        })
      )
    )

    const { key, ...rest } = subject.credentials
    const wrong = `${Redacted.value(key).slice(0, -2)}00`
    it.effect(
      "fail if the key is refused, without revealing it, whatever the exchange replies",
      running(
        subject,
        { ...rest, key: Redacted.make(wrong) },
        revealing([wrong, Redacted.value(rest.secret)])
      )(({ account }) =>
        Effect.gen(function*() {
          const orders = yield* recordItems(account.streamOrders())
          yield* Effect.fork(pass(120))
          const text = String(yield* orders.exit)
          expect(text).toMatch(/AuthenticationFailed|PermissionDenied/)
          expect(text).not.toContain(wrong)
          expect(text).not.toContain(Redacted.value(rest.secret))
        })
      )
    )
  })
}

/**
 * Registers the cases that take longer.
 *
 * @since 0.1.0
 * @category runners
 */
export const registerSlow = <R, E, F>({ describe, expect, it }: Runner, subject: Subject<R, E, F>): void => {
  const { faults, half, name, symbol } = subject
  const run = running(subject)

  describe(`account feeds of ${name}`, () => {
    it.effect(
      "start after an outage, however many requests that takes",
      run(({ account, place, simulator }) =>
        Effect.gen(function*() {
          const order = yield* place
          const orders = yield* recordItems(account.streamOrders())
          const fills = yield* recordItems(account.streamFills())
          yield* simulator.setFaults(faults.outage)
          yield* pass(3)
          yield* simulator.setFaults(faults.none)
          yield* pass(100)
          expect(orders.values().map(({ id }) => id)).toEqual([order.id])
          expect(fills.statuses().at(-1)).toMatch(/Connected|Resynced/)
        })
      )
    )

    it.effect("log in despite clock skew, without any other request", () =>
      Effect.gen(function*() {
        const simulator = yield* subject.control
        yield* simulator.setFaults(faults.clockSkew)
        const { streamOrders } = yield* Account.Account
        const orders = yield* recordItems(streamOrders())
        yield* pass(60)
        expect(orders.statuses().at(-1)).toMatch(/Connected|Resynced/)
      }).pipe(
        Effect.provide(environmentOf(subject)),
        (self) => Effect.zipRight(TestClock.setTime(Date.UTC(2026, 10, 2)), self)
      ))

    it.effect(
      "emit what happened while the connection was lost: each order and each fill once, oldest first",
      run(({ account, place, simulator, trading }) =>
        Effect.gen(function*() {
          const [first, second, third] = [yield* place, yield* place, yield* place]
          const orders = yield* recordItems(account.streamOrders())
          const fills = yield* recordItems(account.streamFills())
          yield* pass(3)
          yield* simulator.fill(first.id, half)
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Refuse" })
          yield* simulator.disturb({ _tag: "Close", code: 1006 })
          yield* pass(2)
          yield* simulator.fill(first.id)
          yield* pass(2)
          yield* simulator.fill(second.id, half)
          yield* pass(2)
          yield* Concurrent.all([trading.cancel(third), pass(5)], { concurrency: 2 })
          const fourth = yield* place
          yield* pass(2)
          yield* simulator.disturb({ _tag: "Calm" })
          yield* pass(90)
          yield* simulator.fill(fourth.id)
          yield* pass(6)

          expect(orders.statuses()).toEqual(["Connected", "Reconnecting", "Resynced"])
          const statusesOf = (id: string) =>
            orders.values().filter((order) => order.id === id).map(({ status }) => status)
          expect(statusesOf(first.id)).toEqual(["open", "open", "filled"])
          expect(statusesOf(second.id)).toEqual(["open", "open"])
          expect(statusesOf(third.id)).toEqual(["open", "canceled"])
          expect(statusesOf(fourth.id)).toEqual(["open", "filled"])
          const history = yield* account.fills(symbol)
          expect(history.length).toBe(4)
          expect(fills.values().map(fillText)).toEqual(history.map(fillText))
        })
      )
    )

    if (subject.other !== undefined) {
      it.effect(
        "emit what happened meanwhile in a market of which they have seen nothing",
        run(({ account, placeElsewhere, simulator }) =>
          Effect.gen(function*() {
            const orders = yield* recordItems(account.streamOrders())
            const fills = yield* recordItems(account.streamFills())
            yield* pass(3)
            yield* simulator.disturb({ _tag: "Refuse" })
            yield* simulator.disturb({ _tag: "Close", code: 1006 })
            yield* pass(2)
            const order = yield* placeElsewhere
            yield* simulator.fill(order.id)
            yield* pass(2)
            yield* simulator.disturb({ _tag: "Calm" })
            yield* pass(90)
            expect(orders.values().map(({ id, status }) => `${id} ${status}`)).toEqual([`${order.id} filled`])
            expect(fills.values().map(({ orderId, symbol }) => `${orderId} ${symbol}`)).toEqual([
              `${order.id} ${order.symbol}`
            ])
          })
        )
      )
    }

    it.effect(
      "continue after a login or a token has expired",
      run(({ account, place, simulator }) =>
        Effect.gen(function*() {
          const order = yield* place
          const fills = yield* recordItems(account.streamFills())
          yield* pass(3)
          yield* simulator.disturb({ _tag: "Expire" })
          yield* pass(1)
          yield* simulator.fill(order.id, half)
          yield* pass(60)
          yield* simulator.fill(order.id)
          yield* pass(6)
          expect(fills.values().map(fillText)).toEqual((yield* account.fills(symbol)).map(fillText))
          expect(fills.values().length).toBe(2)
        })
      )
    )

    it.effect(
      "emit repeated frames once",
      run(({ account, place, simulator }) =>
        Effect.gen(function*() {
          const order = yield* place
          const orders = yield* recordItems(account.streamOrders())
          const fills = yield* recordItems(account.streamFills())
          yield* pass(3)
          // Orders and fills may arrive in separate frames.
          yield* Effect.repeatN(simulator.disturb({ _tag: "Duplicate" }), 3)
          yield* simulator.fill(order.id, half)
          yield* pass(10)
          yield* simulator.fill(order.id)
          yield* pass(30)
          expect(fills.values().map(fillText)).toEqual((yield* account.fills(symbol)).map(fillText))
          expect(orders.values().map(({ status }) => status)).toEqual(["open", "open", "filled"])
        })
      )
    )
  })
}
