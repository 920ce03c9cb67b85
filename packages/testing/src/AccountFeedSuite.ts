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
import {
  Account,
  type Credentials,
  Decimal,
  type ExchangeError,
  FeedItem,
  type Fill,
  MarketData,
  type Order,
  OrderJournal,
  Trading
} from "@effect-exchange/core"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as Socket from "@effect/platform/Socket"
import * as BigDecimal from "effect/BigDecimal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import * as InterceptedSockets from "./InterceptedSockets.js"
import { recordItems } from "./internal/recordItems.js"
import type { Control, Runner } from "./internal/suiteRunner.js"

export type { Disturbance, Expect, Expectation, Runner } from "./internal/suiteRunner.js"

/**
 * What the suite does to an exchange, as a `Simulator` does it.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountControl<in F> extends Control {
  /** Fills an open order at its own price, in full or by an amount. The id is the exchange's. */
  readonly fill: (orderId: string, amount?: string) => Effect.Effect<unknown, Error>
  /** Replaces the faults of requests. */
  readonly setFaults: (faults: F) => Effect.Effect<void>
}

/**
 * The client under test, the simulated exchange that it talks to, and an order that the exchange accepts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject<R, E, F> {
  /** The name in the titles of the cases. */
  readonly name: string
  /** The client of an account. Each case builds it again. */
  readonly client: (
    credentials: Credentials.Credentials
  ) => Layer.Layer<
    MarketData.MarketData | Account.Account | Trading.Trading,
    E,
    R | HttpClient.HttpClient | OrderJournal.OrderJournal
  >
  /** A key that may trade. The exchange refuses it with other last characters. */
  readonly credentials: Credentials.Credentials
  /** Another key of the same account that may trade. */
  readonly another: Credentials.Credentials
  /** The exchange, in memory. Each case builds it again. */
  readonly simulator: Layer.Layer<R | HttpClient.HttpClient | Socket.WebSocketConstructor, E>
  /** The control of the exchange, such as a `Simulator`. */
  readonly control: Effect.Effect<AccountControl<F>, Error, R>
  /** Faults of requests: none, an exchange that answers nothing but errors, and one whose clock is 10 minutes ahead. */
  readonly faults: { readonly none: F; readonly outage: F; readonly clockSkew: F }
  /** A listed symbol. */
  readonly symbol: string
  /** The amount of each order. `half` is an amount by which it can be filled. */
  readonly amount: string
  readonly half: string
  /** Another symbol and amount, if the exchange has histories of all markets at once. */
  readonly other?: { readonly symbol: string; readonly amount: string } | undefined
  /**
   * Makes the fills or the balances in a frame undecodable. The cases that they are requested instead are left out
   * without it.
   */
  readonly corrupt?: {
    readonly fills: (frame: string) => string
    readonly balances: (frame: string) => string
  } | undefined
}

const shown = (value: BigDecimal.BigDecimal | undefined): string | undefined =>
  value && Decimal.format(BigDecimal.normalize(value))

/** Rounds to five decimals: with an open position, the value in a response differs slightly from that in a feed. */
const rounded = (value: BigDecimal.BigDecimal): string | undefined => shown(BigDecimal.round(value, { scale: 5 }))

const orderText = ({ amount, clientOrderId, filled, id, price, side, status, symbol }: Order.Order): string =>
  [id, clientOrderId, symbol, side, shown(price), shown(amount), shown(filled), status].join(" ")

const fillText = (fill: Fill.Fill): string =>
  [fill.id, fill.orderId, fill.symbol, fill.side, shown(fill.price), shown(fill.amount), shown(fill.fee), fill.feeAsset]
    .concat([fill.liquidity, String(fill.at)]).join(" ")

const pass = (seconds: number) => TestClock.adjust(`${seconds} seconds`)

/** Waits for a response. Advances the clock, because the exchange's limits may delay the request. */
const answer = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.fork(self), (fiber) =>
    Effect.zipRight(
      Effect.repeat(TestClock.adjust("100 millis"), { until: () => Effect.map(Fiber.poll(fiber), Option.isSome) }).pipe(
        Effect.unlessEffect(Effect.map(Fiber.poll(fiber), Option.isSome))
      ),
      Fiber.join(fiber)
    ))

