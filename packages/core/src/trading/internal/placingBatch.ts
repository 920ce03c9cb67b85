import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ExchangeError from "../../model/ExchangeError.js"
import { describe } from "../../model/internal/quote.js"
import type { Order } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import * as OrderCheck from "../OrderCheck.js"
import type { Desk, Ready } from "./desk.js"
import { confirm, prepare, settle } from "./placing.js"

/**
 * Places several orders of one market in as few requests as the exchange allows. Returns the outcomes in the order of
 * the requests.
 *
 * @internal
 */
export const placeBatch = (
  desk: Desk,
  requests: unknown
): Effect.Effect<ReadonlyArray<Either.Either<Order, ExchangeError.TradingError>>, ExchangeError.TradingError> =>
  Effect.gen(function*() {
    const about = { exchange: desk.exchange, operation: "placeBatch" }
    const { placeBatch: send } = desk.adapter
    if (send === undefined) {
      return yield* new ExchangeError.Unsupported({
        ...about,
        detail: `${desk.features.name} accepts only one order per request`,
        alternative: "place them one by one"
      })
    }
    const asked = yield* Either.mapLeft(
      batchOf(requests),
      (detail) => new ExchangeError.InvalidRequest({ ...about, detail })
    )
    const prepared = yield* Effect.forEach(
      asked,
      (request) => Effect.either(prepare(desk, "placeBatch", request))
    )
    const ready = prepared.flatMap((each) => Either.isRight(each) ? [each.right] : [])
    const results = yield* Effect.forEach(
      Arr.chunksOf(ready, desk.features.batch),
      (chunk) =>
        Effect.matchEffect(send(chunk.map(({ order }) => order)), {
          onSuccess: (placed) => Concurrent.forEach(chunk, (each, index) => conclude(desk, each, placed[index]), all),
          onFailure: (error) =>
            Concurrent.forEach(chunk, (each) => Effect.either(settle(desk, "placeBatch", each, error)), all)
        })
    )
    const sent = results.flat()[Symbol.iterator]()
    return prepared.flatMap((each) => {
      if (Either.isLeft(each)) return [Either.left(each.left)]
      const { done, value } = sent.next()
      return done === true ? [] : [value]
    })
  }).pipe(Effect.scoped)

/**
 * Returns the orders of a batch, not decoded yet. Refuses only conflicts between orders: different markets, or the same
 * client order id twice.
 */
const batchOf = (requests: unknown): Either.Either<ReadonlyArray<unknown>, string> => {
  if (!Array.isArray(requests)) return Either.left(`the orders: expected an array, found ${describe(requests)}`)
  const all: ReadonlyArray<unknown> = Array.from(requests)
  const orders = all.flatMap((each) => Either.match(OrderCheck.decode(each), { onLeft: () => [], onRight: Arr.of }))
  if (new Set(orders.map(({ symbol }) => symbol)).size > 1) {
    return Either.left("all orders of a batch must be for the same market")
  }
  const named = orders.flatMap(({ clientOrderId }) => clientOrderId ?? [])
  return new Set(named).size < named.length
    ? Either.left("two orders of the batch have the same client order id")
    : Either.right(all)
}

const conclude = (
  desk: Desk,
  ready: Ready,
  placed: Either.Either<Adapter.Placed, ExchangeError.TradingError> | undefined
): Effect.Effect<Either.Either<Order, ExchangeError.TradingError>> => {
  const result = placed ?? Either.left(
    new ExchangeError.MalformedResponse({
      exchange: desk.exchange,
      operation: "placeBatch",
      detail: "the response does not mention one of the orders"
    })
  )
  return Effect.either(Either.match(result, {
    onLeft: (error) => settle(desk, "placeBatch", ready, error),
    onRight: (placed) => confirm(desk, "placeBatch", ready, placed)
  }))
}

const all = { concurrency: "unbounded" } as const
