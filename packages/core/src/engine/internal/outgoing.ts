import type * as Duration from "effect/Duration"
import type * as InFlight from "../InFlight.js"
import type { Signed } from "../Protocol.js"
import type * as Transport from "../Transport.js"

/**
 * A signed request that is being sent. A class rather than a literal: see decision 12 in `docs/decisions`.
 *
 * @internal
 */
export class Outgoing implements Transport.Request {
  readonly method: Transport.Request["method"]
  readonly origin: string
  readonly path: string
  readonly headers: Transport.Request["headers"]
  readonly body: string
  readonly maxBytes: number
  readonly timeout: Duration.Duration
  readonly about: InFlight.Request

  constructor(
    { body, headers, method, path, query }: Signed,
    { maxBytes, origin }: Pick<Transport.Request, "maxBytes" | "origin">,
    timeout: Duration.Duration,
    about: InFlight.Request
  ) {
    this.method = method
    this.origin = origin
    this.path = query === "" ? path : `${path}?${query}`
    this.headers = { accept: "application/json", ...headers }
    this.body = body
    this.maxBytes = maxBytes
    this.timeout = timeout
    this.about = about
  }
}
