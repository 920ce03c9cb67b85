import { type Credentials, Decimal } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { type BigDecimal, Effect, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"
import { answerOf, now } from "../../exchanges/test/support/answers.js"

export { json, now, type Verdict, verdict } from "../../exchanges/test/support/answers.js"

export const answer = answerOf("bybit")

/** The key of the reference signatures. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("test_api_key"),
  secret: Redacted.make("test_secret")
}

export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/http_${name}.json`, import.meta.url), "utf8")

const Envelope = Schema.parseJson(
  Schema.Struct({ result: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
)

/** Returns the result in a fixture. */
export const result = (name: string): { readonly [name: string]: unknown } =>
  Schema.decodeSync(Envelope)(fixture(name)).result

export const envelope = (result: unknown, time = now): unknown => ({
  retCode: 0,
  retMsg: "OK",
  result,
  retExtInfo: {},
  time
})

export const error = (retCode: unknown, retMsg: string, empty: unknown = {}): string =>
  JSON.stringify({ retCode, retMsg, result: empty, retExtInfo: empty, time: now })

export const text = (decimal: BigDecimal.BigDecimal | undefined): string | undefined =>
  decimal === undefined ? undefined : Decimal.format(decimal)

export const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("bybit"))

/** The requests to the simulated exchange: the method, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const requests = yield* Effect.flatMap(simulator, ({ requests }) => requests)
      return requests.map(({ fault, method, status, target }) =>
        `${method} ${target.split("?", 1).join("")} ${status ?? "-"}${fault === undefined ? "" : ` ${fault}`}`
      )
    })
