import type { Credentials } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { Effect, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"
import { answerOf } from "../../exchanges/test/support/answers.js"

export { decode, fails, html, json, now, shown, type Verdict, verdict } from "../../exchanges/test/support/answers.js"

export const answer = answerOf("binance")

/** The keys printed in Binance's own documents. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
  secret: Redacted.make("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j")
}

export const fixture = (name: string, method: "get" | "post" | "delete" = "get"): string =>
  readFileSync(new URL(`./fixtures/http_${method}_${name}.json`, import.meta.url), "utf8")

const decodeRecord = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
)

export const record = (text: string): { readonly [name: string]: unknown } => decodeRecord(text)

export const error = (code: unknown, msg: string): string => JSON.stringify({ code, msg })

/** The requests to the simulated exchange: the method unless it is GET, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const simulators = yield* Simulator.Simulators
      const simulator = yield* simulators.get("binance")
      const requests = yield* simulator.requests
      return requests.map(({ fault, method, status, target }) =>
        `${method === "GET" ? "" : `${method} `}${target.split("?", 1).join("")} ${status ?? "-"}${
          fault === undefined ? "" : ` ${fault}`
        }`
      )
    })
