/**
 * Requests of a REST API by the routes that answer them, such as `GET /orders/{id}`.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Dialect from "../Dialect.js"
import { type Fields, texts } from "./fields.js"
import { fromBody, fromQuery, type Input, isInput } from "./inputs.js"

/** @internal What a request calls: a route, or its method and path where none fits. */
export interface Call {
  readonly method: string
  /** What stands in the path, in the query and in a body that is a JSON object, as it came. */
  readonly input: Input
  /** Its members that are a text, a number or a flag, as texts. */
  readonly params: Fields
  /** The JSON of the body, for those that are a list. */
  readonly body: unknown
}

/** @internal Reads requests by the routes that there are. */
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
 * Finds the route of a path and what stands at its names: `{id}` is one segment that is not empty. A route without names
 * goes before. A path that fits none is its own.
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
