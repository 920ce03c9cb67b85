/**
 * A dialect as a table: what is called, by whom, what it takes from which meter, and who answers.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { Definition, SimulatedRequest, SimulatedResponse, World } from "../Dialect.js"
import type { Engine } from "../engine/Engine.js"
import type { Json } from "./json.js"

/** @internal What a route gives, and the engine after it when it traded. */
export type Answer = readonly [result: Json, engine?: Engine | undefined]

/** @internal */
export interface Table<State, Route, Call extends { readonly method: string }, Caller, Refusal> {
  readonly routes: Readonly<Record<string, Route>>
  /** What a request calls. */
  readonly read: (request: SimulatedRequest) => Either.Either<Call, Refusal>
  readonly unknown: Refusal
  readonly identify: (request: SimulatedRequest, call: Call, world: World) => Either.Either<Caller, Refusal>
  /** Takes what a route costs, from its caller or, where nobody is known, from the address. */
  readonly charge: (
    state: State,
    route: Route,
    asked: { readonly request: SimulatedRequest; readonly call: Call; readonly world: World; readonly isKnown: boolean }
  ) => Either.Either<State, Refusal>
  /** Why a caller may not, if so. */
  readonly forbids: (route: Route, caller: Caller) => Refusal | undefined
  readonly answer: (route: Route, call: Call, world: World, caller: Caller) => Either.Either<Answer, Refusal>
  readonly success: (result: Json, call: Call, now: number) => SimulatedResponse
  readonly failure: (refusal: Refusal, call: Call | undefined, now: number) => SimulatedResponse
}

/** @internal How a table answers: who cannot be told from others is charged too. */
export const respond = <State, Route, Call extends { readonly method: string }, Caller, Refusal>(
  table: Table<State, Route, Call, Caller, Refusal>
): Definition<State>["respond"] => {
  const routes = new Map(Object.entries(table.routes))
  return (state, request, world) => {
    const failed = (refusal: Refusal, next: State, call?: Call) =>
      [table.failure(refusal, call, world.now), next] as const
    const read = table.read(request)
    if (Either.isLeft(read)) return failed(read.left, state)
    const call = read.right
    const route = routes.get(call.method)
    if (route === undefined) return failed(table.unknown, state, call)
    const caller = table.identify(request, call, world)
    const isKnown = Either.isRight(caller) && caller.right !== undefined
    const charged = table.charge(state, route, { request, call, world, isKnown })
    if (Either.isLeft(charged)) return failed(charged.left, state, call)
    const answered = Either.flatMap(caller, (one) => {
      const refusal = table.forbids(route, one)
      return refusal === undefined ? table.answer(route, call, world, one) : Either.left(refusal)
    })
    if (Either.isLeft(answered)) return failed(answered.left, charged.right, call)
    const [result, engine] = answered.right
    return [table.success(result, call, world.now), charged.right, engine]
  }
}
