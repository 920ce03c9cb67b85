import { ExchangeError, Order, type Trading } from "@effect-exchange/core"
import { ClientOrderId, OrderCheck } from "@effect-exchange/core/adapter"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import type { Journal } from "./journal.js"
import { entry, named } from "./mockAccount.js"
import type { MockExchange } from "./mockExchange.js"
import * as Venue from "./venue.js"

type Result<A> = Effect.Effect<A, ExchangeError.TradingError>

/** @internal */
export const make = (
  mock: MockExchange,
  journal: Journal<ExchangeError.TradingError>
): Trading.Trading.Service => {
  const { exchange, features, find, venue } = mock
  return {
    exchange,
    place: (request) =>
      Effect.gen(function*() {
        const ready = yield* prepare(mock, "place", request)
        yield* journal.record("place", [request.symbol])
        return yield* send(mock, "place", ready)
      }),
    placeBatch: (requests) =>
      Effect.gen(function*() {
        const about = { exchange, operation: "placeBatch" }
        if (features.batch === 0) {
          return yield* unsupported(mock, "placeBatch", "the mock was told to place one order a request")
        }
        if (new Set(requests.map(({ symbol }) => symbol)).size > 1) {
          const detail = "the orders of a batch must be of one market"
          return yield* new ExchangeError.InvalidRequest({ ...about, detail })
        }
        const prepared = yield* Effect.forEach(
          requests,
          (request) => Effect.either(prepare(mock, "placeBatch", request))
        )
        if (prepared.some(Either.isRight)) yield* journal.record("placeBatch", requests.map(({ symbol }) => symbol))
        return yield* Effect.forEach(
          prepared,
          (ready) => Effect.either(Effect.flatMap(ready, (ready) => send(mock, "placeBatch", ready)))
        )
      }),
    cancel: (reference) =>
      Effect.gen(function*() {
        yield* named(mock, "cancel", reference)
        yield* journal.record("cancel", [reference.symbol])
        const found = yield* entry(mock, "cancel", reference)
        return yield* canceled(mock, found)
      }),
    cancelAll: (symbol) =>
      Effect.gen(function*() {
        const market = yield* find("cancelAll", symbol)
        yield* journal.record("cancelAll", [market.symbol])
        const open = Venue.entriesOf(yield* Ref.get(venue)).filter(({ order }) =>
          order.symbol === market.symbol && !Order.isClosed(order)
        )
        return yield* Effect.forEach(open, (each) => Effect.map(canceled(mock, each), ({ id }) => id))
      }),
    amend: (reference, amendment) =>
      Effect.gen(function*() {
        const about = { exchange, operation: "amend" }
        yield* named(mock, "amend", reference)
        const market = yield* find("amend", reference.symbol)
        const change = yield* Either.mapLeft(
          OrderCheck.checkAmendment(market, amendment),
          (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
        )
        if (!features.amend) {
          return yield* unsupported(mock, "amend", "the mock was told to change no order that stands")
        }
        yield* journal.record("amend", [market.symbol])
        const found = yield* entry(mock, "amend", reference)
        if (Order.isClosed(found.order)) {
          const detail = `the order is ${found.order.status} already`
          return yield* new ExchangeError.OrderRejected({ ...about, detail })
        }
        return yield* trade(mock, "amend", market.symbol, (venue, quote, now) =>
          Venue.amend(venue, found, change, quote, now))
      }),
    reconcile: Effect.succeed([])
  }
}

interface Ready {
  readonly checked: Order.Checked
  readonly clientOrderId: string
}

const alphabet: ClientOrderId.Alphabet = {
  pattern: /^[A-Za-z0-9_-]{1,36}$/,
  described: "1 to 36 of A-Z a-z 0-9 - _",
  make: (hex) => hex
}

const prepare = (mock: MockExchange, operation: string, request: Order.Request): Result<Ready> =>
  Effect.gen(function*() {
    const about = { exchange: mock.exchange, operation }
    const valid = Either.mapLeft((detail: string) => new ExchangeError.InvalidRequest({ ...about, detail }))
    const { symbol } = yield* valid(OrderCheck.decode(request))
    const market = yield* mock.find(operation, symbol)
    const checked = yield* valid(OrderCheck.check(market, request))
    if (market.kind !== "spot" || checked.reduceOnly) {
      return yield* unsupported(
        mock,
        operation,
        "the mock trades spot markets only, and nothing that reduces positions"
      )
    }
    if (checked.type === "limit" && !mock.features.timeInForce.includes(checked.timeInForce)) {
      return yield* unsupported(mock, operation, `the mock was told to have no ${checked.timeInForce} orders`)
    }
    const given = request.clientOrderId
    if (given !== undefined && !alphabet.pattern.test(given)) {
      const detail = `the client order id ${JSON.stringify(given.slice(0, 60))} is not ${alphabet.described}`
      return yield* new ExchangeError.InvalidRequest({ ...about, detail })
    }
    return { checked, clientOrderId: given ?? (yield* ClientOrderId.make(alphabet)) }
  })

const unsupported = (
  { exchange }: MockExchange,
  operation: string,
  detail: string
): Effect.Effect<never, ExchangeError.Unsupported> =>
  new ExchangeError.Unsupported({
    exchange,
    operation,
    detail,
    alternative: "tell the mock other features, or use the simulator"
  })

const send = (mock: MockExchange, operation: string, { checked, clientOrderId }: Ready): Result<Order.Order> =>
  trade(
    mock,
    operation,
    checked.market.symbol,
    (venue, quote, now) => Venue.place(venue, checked, clientOrderId, quote, now)
  )

const refusals = {
  InsufficientFunds: ExchangeError.InsufficientFunds,
  DuplicateOrder: ExchangeError.DuplicateOrder,
  OrderRejected: ExchangeError.OrderRejected
}

const trade = (
  mock: MockExchange,
  operation: string,
  symbol: string,
  step: (
    venue: Venue.Venue,
    quote: Venue.Quote,
    now: number
  ) => Either.Either<readonly [Order.Order, Venue.Venue], Venue.Refusal>
): Result<Order.Order> =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const quote = (yield* Ref.get(mock.listings)).get(symbol)?.quote ?? {}
    const result = yield* Ref.modify(
      mock.venue,
      (before): [Either.Either<Order.Order, Venue.Refusal>, Venue.Venue] =>
        Either.match(step(before, quote, now), {
          onLeft: (refusal) => [Either.left(refusal), before],
          onRight: ([order, after]) => [Either.right(order), after]
        })
    )
    return yield* Either.mapLeft(
      result,
      ({ detail, tag }) => new refusals[tag]({ exchange: mock.exchange, operation, detail })
    )
  })

const canceled = (mock: MockExchange, found: Venue.Entry): Effect.Effect<Order.Order> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Ref.modify(mock.venue, (before) => {
      const [order, after] = Venue.cancel(before, found, now)
      return [order, after]
    }))
