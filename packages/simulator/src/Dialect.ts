/**
 * How an exchange speaks: a pure function from its state, a request and the world to a response and the next state.
 *
 * A dialect is one folder in `exchanges/`; which there are is written from `exchanges.json`.
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
 * A request as it reached the exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface SimulatedRequest {
  readonly method: string
  /** The path with the query, byte for byte as sent. */
  readonly target: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly remoteAddress: string
}

/**
 * A response, and how its body is delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface SimulatedResponse {
  readonly status: number
  /** By lower-case name; `content-length` is added by the transport. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** All at once unless said otherwise. */
  readonly delivery?: Delivery | undefined
}

/**
 * A body that does not come at once: cut off in the middle, or in eight pieces with a pause (milliseconds) before
 * each but the first.
 *
 * @since 0.1.0
 * @category models
 */
export type Delivery =
  | { readonly _tag: "Truncated" }
  | { readonly _tag: "Slow"; readonly pause: number }

/**
 * How much of one metered scope is used up.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  /** Whose limit it is, for example `ip:127.0.0.1` or `account`. */
  readonly scope: string
  readonly used: number
  readonly limit: number
  /** Milliseconds since the epoch until which the scope is banned, if it is. */
  readonly bannedUntil?: number | undefined
}

/**
 * The failures every exchange words differently.
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
  /** The demo key with a permission; each is another key, the same on every run. */
  readonly demoKey: (permission: Permission) => DemoKey
  /** The id under which the exchange speaks of an order. */
  readonly orderId: (order: Order) => string
  /** The exchange before its first request. */
  readonly start: Session
  readonly failures: Readonly<Record<FailureKind, SimulatedResponse>>
  /** Its sockets. Defaults to none. */
  readonly streaming?: Streaming | undefined
}

/**
 * A dialect with its meters and bans at an instant.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session {
  /** The response, the next session and, when something was traded, the next engine. */
  readonly respond: (
    request: SimulatedRequest,
    world: World
  ) => readonly [response: SimulatedResponse, next: Session, engine?: Engine | undefined]
  /** The meters at an instant of the exchange's clock. */
  readonly usage: (now: number) => ReadonlyArray<Usage>
}

/**
 * What a dialect file provides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<State> extends Omit<Dialect, "start"> {
  readonly initial: State
  /**
   * Leaves the engine out when nothing was traded. What was traded must be read from the engine, never from the state:
   * a request that a fault keeps from being executed is metered in the state, and its engine is dropped.
   */
  readonly respond: (
    state: State,
    request: SimulatedRequest,
    world: World
  ) => readonly [response: SimulatedResponse, next: State, engine?: Engine | undefined]
  readonly usage: (state: State, now: number) => ReadonlyArray<Usage>
}

/**
 * A dialect from its pure definition.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <State>(definition: Definition<State>): Dialect => {
  const session = (state: State): Session => ({
    respond: (request, world) => {
      const [response, next, engine] = definition.respond(state, request, world)
      return [response, session(next), engine]
    },
    usage: (now) => definition.usage(state, now)
  })
  // Deriving a key pair takes longer than answering a request.
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
    start: session(definition.initial)
  }
}

/**
 * A JSON response.
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
 * A response of plain text.
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
 * An HTML response, as a gateway in front of the exchange sends it.
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
 * An instant as an HTTP date, for example `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const httpDate = (now: number): string => DateTime.toDateUtc(DateTime.unsafeMake(now)).toUTCString()

/**
 * The path of a target, without the query.
 *
 * @since 0.1.0
 * @category combinators
 */
export const pathOf = (target: string): string => {
  const mark = target.indexOf("?")
  return mark === -1 ? target : target.slice(0, mark)
}

/**
 * The query of a target without the question mark; empty when there is none.
 *
 * @since 0.1.0
 * @category combinators
 */
export const queryOf = (target: string): string => {
  const mark = target.indexOf("?")
  return mark === -1 ? "" : target.slice(mark + 1)
}

const encoder = new TextEncoder()
