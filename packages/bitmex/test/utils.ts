import type { Credentials } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { Effect, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { answerOf } from "../../exchanges/test/support/answers.js"

export { html, json, now, type Verdict, verdict } from "../../exchanges/test/support/answers.js"

export const answer = answerOf("bitmex")

/** The keys printed in BitMEX's own documents. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("LAqUlngMIQkIUjXMUreyu3qn"),
  secret: Redacted.make("chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO")
}

export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/http_get_${name}.json`, import.meta.url), "utf8")

export const error = (message: unknown, name: unknown = "HTTPError"): string =>
  JSON.stringify({ error: { message, name } })

/** The requests to the simulated exchange: the method, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const simulators = yield* Simulator.Simulators
      const simulator = yield* simulators.get("bitmex")
      const requests = yield* simulator.requests
      return requests.map(({ fault, status, target }) =>
        `${target.split("?", 1).join("")} ${status ?? "-"}${fault === undefined ? "" : ` ${fault}`}`
      )
    })
