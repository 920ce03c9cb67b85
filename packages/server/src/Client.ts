/**
 * A client of the service, typed by its API.
 *
 * @since 0.1.0
 */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Api from "./Api.js"

/**
 * A client with a method for each endpoint, grouped as in the API. A method fails with a `Problem.Problem` if the
 * service refuses the request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client extends Effect.Effect.Success<ReturnType<typeof make>> {}

/**
 * Creates a client of the service at `baseUrl`. It sends `token` if the service requires one. It sends no request
 * before a method is called.
 *
 * @example
 * import { Client } from "@effect-exchange/server"
 * import { Effect } from "effect"
 *
 * const price = Effect.gen(function*() {
 *   const client = yield* Client.make("http://127.0.0.1:8080")
 *   return yield* client.prices.price({ path: { base: "BTC", quote: "USDT" }, urlParams: { source: "median" } })
 * })
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (baseUrl: string, options: { readonly token?: Redacted.Redacted | undefined } = {}) => {
  const { token } = options
  return HttpApiClient.make(Api.Api, {
    baseUrl,
    ...token === undefined
      ? {}
      : { transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(Redacted.value(token))) }
  })
}
