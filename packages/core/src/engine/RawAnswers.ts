/**
 * The exchange's own words, on request: what was answered, whole, beside what was made of it.
 *
 * Kept nowhere else, as they hold private data, and whatever the exchange repeats of the request: keep them out of logs.
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
 * One answer: `body` is the JSON as it was parsed, or the text when it was none. Numbers are as JavaScript reads them.
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
 * The result with every answer that came in while it was made, in the order they came, those of failed attempts
 * included. What others had asked for already (the list of markets) is not asked again and not among them. To see what
 * was answered where the call failed, collect its `Effect.either`.
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
