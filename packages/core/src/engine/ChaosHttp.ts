/**
 * Injects faults into the `HttpClient`, to see how an exchange client handles broken connections and bad responses.
 * Works with any exchange and without a simulator.
 *
 * @since 0.1.0
 */
import type { Chaos } from "@effect-exchange/resilience/Chaos"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * Wraps the current `HttpClient` and injects chaos into each request. Predicates receive the request. Make the faults
 * with {@link connectionFailed} and {@link answer}.
 *
 * @example
 * import { ChaosHttp } from "@effect-exchange/core"
 * import { NodeExchange } from "@effect-exchange/core/node"
 * import { Chaos } from "@effect-exchange/resilience"
 * import { Effect, Layer } from "effect"
 *
 * const chaos = Chaos.make({
 *   name: "a bad line",
 *   seed: 7,
 *   strategies: [
 *     Chaos.latency({ rate: 1, min: "20 millis", max: "200 millis" }),
 *     Chaos.fault({ rate: 0.1, error: ChaosHttp.connectionFailed("ECONNRESET") })
 *   ]
 * })
 *
 * const client = Layer.unwrapEffect(Effect.map(chaos, ChaosHttp.layer)).pipe(Layer.provide(NodeExchange.layer))
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  chaos: Chaos<
    HttpClientRequest.HttpClientRequest,
    HttpClientResponse.HttpClientResponse,
    HttpClientError.HttpClientError
  >
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      HttpClient.HttpClient,
      HttpClient.transform((response, request) => chaos.inject(response, request))
    )
  )

/**
 * Makes the error of a failed connection with an error code of Node.js, such as `ECONNREFUSED` (nothing was sent) or
 * `ECONNRESET`.
 *
 * @since 0.1.0
 * @category faults
 */
export const connectionFailed =
  (code: string) => (request: HttpClientRequest.HttpClientRequest): HttpClientError.HttpClientError =>
    new HttpClientError.RequestError({ request, reason: "Transport", cause: { code } })

/**
 * Makes a response in place of the exchange's.
 *
 * @since 0.1.0
 * @category faults
 */
export const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}) =>
(
  request: HttpClientRequest.HttpClientRequest
): HttpClientResponse.HttpClientResponse => HttpClientResponse.fromWeb(request, new Response(body, { status, headers }))
