/**
 * Collects the raw responses of an exchange next to the decoded result.
 *
 * Raw responses are kept nowhere else, because they hold private data and may echo parts of the request. Keep them out
 * of logs.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as GlobalValue from "effect/GlobalValue"
import * as Ref from "effect/Ref"

/**
 * One response. `body` is the parsed JSON, or the text if the body is not JSON. A number with more digits than a
 * JavaScript number preserves is a string.
 *
 * @since 0.1.0
 * @category models
 */
export interface RawAnswer {
  readonly exchange: string
  readonly operation: string
  readonly status: number
  readonly body: unknown
}

const collectors: FiberRef.FiberRef<ReadonlyArray<Ref.Ref<Chunk.Chunk<RawAnswer>>>> = GlobalValue.globalValue(
  "@effect-exchange/core/RawAnswers/collectors",
  () => FiberRef.unsafeMake<ReadonlyArray<Ref.Ref<Chunk.Chunk<RawAnswer>>>>([])
)

/**
 * Runs the effect and returns its result with every response received meanwhile, in order of arrival. Responses of
 * failed attempts are included. Data that was loaded before, such as the list of markets, is not requested again and so
 * not included. To see the responses of a call that fails, collect its `Effect.either`.
 *
 * @example
 * import { MarketData, RawAnswers } from "@effect-exchange/core"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const market = yield* MarketData.MarketData
 *   const [ticker, answers] = yield* RawAnswers.collect(market.ticker("BTC/USDT"))
 *   return { ticker, raw: answers.map(({ body }) => body) }
 * })
 *
 * @since 0.1.0
 * @category combinators
 */
export const collect = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<readonly [value: A, answers: ReadonlyArray<RawAnswer>], E, R> =>
  Effect.flatMap(Ref.make(Chunk.empty<RawAnswer>()), (ref) =>
    Effect.zip(
      Effect.locallyWith(self, collectors, (outer) => [...outer, ref]),
      Effect.map(Ref.get(ref), Chunk.toReadonlyArray)
    ))

/** @internal */
export const note = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  make: () => RawAnswer
): Effect.Effect<void> | undefined => {
  const collecting = fiber.getFiberRef(collectors)
  if (collecting.length === 0) return undefined
  const answer = make()
  return Effect.forEach(collecting, (ref) => Ref.update(ref, Chunk.append(answer)), { discard: true })
}
