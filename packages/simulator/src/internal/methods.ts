/**
 * The methods that a socket offers by their names, as JSON-RPC and its relatives have them.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Streaming from "../Streaming.js"
import type { World } from "../World.js"
import type { Input } from "./inputs.js"
import type { Json } from "./json.js"

/** @internal Returns the result of a call and the next state of the connection, or a refusal. */
export type Method<State, R, Result = Json> = (
  params: Input,
  state: State,
  world: World
) => Either.Either<readonly [result: Result, next: State], R>

/** @internal Finds a method. All other names are refused with `unknown`. */
export const find = <State, R, Result>(
  methods: Readonly<Record<string, Method<State, R, Result>>>,
  name: string,
  unknown: R
): Method<State, R, Result> =>
  (Object.hasOwn(methods, name) ? methods[name] : undefined) ?? (() => Either.left(unknown))

/** @internal Sends the response to a call and then all changes. A refused call leaves the state as it is. */
export const answer = <State, R>(
  outcome: ReturnType<Method<State, R>>,
  state: State,
  encode: (outcome: Either.Either<Json, R>) => Json,
  pass: (state: State) => Streaming.Turn<State>
): Streaming.Turn<State> => {
  const turn = pass(Either.match(outcome, { onLeft: () => state, onRight: ([, next]) => next }))
  const response = encode(Either.map(outcome, ([result]) => result))
  return { ...turn, frames: [Streaming.control(response), ...turn.frames] }
}
