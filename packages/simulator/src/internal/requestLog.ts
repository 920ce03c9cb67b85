import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Dialect from "../Dialect.js"
import type * as Faults from "../engine/Faults.js"

/**
 * A request as the simulator records it. It never contains a signature, a key or a header.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordedRequest {
  /** Milliseconds since the epoch, by Effect's clock. */
  readonly at: number
  readonly method: string
  /** The target, in which `<redacted>` replaces the values of signatures and keys. */
  readonly target: string
  /** The status of the response, or `undefined` if there was none. */
  readonly status: number | undefined
  readonly fault: Faults.Kind | undefined
}

/**
 * The last requests, oldest first.
 *
 * @internal
 */
export interface RequestLog {
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  readonly add: (
    request: Dialect.SimulatedRequest,
    at: number,
    status: number | undefined,
    fault?: Faults.Kind
  ) => Effect.Effect<void>
}

const most = 1000

/**
 * Creates an empty log. `redact` removes the secrets of a target.
 *
 * @internal
 */
export const make = (redact: (target: string) => string): Effect.Effect<RequestLog> =>
  Effect.map(Ref.make<ReadonlyArray<RecordedRequest>>([]), (log) => ({
    requests: Ref.get(log),
    add: ({ method, target }, at, status, fault) =>
      Ref.update(log, (requests) => [
        ...requests.slice(1 - most),
        { at, method, target: redact(target), status, fault }
      ])
  }))
