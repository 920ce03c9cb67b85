import { type Credentials, Decimal, type ExchangeError, ExchangeSymbol, type Market } from "@effect-exchange/core"
import type { Endpoint, Protocol } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { BigDecimal, Duration, Effect, Either, Option, Redacted, Schema, TestClock } from "effect"
import { readFileSync } from "node:fs"

/** The secret printed in Kraken's own documents. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("key-of-the-documents"),
  secret: Redacted.make("kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==")
}

/** 2025-11-24T00:00:00Z */
export const now = 1_763_942_400_000

export const fixture = (name: string): unknown =>
  json(readFileSync(new URL(`./fixtures/http_${name}.json`, import.meta.url), "utf8"))

const parse = Schema.decodeUnknownOption(Schema.parseJson())

/** Parses text like the engine: `undefined` if it is not JSON. */
export const json = (text: string): unknown => Option.getOrUndefined(parse(text))

export const answer = (
  status: number,
  body: string,
  headers: Protocol.Headers = {}
): Protocol.Answer => ({
  status,
  headers,
  json: json(body),
  now,
  about: { exchange: "kraken", operation: "test", status },
  clean: (text) => text.slice(0, 200)
})

export const errors = (...texts: ReadonlyArray<string>): string => JSON.stringify({ error: texts })

export const html = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>cloudflare</body></html>"

/** The fields of an error that the tests compare. Times are in milliseconds. */
export interface Verdict {
  readonly tag: ExchangeError.ExchangeError["_tag"]
  readonly outcome: ExchangeError.Outcome
  readonly retryAfter?: number
  readonly until?: number
}

export const verdict = (error: ExchangeError.ExchangeError): Verdict => ({
  tag: error._tag,
  outcome: error.outcome,
  ...error._tag === "RateLimited" ? { retryAfter: Duration.toMillis(error.retryAfter) } : {},
  ...error._tag === "Banned" ? { until: error.until } : {}
})

export const market: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USD"),
  id: "XXBTZUSD",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USD",
  tickSize: BigDecimal.unsafeFromString("0.1"),
  lotSize: BigDecimal.unsafeFromString("0.00000001")
}

/** Runs an effect from {@link now} on, and advances the clock whenever it waits. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.zipRight(
    TestClock.setTime(now),
    Effect.raceFirst(effect, Effect.forever(TestClock.adjust("100 millis")))
  )

export const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => Effect.orDie(get("kraken")))

/** The requests to the simulated exchange: the name of the endpoint, and the fault if there was one. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, never, Simulator.Simulators> = Effect.gen(function*() {
  const requests = yield* Effect.flatMap(simulator, ({ requests }) => requests)
  return requests.map(({ fault, target }) =>
    `${target.split("?", 1).join("").replace(/^\/0\/(?:public|private)\//, "")}${
      fault === undefined ? "" : ` ${fault}`
    }`
  )
})

export const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

export const fails = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.isLeft(endpoint.decode(body))

/** Formats decimals as text, and removes `undefined` fields. */
export const shown = (value: object, ...without: ReadonlyArray<string>): { readonly [name: string]: unknown } =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => field !== undefined && !without.includes(name))
      .map(([name, field]) => [name, BigDecimal.isBigDecimal(field) ? Decimal.format(field) : field])
  )
