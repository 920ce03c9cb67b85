/**
 * The client and the simulated exchange of a case of `AccountFeedSuite`.
 *
 * @internal
 */
import {
  Account,
  type Credentials,
  Decimal,
  type ExchangeError,
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
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import * as InterceptedSockets from "../InterceptedSockets.js"
import type { Control } from "./suiteRunner.js"

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

/** @internal */
export const shown = (value: BigDecimal.BigDecimal | undefined): string | undefined =>
  value && Decimal.format(BigDecimal.normalize(value))

/** @internal Rounds to five decimals: with an open position, the value in a response differs slightly from that in a feed. */
export const rounded = (value: BigDecimal.BigDecimal): string | undefined =>
  shown(BigDecimal.round(value, { scale: 5 }))

/** @internal */
export const orderText = ({ amount, clientOrderId, filled, id, price, side, status, symbol }: Order.Order): string =>
  [id, clientOrderId, symbol, side, shown(price), shown(amount), shown(filled), status].join(" ")

/** @internal */
export const fillText = (fill: Fill.Fill): string =>
  [fill.id, fill.orderId, fill.symbol, fill.side, shown(fill.price), shown(fill.amount), shown(fill.fee), fill.feeAsset]
    .concat([fill.liquidity, String(fill.at)]).join(" ")

/** @internal */
export const pass = (seconds: number) => TestClock.adjust(`${seconds} seconds`)

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

class DropsResponses extends Context.Tag("@effect-exchange/testing/internal/accountFeedScene/DropsResponses")<
  DropsResponses,
  Ref.Ref<boolean>
>() {}

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

/** @internal Adds the secrets to every string that contains a space. */
export const revealing = (secrets: ReadonlyArray<string>) => (text: string): string =>
  text.replace(/"[^"]* [^"]*"/g, (sentence) => JSON.stringify([JSON.parse(sentence), ...secrets].join(" ")))

/** @internal */
export const environmentOf = <R, E, F>(
  { client, credentials: usual, simulator }: Subject<R, E, F>,
  credentials: Credentials.Credentials = usual,
  rewrite: (text: string) => string = (text) => text
) =>
  Layer.provideMerge(
    Layer.provide(client(credentials), OrderJournal.layerMemory),
    Layer.provideMerge(droppingLayer, Layer.provideMerge(InterceptedSockets.layer({ rewrite }), simulator))
  )

/** @internal Runs a case on its own simulator. */
export const running =
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
