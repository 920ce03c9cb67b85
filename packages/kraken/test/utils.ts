import { type Credentials, type ExchangeError, ExchangeSymbol, type Market } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { BigDecimal, Effect, Redacted, TestClock } from "effect"
import { readFileSync } from "node:fs"
import * as Answers from "../../exchanges/test/support/answers.js"

export const { decode, fails, json, now, shown } = Answers

export const answer = Answers.answerOf("kraken")

/** The secret printed in Kraken's own documents. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("key-of-the-documents"),
  secret: Redacted.make("kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==")
}

export const fixture = (name: string): unknown =>
  json(readFileSync(new URL(`./fixtures/http_${name}.json`, import.meta.url), "utf8"))

export const errors = (...texts: ReadonlyArray<string>): string => JSON.stringify({ error: texts })

export const html = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>cloudflare</body></html>"

/** The fields of an error that the tests compare, without the code, which is the whole text. */
export type Verdict = Omit<Answers.Verdict, "code">

export const verdict = (error: ExchangeError.ExchangeError): Verdict => {
  const { code: _, ...rest } = Answers.verdict(error)
  return rest
}

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
    Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))
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
