import { type Environment, type Order, OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { HttpClient, type HttpClientRequest } from "@effect/platform"
import { Clock, Effect, Layer } from "effect"
import { Exchanges } from "../../src/index.js"

/** The market that the suites trade. Every simulated exchange lists it. */
export const symbol = "BTC/USDT"

/** Provides all three capabilities of an exchange, with a journal in memory. */
export const trading = (
  id: Exchanges.ExchangeId,
  { environment, ...options }: Exchange.Options & { readonly environment?: Environment.Custom } = {}
) =>
  Exchanges.layerTrading(id, {
    ...options,
    environment: environment ?? Simulator.environment(id),
    credentials: Simulator.credentials(id)
  }).pipe(Layer.provide(OrderJournal.layerMemory))

/** Provides the market data of an exchange, without keys. */
export const marketData = (id: Exchanges.ExchangeId, options: Exchange.Options = {}) =>
  Exchanges.layerMarketData(id, { environment: Simulator.environment(id), ...options })

/** A buy order that is large enough for every exchange. It is far below the market, so it stays open until canceled. */
export const far = (clientOrderId: string): Order.LimitRequest => ({
  type: "limit",
  symbol,
  side: "buy",
  amount: "0.01",
  price: "30000",
  clientOrderId
})

/** Returns `true` if a request changes an account. Kraken also reads by POST, and Deribit trades by GET. */
export const isChange = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method === "GET"
    ? /^\/api\/v2\/private\/(?:buy|sell|edit|cancel)/.test(path)
    : !/^\/0\/private\/(?!Add|Amend|Cancel)/.test(path)

/** A request as it was sent. `at` is epoch milliseconds by Effect's clock. */
export interface Sent {
  readonly at: number
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Provides a client that records its requests in `sent` and lets `intercept` replace each response. */
export const recordRequests = <R>(
  sent: Array<Sent>,
  intercept: (
    answer: ReturnType<HttpClient.HttpClient["execute"]>,
    request: Sent
  ) => ReturnType<HttpClient.HttpClient["execute"]>,
  inner: Layer.Layer<HttpClient.HttpClient | R>
): Layer.Layer<HttpClient.HttpClient | R> =>
  Layer.provideMerge(
    Layer.effect(
      HttpClient.HttpClient,
      Effect.map(
        HttpClient.HttpClient,
        HttpClient.transform((answer, request) =>
          Effect.flatMap(Clock.currentTimeMillis, (at) => {
            const one = { at, ...asSent(request) }
            sent.push(one)
            return intercept(answer, one)
          })
        )
      )
    ),
    inner
  )

const asSent = (request: HttpClientRequest.HttpClientRequest): Omit<Sent, "at"> => {
  const url = new URL(request.url)
  return {
    method: request.method,
    path: url.pathname,
    query: url.search,
    headers: request.headers,
    body: request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
  }
}

/** Returns the largest number of instants within any window of `window` milliseconds. */
export const mostWithin = (instants: ReadonlyArray<number>, window: number): number =>
  Math.max(0, ...instants.map((from) => instants.filter((at) => at >= from && at < from + window).length))
