import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { Call, Handle } from "./mockModel.js"

/** @internal */
export interface CallLog<in out E, in Operation extends string = never> extends Handle<E, Operation> {
  /** Records a call, then fails it if a failure is planned. */
  readonly record: (operation: string, symbols?: ReadonlyArray<string>) => Effect.Effect<void, E>
}

interface State<E> {
  readonly calls: Chunk.Chunk<Call>
  readonly next: ReadonlyArray<E>
  readonly on: ReadonlyMap<string, ReadonlyArray<E>>
  readonly permanent: { readonly error: E } | undefined
}

/** @internal */
export const make = <E, Operation extends string>(): Effect.Effect<CallLog<E, Operation>> =>
  Effect.map(
    Ref.make<State<E>>({ calls: Chunk.empty(), next: [], on: new Map(), permanent: undefined }),
    (state): CallLog<E, Operation> => ({
      calls: Effect.map(Ref.get(state), ({ calls }) => Chunk.toReadonlyArray(calls)),
      failNext: (...errors) => Ref.update(state, (before) => ({ ...before, next: [...before.next, ...errors] })),
      failOn: (operation, ...errors) =>
        Ref.update(state, (before) => ({
          ...before,
          on: new Map(before.on).set(operation, [...before.on.get(operation) ?? [], ...errors])
        })),
      failWith: (error) => Ref.update(state, (before) => ({ ...before, permanent: { error } })),
      recover: Ref.update(state, (before) => ({ ...before, next: [], on: new Map(), permanent: undefined })),
      record: (operation, symbols = []) =>
        Effect.flatMap(Clock.currentTimeMillis, (at) =>
          Effect.flatten(Ref.modify(state, (before) => {
            const [planned, after] = plan(before, operation)
            return [
              planned === undefined ? Effect.void : Effect.fail(planned.error),
              { ...after, calls: Chunk.append(before.calls, { operation, symbols, at }) }
            ]
          })))
    })
  )

/**
 * Returns the planned failure of a call: first one planned for its operation, then one planned for the next call of any
 * operation.
 */
const plan = <E>(
  state: State<E>,
  operation: string
): readonly [planned: { readonly error: E } | undefined, after: State<E>] => {
  const [own, ...others] = (state.on.get(operation) ?? []).map((error) => ({ error }))
  if (own !== undefined) {
    return [own, { ...state, on: new Map(state.on).set(operation, others.map(({ error }) => error)) }]
  }
  const [next] = state.next.map((error) => ({ error }))
  return next === undefined ? [state.permanent, state] : [next, { ...state, next: state.next.slice(1) }]
}
