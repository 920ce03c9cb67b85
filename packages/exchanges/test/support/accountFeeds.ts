import {
  Account,
  type Credentials,
  Decimal,
  type Environment,
  FeedItem,
  type Fill,
  MarketData,
  type Order,
  OrderJournal,
  Trading
} from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { BigDecimal, Context, Effect, Exit, Fiber, Layer, Option, Redacted, Ref, Stream, TestClock } from "effect"
import { interceptSockets } from "./sockets.js"

/** The exchange under test: its Layer, and an order that it accepts. */
export interface Subject {
  readonly id: Simulator.ExchangeId
  readonly layer: (options: {
    readonly environment: Environment.Custom
    readonly credentials: Credentials.Credentials
  }) => Layer.Layer<
    MarketData.MarketData | Account.Account | Trading.Trading,
    unknown,
    HttpClient.HttpClient | OrderJournal.OrderJournal
  >
  readonly symbol: string
  /** The amount of each order. `half` is an amount by which it can be filled. */
  readonly amount: string
  readonly half: string
  /** Another symbol and amount, if the exchange has histories of all markets at once. */
  readonly other?: { readonly symbol: string; readonly amount: string }
}

/** Runs a stream in the background and records its items. */
const recordItems = <A, E>(stream: Stream.Stream<FeedItem.FeedItem<A>, E>) =>
  Effect.gen(function*() {
    const items: Array<FeedItem.FeedItem<A>> = []
    const fiber = yield* Effect.fork(Stream.runForEach(stream, (item) => Effect.sync(() => items.push(item))))
    return {
      tags: () => items.map(({ _tag }) => _tag),
      values: () => items.flatMap((item) => item._tag === "Data" ? [item.value] : []),
      statuses: () => items.flatMap(({ _tag }) => _tag === "Data" ? [] : [_tag]),
      leave: Fiber.interrupt(fiber),
      exit: Fiber.await(fiber)
    }
  })

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

interface Scene {
  readonly simulator: Simulator.Simulator
  /** `order`, `fills` and `balances` advance the clock until they have a response. */
  readonly account: Account.Account.Service
  readonly trading: Trading.Trading.Service
  /** Places an order that stays open. */
  readonly place: Effect.Effect<Order.Order, unknown>
  /** Places the same order, but leaves the clock to the test. */
  readonly placing: Effect.Effect<Order.Order, unknown>
  /** Places an order in the other market, as another program would. */
  readonly placeElsewhere: Effect.Effect<Order.Order, unknown>
  /** From now on, requests are carried out, but no response arrives. */
  readonly dropResponses: Effect.Effect<void>
}

class DropsResponses extends Context.Tag("test/DropsResponses")<DropsResponses, Ref.Ref<boolean>>() {}

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

/** Replaces the amounts in balance frames by a word that is not a number. */
const corruptBalances = (text: string): string =>
  text.replace(/("(?:f|eq|walletBalance|equity|marginBalance)":)(?:"[\d.]+"|[\d.]+)/g, "$1\"haunted\"")

/** Replaces the prices in fill frames by a word that is not a number. */
const corruptFills = (text: string): string =>
  text.replace(/("(?:L|execPrice|fillPx|lastPx|last_price|price)":)(?:"[\d.]+"|[\d.]+)/g, "$1\"haunted\"")

const environmentOf = (
  { id, layer }: Subject,
  credentials: Credentials.Credentials = Simulator.credentials(id, "trade"),
  rewrite: (text: string) => string = (text) => text
) =>
  Layer.provideMerge(
    Layer.provide(layer({ environment: Simulator.environment(id), credentials }), OrderJournal.layerMemory),
    Layer.provideMerge(droppingLayer, interceptSockets({ rewrite })(Simulator.layer(id)))
  )

/** Runs a case on its own simulator. */
const running =
  (subject: Subject, credentials?: Credentials.Credentials, rewrite?: (text: string) => string) =>
  <A, E>(body: (scene: Scene) => Effect.Effect<A, E>) =>
  () =>
    Effect.gen(function*() {
      const account = yield* Account.Account
      const trading = yield* Trading.Trading
      const market = yield* MarketData.MarketData
      const { get } = yield* Simulator.Simulators
      const last = yield* answer(market.price(subject.symbol))
      const price = BigDecimal.multiply(last.amount, BigDecimal.unsafeFromString("0.9"))
      const { amount, symbol } = subject
      const placing = trading.place({ symbol, side: "buy", type: "limit", amount, price, round: true })
      const client = yield* HttpClient.HttpClient
      const another = Layer.fresh(
        Layer.provide(
          subject.layer({
            environment: Simulator.environment(subject.id),
            credentials: Simulator.credentials(subject.id, "withdraw")
          }),
          [OrderJournal.layerMemory, Layer.succeed(HttpClient.HttpClient, client)]
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
        simulator: yield* get(subject.id)
      })
    }).pipe(
      Effect.provide(environmentOf(subject, credentials, rewrite)),
      (self) => Effect.zipRight(TestClock.setTime(Date.UTC(2026, 10, 2)), self)
    )

/** Registers the cases that take little time. */
export const register = (subject: Subject): void => {
  const { half, id, symbol } = subject
  const run = running(subject)

  describe(`account feeds of ${id} on the simulator`, () => {
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

    it.effect(
      "request the fills if a fill frame cannot be decoded",
      running(subject, undefined, corruptFills)(({ account, place, simulator }) =>
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

    for (
      const [what, rewrite, digits] of [
        ["emit all balances whenever one has changed", undefined, shown],
        ["request the balances if a balance frame cannot be decoded", corruptBalances, rounded]
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

    const { key, ...rest } = Simulator.credentials(id, "trade")
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

/** Registers the cases that take longer. */
export const registerSlow = (subject: Subject): void => {
  const { half, id, symbol } = subject
  const run = running(subject)

  describe(`account feeds of ${id} on the simulator`, () => {
    it.effect(
      "start after an outage, however many requests that takes",
      run(({ account, place, simulator }) =>
        Effect.gen(function*() {
          const order = yield* place
          const [orders, fills] = [
            yield* recordItems(account.streamOrders()),
            yield* recordItems(account.streamFills())
          ]
          yield* simulator.setFaults(Faults.outage)
          yield* pass(3)
          yield* simulator.setFaults(Faults.none)
          yield* pass(100)
          expect(orders.values().map(({ id }) => id)).toEqual([order.id])
          expect(fills.statuses().at(-1)).toMatch(/Connected|Resynced/)
        })
      )
    )

    it.effect("log in despite clock skew, without any other request", () =>
      Effect.gen(function*() {
        const { get } = yield* Simulator.Simulators
        const simulator = yield* get(id)
        yield* simulator.setFaults(Faults.make({ clockSkew: { ahead: "10 minutes" } }))
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
