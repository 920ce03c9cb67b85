import { type Credentials, Decimal, ExchangeSymbol, type Market } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { BigDecimal, Effect, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"
import { answerOf } from "../../exchanges/test/support/answers.js"

export { html, json, now, type Verdict, verdict } from "../../exchanges/test/support/answers.js"

export const answer = answerOf("okx")

/** The secret of the reference signatures. The key and the passphrase are not part of them. */
export const documented = {
  key: Redacted.make("985d5b66-57ce-40fb-b714-afc0b9787083"),
  secret: Redacted.make("chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"),
  passphrase: Redacted.make("a phrase that passes")
} satisfies Credentials.Credentials

export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/http_${name}.json`, import.meta.url), "utf8")

const Rows = Schema.parseJson(
  Schema.Struct({ data: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })) })
)

/** Returns the rows of a fixture. */
export const rows = (name: string): ReadonlyArray<{ readonly [name: string]: unknown }> =>
  Schema.decodeSync(Rows)(fixture(name)).data

export const envelope = (...data: ReadonlyArray<unknown>): unknown => ({ code: "0", data, msg: "" })

/** An error of the gateway, without data. */
export const error = (code: unknown, msg: string): string => JSON.stringify({ msg, code })

/** An error of one order in a response without an error of its own. */
export const refusedOrder = (sCode: string, sMsg: string): string =>
  JSON.stringify({
    code: "1",
    data: [{ clOrdId: "b15", ordId: "", sCode, sMsg, tag: "", ts: "1763942400000" }],
    inTime: "1763942400000408",
    msg: "All operations failed",
    outTime: "1763942400000900"
  })

export const text = (decimal: BigDecimal.BigDecimal | undefined): string | undefined =>
  decimal === undefined ? undefined : Decimal.format(decimal)

export const spot: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id: "BTC-USDT",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USDT"
}

export const linear: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USDT:USDT"),
  id: "BTC-USDT-SWAP",
  kind: "perpetual",
  status: "open",
  base: "BTC",
  quote: "USDT",
  settle: "USDT",
  inverse: false,
  multiplier: Decimal.make("0.01")
}

export const inverse: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USD:BTC"),
  id: "BTC-USD-SWAP",
  kind: "perpetual",
  status: "open",
  base: "BTC",
  quote: "USD",
  settle: "BTC",
  inverse: true,
  multiplier: Decimal.make("100")
}

/** Formats decimals as text without trailing zeros, and removes `undefined` fields. */
export const shown = (value: object): { readonly [name: string]: unknown } =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [
        name,
        BigDecimal.isBigDecimal(field) ? Decimal.format(BigDecimal.normalize(field)) : field
      ])
  )

/** The requests to the simulated exchange: the method, the path and the response status. */
export const requestLog: Effect.Effect<ReadonlyArray<string>, Simulator.ExchangeNotSimulated, Simulator.Simulators> =
  Effect
    .gen(function*() {
      const simulators = yield* Simulator.Simulators
      const simulator = yield* simulators.get("okx")
      const requests = yield* simulator.requests
      return requests.map(({ fault, method, status, target }) =>
        `${method} ${target.split("?", 1).join("")} ${status ?? "-"}${fault === undefined ? "" : ` ${fault}`}`
      )
    })
