/**
 * The protocol of one exchange: a pure function from its state, a request and the world to a response and the next
 * state.
 *
 * Each dialect is one folder in `exchanges/`. The list of dialects is generated from `exchanges.json`.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type { DemoKey, Permission } from "./engine/Account.js"
import type { Engine, Order } from "./engine/Engine.js"
import type { Listing } from "./engine/Market.js"
import * as Json from "./internal/json.js"
import type { Streaming } from "./Streaming.js"
import type { World } from "./World.js"

export type { World } from "./World.js"

/**
 * A request as the exchange received it.
 *
 * @since 0.1.0
 * @category models
 */
export interface SimulatedRequest {
  readonly method: string
  /** The path with its query, byte for byte as it was sent. */
  readonly target: string
  /** Keyed by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly remoteAddress: string
}

/**
 * A response and how its body is delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface SimulatedResponse {
  readonly status: number
  /** Keyed by lower-case name. The transport adds `content-length`. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Defaults to delivering the whole body in one piece. */
  readonly delivery?: Delivery | undefined
}

/**
 * How a body is delivered other than in one piece: cut off in the middle, or in eight pieces with a pause
 * (milliseconds) before each one but the first.
 *
 * @since 0.1.0
 * @category models
 */
export type Delivery =
  | { readonly _tag: "Truncated" }
  | { readonly _tag: "Slow"; readonly pause: number }

/**
 * The usage of one metered scope.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  /** The owner of the limit, for example `ip:127.0.0.1` or `account`. */
  readonly scope: string
  readonly used: number
  readonly limit: number
  /** The end of the scope's ban in milliseconds since the epoch, if the scope is banned. */
  readonly bannedUntil?: number | undefined
}

/**
 * The failures that each exchange reports in its own words.
 *
 * @since 0.1.0
 * @category models
 */
export type FailureKind = "http500" | "http503" | "http429"

/**
 * One exchange's protocol, ready to be started.
 *
 * @since 0.1.0
 * @category models
 */
export interface Dialect {
  readonly id: string
  readonly listings: ReadonlyArray<Listing>
  /**
   * Returns the demo key with the given permission. Each permission has its own key, which is the same on every run.
   */
  readonly demoKey: (permission: Permission) => DemoKey
  /** Returns the id that the exchange uses for an order. */
  readonly orderId: (order: Order) => string
  /** The state of the exchange before its first request. */
  readonly start: Responder
  readonly failures: Readonly<Record<FailureKind, SimulatedResponse>>
  /** The WebSockets of the exchange. Defaults to none. */
  readonly streaming?: Streaming | undefined
}

/**
 * Responds to requests with the meters and bans of one instant.
 *
 * @since 0.1.0
 * @category models
 */
export interface Responder {
  /** Returns the response, the next responder and, if anything was traded, the next engine. */
  readonly respond: (
    request: SimulatedRequest,
    world: World
  ) => readonly [response: SimulatedResponse, next: Responder, engine?: Engine | undefined]
  /** Returns the meters at an instant of the exchange's clock. */
  readonly usage: (now: number) => ReadonlyArray<Usage>
}

/**
 * The definition of a dialect, as its file provides it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<State> extends Omit<Dialect, "start"> {
  readonly initial: State
  /**
   * Leaves the engine out if nothing was traded. Trades must be read from the engine, never from the state: when a
   * fault prevents the execution of a request, the simulator keeps the new state, which has metered the request, and
   * drops the new engine.
   */
  readonly respond: (
    state: State,
    request: SimulatedRequest,
    world: World
  ) => readonly [response: SimulatedResponse, next: State, engine?: Engine | undefined]
  readonly usage: (state: State, now: number) => ReadonlyArray<Usage>
}

/**
 * Creates a dialect from its pure definition.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <State>(definition: Definition<State>): Dialect => {
  const responder = (state: State): Responder => ({
    respond: (request, world) => {
      const [response, next, engine] = definition.respond(state, request, world)
      return [response, responder(next), engine]
    },
    usage: (now) => definition.usage(state, now)
  })
  // Cached, because deriving a key pair takes longer than answering a request.
  const demoKeys = new Map<Permission, DemoKey>()
  return {
    id: definition.id,
    listings: definition.listings,
    demoKey: (permission) => {
      const key = demoKeys.get(permission) ?? definition.demoKey(permission)
      demoKeys.set(permission, key)
      return key
    },
    orderId: definition.orderId,
    failures: definition.failures,
    streaming: definition.streaming,
    start: responder(definition.initial)
  }
}

/**
 * Creates a JSON response.
 *
 * @since 0.1.0
 * @category constructors
 */
export const json = (
  status: number,
  body: Json.Json,
  headers: Readonly<Record<string, string>> = {}
): SimulatedResponse => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: encoder.encode(Json.encode(body))
})

/**
 * Creates a plain-text response.
 *
 * @since 0.1.0
 * @category constructors
 */
export const plain = (status: number, text: string): SimulatedResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: encoder.encode(text)
})

/**
 * Creates an HTML response, such as a gateway in front of the exchange sends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const html = (
  status: number,
  title: string,
  headers: Readonly<Record<string, string>> = {}
): SimulatedResponse => ({
  status,
  headers: { "content-type": "text/html", ...headers },
  body: encoder.encode(
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`
  )
})

/**
 * Formats an instant (milliseconds since the epoch) as an HTTP date, for example `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const httpDate = (now: number): string => DateTime.toDateUtc(DateTime.unsafeMake(now)).toUTCString()

/**
 * Returns the path of a target without its query.
 *
 * @since 0.1.0
 * @category combinators
 */
export const pathOf = (target: string): string => {
  const mark = target.indexOf("?")
  return mark === -1 ? target : target.slice(0, mark)
}

/**
 * Returns the query of a target without the question mark, or empty text if there is none.
 *
 * @since 0.1.0
 * @category combinators
 */
export const queryOf = (target: string): string => {
  const mark = target.indexOf("?")
  return mark === -1 ? "" : target.slice(mark + 1)
}

const encoder = new TextEncoder()
