import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Clock, Effect, type Scope } from "effect"
import { type Endpoint, ExchangeClient, type Protocol } from "../../src/adapter.js"
import { Credentials, ExchangeState } from "../../src/index.js"
import * as Acme from "./acme.js"
import { key, secret } from "./secrets.js"

/** One request as it reached the wire. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  /** Epoch milliseconds of the test's clock. */
  readonly at: number
  readonly signal: AbortSignal
  readonly request: HttpClientRequest.HttpClientRequest
}

/** The server's response to the `index`-th request, from 0. */
export type Script = (
  sent: Sent,
  index: number
) => Response | Effect.Effect<Response, HttpClientError.HttpClientError>

export interface Wire {
  readonly client: HttpClient.HttpClient
  readonly sent: ReadonlyArray<Sent>
}

/** An `HttpClient` that records its requests and responds by the script. */
export const make = (script: Script): Wire => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url, signal) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) => {
      const one: Sent = {
        method: request.method,
        url: url.toString(),
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "",
        at,
        signal,
        request
      }
      sent.push(one)
      const answer = script(one, sent.length - 1)
      return Effect.map(
        Effect.isEffect(answer) ? answer : Effect.succeed(answer),
        (response) => HttpClientResponse.fromWeb(request, response)
      )
    })
  )
  return { client, sent }
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } })

export const ok = (headers: Record<string, string> = {}): Response => json({ value: 1 }, 200, headers)

export const refuse = (error: string, status = 400, headers: Record<string, string> = {}): Response =>
  json({ error, message: "no" }, status, headers)

export const hang: Effect.Effect<never> = Effect.never

/** What undici and `fetch` fail with: an error with a code. */
export const broken = (sent: Sent, code: string): Effect.Effect<never, HttpClientError.RequestError> =>
  new HttpClientError.RequestError({
    request: sent.request,
    reason: "Transport",
    cause: Object.assign(new Error(`${code} on ${sent.url}`), { code })
  })

export const credentials: Credentials.Provider = Credentials.fixed({ key, secret })

export interface Setup {
  readonly client: ExchangeClient.ExchangeClient<Endpoint.Capability>
  readonly sent: ReadonlyArray<Sent>
}

/** A client of acme whose server responds by the script. */
export const setup = (
  script: Script,
  options: ExchangeClient.Options & {
    readonly credentials?: Credentials.Provider
    readonly protocol?: Partial<Protocol.Protocol>
  } = {}
): Effect.Effect<Setup, never, Scope.Scope> => {
  const { protocol, ...rest } = options
  const wire = make(script)
  return ExchangeClient.make({ ...Acme.protocol, ...protocol }, { credentials, ...rest }).pipe(
    Effect.orDie,
    Effect.provideService(HttpClient.HttpClient, wire.client),
    Effect.provide(ExchangeState.layer),
    Effect.map((client) => ({ client, sent: wire.sent }))
  )
}
