/**
 * The parts that Kraken's sockets share: requests with a `method`, responses with two timestamps, the initial status
 * and heartbeats.
 *
 * @internal
 */
import * as Predicate from "effect/Predicate"
import { iso } from "../../internal/inputs.js"
import { type Json, parse } from "../../internal/json.js"
import * as Streaming from "../../Streaming.js"
import type { World } from "../../World.js"

/** @internal */
export interface Request {
  readonly method: string
  readonly params: { readonly [name: string]: unknown }
  readonly id: number | undefined
}

/** @internal Parses a message. Returns `undefined` if it is malformed. */
export const requestOf = (text: string): Request | undefined => {
  const value = parse(text)
  if (!Predicate.isReadonlyRecord(value) || typeof value["method"] !== "string") return undefined
  const { method, params, req_id } = value
  return {
    method,
    params: Predicate.isReadonlyRecord(params) ? params : {},
    id: typeof req_id === "number" ? req_id : undefined
  }
}

const times = ({ now }: World) => ({ time_in: iso(now), time_out: iso(now) })

/** @internal Creates the response to a request. */
export const responseTo =
  ({ id, method }: Request, world: World) => (more: { readonly [name: string]: Json | undefined }): Streaming.Frame =>
    Streaming.control({ method, ...more, ...times(world), ...id === undefined ? {} : { req_id: id } })

/** @internal Answers every message other than `subscribe` and `unsubscribe`, for which it returns `undefined`. */
export const respondToOther = (request: Request | undefined, world: World): Streaming.Frame | undefined => {
  if (request === undefined) return Streaming.control({ error: "Malformed request", success: false, ...times(world) })
  const { id, method } = request
  if (method === "ping") return Streaming.control({ method: "pong", ...times(world), req_id: id })
  return method === "subscribe" || method === "unsubscribe"
    ? undefined
    : responseTo(request, world)({ error: "Unsupported method", success: false })
}

/** @internal The first message of a connection. */
export const greeting: Streaming.Frame = Streaming.control({
  channel: "status",
  type: "update",
  data: [{ system: "online", api_version: "v2", connection_id: 12345678901234567890n, version: "2.0.9" }]
})

/** @internal */
export const heartbeat: Streaming.Frame = Streaming.control({ channel: "heartbeat" })