interface Scene<out E, in F> {
  readonly simulator: AccountControl<F>
  /** `order`, `fills` and `balances` advance the clock until they have a response. */
  readonly account: Account.Account.Service
  readonly trading: Trading.Trading.Service
  /** Places an order that stays open. */
  readonly place: Effect.Effect<Order.Order, ExchangeError.TradingError>
  /** Places the same order, but leaves the clock to the test. */
  readonly placing: Effect.Effect<Order.Order, ExchangeError.TradingError>
  /** Places an order in the other market, as another program would. */
  readonly placeElsewhere: Effect.Effect<Order.Order, E | ExchangeError.TradingError>
  /** From now on, requests are carried out, but no response arrives. */
  readonly dropResponses: Effect.Effect<void>
}

class DropsResponses
  extends Context.Tag("@effect-exchange/testing/AccountFeedSuite/DropsResponses")<DropsResponses, Ref.Ref<boolean>>()
{}

const droppingLayer = Layer.effectContext(Effect.gen(function*() {
  const client = yield* HttpClient.HttpClient
  const isDropping = yield* Ref.make(false)
  return Context.make(DropsResponses, isDropping).pipe(Context.add(
    HttpClient.HttpClient,
    HttpClient.transform(
      client,
      (answer) =>
        Effect.flatMap(
          Ref.get(isDropping),
          (isDropping) => isDropping ? Effect.zipRight(Effect.exit(answer), Effect.never) : answer
        )
    )
  ))
}))

/** Adds the secrets to every string that contains a space. */
const revealing = (secrets: ReadonlyArray<string>) => (text: string): string =>
  text.replace(/"[^"]* [^"]*"/g, (sentence) => JSON.stringify([JSON.parse(sentence), ...secrets].join(" ")))

const environmentOf = <R, E, F>(
  { client, credentials: usual, simulator }: Subject<R, E, F>,
  credentials: Credentials.Credentials = usual,
  rewrite: (text: string) => string = (text) => text
) =>
  Layer.provideMerge(
    Layer.provide(client(credentials), OrderJournal.layerMemory),
    Layer.provideMerge(droppingLayer, Layer.provideMerge(InterceptedSockets.layer({ rewrite }), simulator))
  )

/** Runs a case on its own simulator. */
const running =
  <R, E, F>(subject: Subject<R, E, F>, credentials?: Credentials.Credentials, rewrite?: (text: string) => string) =>
  <A, E2>(body: (scene: Scene<E, F>) => Effect.Effect<A, E2>) =>
  () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      const trading = yield* Trading.Trading
      const market = yield* MarketData.MarketData
      const control = yield* subject.control
      const last = yield* answer(market.price(subject.symbol))
      const price = BigDecimal.multiply(last.amount, BigDecimal.unsafeFromString("0.9"))
      const { amount, symbol } = subject
      const placing = trading.place({ symbol, side: "buy", type: "limit", amount, price, round: true })
      const context = yield* Effect.context<R | HttpClient.HttpClient>()
      const another = Layer.fresh(
        Layer.provide(
          subject.client(subject.another),
          Layer.merge(Layer.succeedContext(context), OrderJournal.layerMemory)
        )
      )
      const { other = subject } = subject
      const placeElsewhere = Effect.gen(function*() {
        const { price } = yield* MarketData.MarketData
        const { place } = yield* Trading.Trading
        const { amount: last } = yield* price(other.symbol)
        const limit = BigDecimal.multiply(last, BigDecimal.unsafeFromString("0.9"))
        return yield* place({ ...other, side: "buy", type: "limit", price: limit, round: true })
      }).pipe(Effect.provide(another))
      const dropResponses = Ref.set(yield* DropsResponses, true)
      yield* body({
        account: {
          ...account,
          order: (reference) => answer(account.order(reference)),
          fills: (symbol, query) => answer(account.fills(symbol, query)),
          balances: answer(account.balances)
        },
        trading,
        place: answer(placing),
        placing,
        placeElsewhere: answer(placeElsewhere),
        dropResponses,
        simulator: control
      })
    }).pipe(
      Effect.provide(environmentOf(subject, credentials, rewrite)),
      (self) => Effect.zipRight(TestClock.setTime(Date.UTC(2026, 10, 2)), self)
    )

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
          yield* Effect.all([trading.cancel(first), pass(5)], { concurrency: 2 })
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
          const [orders, fills] = [
            yield* recordItems(account.streamOrders()),
            yield* recordItems(account.streamFills())
          ]
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
          yield* Effect.all([trading.cancel(third), pass(5)], { concurrency: 2 })
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
          const [orders, fills] = [
            yield* recordItems(account.streamOrders()),
            yield* recordItems(account.streamFills())
          ]
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
