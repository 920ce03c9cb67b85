/**
 * Matches the requests of a REST API to routes such as `GET /orders/{id}`.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Dialect from "../Dialect.js"
import { type Fields, texts } from "./fields.js"
import { fromBody, fromQuery, type Input, isInput } from "./inputs.js"

/** @internal The call of a request. `method` is the matching route, or the HTTP method and path if no route matches. */
export interface Call {
  readonly method: string
  /** The parameters in the path, in the query and in a body that is a JSON object, as received. */
  readonly input: Input
  /** The members of `input` that are strings, numbers or booleans, as strings. */
  readonly params: Fields
  /** The parsed JSON of the body, for bodies that are a list. */
  readonly body: unknown
}

/** @internal Creates a reader of requests for the given routes. */
export const reader = (routes: ReadonlyArray<string>) => {
  const match = matcher(routes)
  return (request: Dialect.SimulatedRequest): Call => {
    const [method, named] = match(`${request.method} ${Dialect.pathOf(request.target)}`)
    const body = fromBody(request.body)
    const input = { ...fromQuery(request.target), ...isInput(body) ? body : {}, ...named }
    return { method, input, params: texts(input), body }
  }
}

/**
 * Creates a function that finds the route of a path, and the path's values for the names in the route. `{id}` matches
 * one non-empty segment. A route without names takes precedence. A path that matches no route is returned as the route.
 *
 * @internal
 */
export const matcher = (routes: ReadonlyArray<string>) => {
  const whole = new Set(routes.filter((route) => !route.includes("{")))
  const templates = routes.filter((route) => !whole.has(route)).map((route) => ({ route, steps: route.split("/") }))
  return (path: string): readonly [route: string, named: Fields] => {
    if (whole.has(path)) return [path, {}]
    const segments = path.split("/")
    const found = templates.find(({ steps }) =>
      steps.length === segments.length &&
      steps.every((step, index) => nameOf(step) === undefined ? step === segments[index] : segments[index] !== "")
    )
    if (found === undefined) return [path, {}]
    return [
      found.route,
      Object.fromEntries(found.steps.flatMap((step, index) => {
        const name = nameOf(step)
        return name === undefined ? [] : [[name, decoded(segments[index] ?? "")]]
      }))
    ]
  }
}

const nameOf = (step: string): string | undefined => /^\{(\w+)\}$/.exec(step)?.[1]

const decoded = (segment: string): string => Option.getOrElse(decode(segment), () => segment)

const decode = Option.liftThrowable(decodeURIComponent)
