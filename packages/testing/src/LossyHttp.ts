/**
 * An `HttpClient` that loses what changes something, on demand: the answers of it, or the requests. It can also fall
 * silent altogether.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { Faults } from "./ContractCase.js"
import { ConnectionError } from "./internal/bodies.js"

/**
 * What decides what is lost. It is the `faults` that the contract suite asks for.
 *
 * @since 0.1.0
 * @category tags
 */
export class LossyHttp extends Context.Tag("@effect-exchange/testing/LossyHttp")<LossyHttp, Faults>() {}

/**
 * What tells a change from a read: of a request, its method and its path (no query).
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly method: string
  readonly path: string
}

/**
 * The `HttpClient` in reach, which loses requests that `changes` something (by default whatever is not a GET) when told
 * to. A loss shows as Node shows it: the connection fails with `ECONNRESET`.
 *
 * @example
 * import { LossyHttp } from "@effect-exchange/testing"
 *
 * // An exchange that reads by POST as well.
 * const lossy = LossyHttp.layer(({ path }) => /^\/0\/private\/(AddOrder|CancelOrder)/.test(path))
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
    const during = (what: "answers" | "requests" | "everything") => <A, E, R>(self: Effect.Effect<A, E, R>) =>
      Effect.acquireUseRelease(
        Ref.getAndSet(losing, what),
        () => self,
        (before) => Ref.set(losing, before)
      )
    const lossy = HttpClient.transform(lossless, (answer, request) =>
      Effect.flatMap(Ref.get(losing), (what) => {
        if (what === "everything") return Effect.never
        const path = URL.canParse(request.url) ? new URL(request.url).pathname : request.url
        if (what === "nothing" || !changes({ method: request.method, path })) return answer
        const lost = new HttpClientError.RequestError({
          request,
          reason: "Transport",
          cause: new ConnectionError({ code: "ECONNRESET", message: `the ${what} are lost on purpose` })
        })
        return what === "requests" ? lost : Effect.zipRight(Effect.exit(answer), lost)
      }))
    return Context.make(HttpClient.HttpClient, lossy).pipe(
      Context.add(LossyHttp, {
        loseAnswers: during("answers"),
        loseRequests: during("requests"),
        silence: during("everything")
      })
    )
  }))
