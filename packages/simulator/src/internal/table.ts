/**
 * A dialect as a table: what is called, by whom, what it takes from which meter, and who answers.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Dialect from "../Dialect.js"
import type { Engine } from "../engine/Engine.js"
import type { Json } from "./json.js"
import * as Meters from "./meters.js"

/** @internal What a route gives, the engine after it when it traded, and the meters when it was metered once more. */
export type Answer<Result = Json> = readonly [
  result: Result,
  engine?: Engine | undefined,
  meters?: Meters.Meters | undefined
]

/** @internal A request, and the route that it calls if there is one. */
export interface Asked<Route, Call> {
  readonly request: Dialect.SimulatedRequest
  readonly call: Call
  readonly route: Route | undefined
  readonly world: Dialect.World
  readonly meters: Meters.Meters
}

type Headers = Readonly<Record<string, string>>

/** @internal What a request was charged, with the headers that tell of it; `refusal` when it was too much. */
export interface Charged<Refusal> {
  readonly meters: Meters.Meters
  readonly headers?: Headers | undefined
  readonly refusal?: Refusal | undefined
}

/** @internal So much of a meter. */
export interface Draw {
  readonly scope: string
  readonly rule: Meters.Rule
  readonly cost?: number | undefined
}

/** @internal Takes it, or refuses where there is not so much. */
export const draw = <Refusal>(
  meters: Meters.Meters,
  { now }: Dialect.World,
  { cost, rule, scope }: Draw,
  tooMany: Refusal,
  headers?: (verdict: Meters.Verdict) => Headers
): Charged<Refusal> => {
  const taken = Meters.take(meters, scope, rule, now, cost)
  return { meters: taken.meters, headers: headers?.(taken), refusal: taken.admitted ? undefined : tooMany }
}

/** @internal */
export interface Table<Route, Call extends { readonly method: string }, Caller, Refusal, Result = Json> {
  readonly routes: Readonly<Record<string, Route>>
  /** What a request calls. */
  readonly read: (request: Dialect.SimulatedRequest) => Call
  readonly unknown: (asked: Asked<Route, Call>) => Refusal
  /** Who asks. Where there is no route, a refusal goes before that of `unknown`. */
  readonly identify: (asked: Asked<Route, Call>) => Either.Either<Caller, Refusal>
  /** Takes what a request costs, from its caller or, where nobody is known, from the address. */
  readonly charge: (asked: Asked<Route, Call>, caller: Either.Either<Caller, Refusal>) => Charged<Refusal>
  /** Why a caller may not, if so. */
  readonly forbids: (route: Route, caller: Caller, asked: Asked<Route, Call>) => Refusal | undefined
  readonly answer: (route: Route, asked: Asked<Route, Call>, caller: Caller) => Either.Either<Answer<Result>, Refusal>
  /** What an answer or a refusal changes about what was charged. */
  readonly settle?: (
    charged: Charged<Refusal>,
    outcome: Either.Either<Answer<Result>, Refusal>,
    asked: Asked<Route, Call>
  ) => Charged<Refusal>
  readonly success: (result: Result, asked: Asked<Route, Call>) => Dialect.SimulatedResponse
  readonly failure: (refusal: Refusal, asked: Asked<Route, Call>) => Dialect.SimulatedResponse
}

/** @internal The dialect that a table makes. */
export const dialect = <Route, Call extends { readonly method: string }, Caller, Refusal, Result = Json>(
  table:
    & Table<Route, Call, Caller, Refusal, Result>
    & Omit<Dialect.Definition<Meters.Meters>, "initial" | "respond" | "usage">
): Dialect.Dialect => Dialect.make({ ...table, initial: Meters.empty, respond: respond(table), usage: Meters.usage })

// Who is refused may have been charged before.
const respond = <Route, Call extends { readonly method: string }, Caller, Refusal, Result = Json>(
  table: Table<Route, Call, Caller, Refusal, Result>
): Dialect.Definition<Meters.Meters>["respond"] => {
  const routes = new Map(Object.entries(table.routes))
  return (meters, request, world) => {
    const call = table.read(request)
    const asked = { request, call, route: routes.get(call.method), world, meters }
    const caller = table.identify(asked)
    const charged = table.charge(asked, caller)
    const outcome = Either.gen(function*() {
      if (charged.refusal !== undefined) return yield* Either.left(charged.refusal)
      const known = yield* caller
      const { route } = asked
      if (route === undefined) return yield* Either.left(table.unknown(asked))
      const refusal = table.forbids(route, known, asked)
      return yield* refusal === undefined
        ? table.answer(route, { ...asked, meters: charged.meters }, known)
        : Either.left(refusal)
    })
    const { headers, ...settled } = table.settle?.(charged, outcome, asked) ?? charged
    const response = Either.match(outcome, {
      onLeft: (refusal) => table.failure(refusal, asked),
      onRight: ([result]) => table.success(result, asked)
    })
    const [, engine, metered] = Either.getOrElse(outcome, () => [])
    return [{ ...response, headers: { ...response.headers, ...headers } }, metered ?? settled.meters, engine]
  }
}
