/**
 * A dialect as a table of routes: how a request is read, identified, charged and answered.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Dialect from "../Dialect.js"
import type { Permission } from "../engine/Account.js"
import type { Engine } from "../engine/Engine.js"
import type { Json } from "./json.js"
import * as Meters from "./meters.js"

/**
 * The answer of a route: its result, the next engine if the route traded, and the next meters if the route charged the
 * request again.
 *
 * @internal
 */
export type Answer<Result = Json> = readonly [
  result: Result,
  engine?: Engine | undefined,
  meters?: Meters.Meters | undefined
]

/** @internal A request, and the route that it calls, if there is one. */
export interface Asked<Route, Call> {
  readonly request: Dialect.SimulatedRequest
  readonly call: Call
  readonly route: Route | undefined
  readonly world: Dialect.World
  readonly meters: Meters.Meters
}

/** @internal A route, and the permission that the key needs. Public routes have none. */
export interface Permitted<Answering> {
  readonly needs?: Permission
  readonly answer: Answering
}

/**
 * @internal Returns constructors of routes that are public, and of those that need the permission to read or to trade.
 */
export const permitting = <Answering>() => ({
  open: (answer: Answering): Permitted<Answering> => ({ answer }),
  read: (answer: Answering): Permitted<Answering> => ({ needs: "read", answer }),
  trade: (answer: Answering): Permitted<Answering> => ({ needs: "trade", answer })
})

type Headers = Readonly<Record<string, string>>

/** @internal The charge of a request, with the headers that report it. `refusal` is set if a limit was exceeded. */
export interface Charged<Refusal> {
  readonly meters: Meters.Meters
  readonly headers?: Headers | undefined
  readonly refusal?: Refusal | undefined
}

/** @internal An amount to take from a meter. `cost` defaults to 1. */
export interface Draw {
  readonly scope: string
  readonly rule: Meters.Rule
  readonly cost?: number | undefined
}

/** @internal Takes an amount from a meter. Refuses with `tooMany` if less is left. */
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
  /** Reads the call of a request. */
  readonly read: (request: Dialect.SimulatedRequest) => Call
  readonly unknown: (asked: Asked<Route, Call>) => Refusal
  /** Identifies the caller. Its refusal takes precedence over that of `unknown`. */
  readonly identify: (asked: Asked<Route, Call>) => Either.Either<Caller, Refusal>
  /** Charges the cost of a request to its caller or, if the caller is unknown, to the address. */
  readonly charge: (asked: Asked<Route, Call>, caller: Either.Either<Caller, Refusal>) => Charged<Refusal>
  /** Returns the refusal for a caller that may not use the route. */
  readonly forbids: (route: Route, caller: Caller, asked: Asked<Route, Call>) => Refusal | undefined
  readonly answer: (route: Route, asked: Asked<Route, Call>, caller: Caller) => Either.Either<Answer<Result>, Refusal>
  /** Adjusts the charge to the outcome. */
  readonly settle?: (
    charged: Charged<Refusal>,
    outcome: Either.Either<Answer<Result>, Refusal>,
    asked: Asked<Route, Call>
  ) => Charged<Refusal>
  readonly success: (result: Result, asked: Asked<Route, Call>) => Dialect.SimulatedResponse
  readonly failure: (refusal: Refusal, asked: Asked<Route, Call>) => Dialect.SimulatedResponse
}

/** @internal Creates a dialect from a table. */
export const dialect = <Route, Call extends { readonly method: string }, Caller, Refusal, Result = Json>(
  table:
    & Table<Route, Call, Caller, Refusal, Result>
    & Omit<Dialect.Definition<Meters.Meters>, "initial" | "respond" | "usage">
): Dialect.Dialect => Dialect.make({ ...table, initial: Meters.empty, respond: respond(table), usage: Meters.usage })

// The charge comes first: a refused request may have been charged too.
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
