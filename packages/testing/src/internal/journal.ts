import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { Call, Handle } from "./mockModel.js"

/** @internal */
export interface Journal<in out E> extends Handle<E> {
  /** Writes a call down, then fails it if failures are planned. */
  readonly record: (operation: string, symbols?: ReadonlyArray<string>) => Effect.Effect<void, E>
}

interface State<E> {
  readonly calls: Chunk.Chunk<Call>
  readonly next: ReadonlyArray<E>
  readonly standing: { readonly error: E } | undefined
}

/** @internal */
export const make = <E>(): Effect.Effect<Journal<E>> =>
  Effect.map(
    Ref.make<State<E>>({ calls: Chunk.empty(), next: [], standing: undefined }),
    (state): Journal<E> => ({
      calls: Effect.map(Ref.get(state), ({ calls }) => Chunk.toReadonlyArray(calls)),
      failNext: (...errors) => Ref.update(state, (before) => ({ ...before, next: [...before.next, ...errors] })),
      failWith: (error) => Ref.update(state, (before) => ({ ...before, standing: { error } })),
      recover: Ref.update(state, (before) => ({ ...before, next: [], standing: undefined })),
      record: (operation, symbols = []) =>
        Effect.flatMap(Clock.currentTimeMillis, (at) =>
          Effect.flatten(Ref.modify(state, ({ calls, next, standing }) => {
            const [error, ...rest] = next
            const answer = next.length > 0 && error !== undefined
              ? Effect.fail(error)
              : standing === undefined
              ? Effect.void
              : Effect.fail(standing.error)
            return [answer, { calls: Chunk.append(calls, { operation, symbols, at }), next: rest, standing }]
          })))
    })
  )
