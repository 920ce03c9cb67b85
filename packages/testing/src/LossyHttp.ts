/**
 * An `HttpClient` that loses changes on demand: their requests or their responses. It can also stop responding
 * entirely.
 *
 * @since 0.1.0
 */
import { InFlight } from "@effect-exchange/core/adapter"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { Faults } from "./ContractCase.js"
import { ConnectionError } from "./internal/bodies.js"

/**
 * The control of the losses, to pass as `faults` to the contract suite.
 *
 * @since 0.1.0
 * @category tags
 */
export class LossyHttp extends Context.Tag("@effect-exchange/testing/LossyHttp")<LossyHttp, Faults>() {}

/**
 * A request that no `ExchangeClient` sends: its method and its path (without the query).
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly method: string
  readonly path: string
}

/**
 * Wraps the `HttpClient` of the context and loses changes on demand. A change is a request that an `ExchangeClient`
 * sends to an endpoint of `trading`, whatever its method. A loss fails as in Node: the connection fails with
 * `ECONNRESET`.
 *
 * `changes` decides which requests of other clients, which carry no `InFlight` value, are changes. By default every
 * request except a GET is a change.
 *
 * @example
 * import { LossyHttp } from "@effect-exchange/testing"
 *
 * const lossy = LossyHttp.layer()
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  changes: (target: Target) => boolean = ({ method }) => method !== "GET"
): Layer.Layer<HttpClient.HttpClient | LossyHttp, never, HttpClient.HttpClient> =>
  Layer.effectContext(Effect.gen(function*() {
    const lossless = yield* HttpClient.HttpClient
    const losing = yield* Ref.make<"nothing" | "answers" | "requests" | "everything">("nothing")
    const lost = yield* Ref.make(0)
    const during = (what: "answers" | "requests" | "everything") => <A, E, R>(self: Effect.Effect<A, E, R>) =>
      Effect.acquireUseRelease(
        Ref.getAndSet(losing, what),
        () => self,
        (before) => Ref.set(losing, before)
      )
    const isChange = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<boolean> =>
      Effect.map(
        InFlight.InFlight,
        Option.match({
          onSome: ({ capability }) => capability === "trading",
          onNone: () => {
            const path = URL.canParse(request.url) ? new URL(request.url).pathname : request.url
            return changes({ method: request.method, path })
          }
        })
      )
    const lossy = HttpClient.transform(lossless, (answer, request) =>
      Effect.gen(function*() {
        const what = yield* Ref.get(losing)
        if (what === "everything") return yield* Effect.never
        if (what === "nothing" || !(yield* isChange(request))) return yield* answer
        yield* Ref.update(lost, (count) => count + 1)
        if (what === "answers") yield* Effect.exit(answer)
        return yield* new HttpClientError.RequestError({
          request,
          reason: "Transport",
          cause: new ConnectionError({ code: "ECONNRESET", message: `the ${what} are lost on purpose by LossyHttp` })
        })
      }))
    return Context.make(HttpClient.HttpClient, lossy).pipe(
      Context.add(LossyHttp, {
        loseAnswers: during("answers"),
        loseRequests: during("requests"),
        lost: Ref.get(lost),
        silence: during("everything")
      })
    )
  }))
