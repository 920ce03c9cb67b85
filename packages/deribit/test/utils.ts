import { type Credentials, OrderJournal } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import { ScriptedHttp } from "@effect-exchange/testing"
import { Effect, Layer, Redacted, TestClock } from "effect"
import { shown } from "../../exchanges/test/support/answers.js"
import { Deribit } from "../src/index.js"

export { shown } from "../../exchanges/test/support/answers.js"

/** The key and the secret printed in Deribit's own documents. */
export const documented: Credentials.Credentials = {
  key: Redacted.make("AMANDA"),
  secret: Redacted.make("AMANDASECRECT")
}

/** 2026-01-09T17:00:00Z */
export const now = 1_767_978_000_000

const contract = {
  kind: "future",
  instrument_name: "BTC-PERPETUAL",
  instrument_type: "reversed",
  is_active: true,
  tick_size: 0.5,
  contract_size: 10.0,
  min_trade_amount: 10.0,
  settlement_currency: "BTC",
  settlement_period: "perpetual",
  base_currency: "BTC",
  quote_currency: "USD",
  expiration_timestamp: 32_503_708_800_000
}

const linear = {
  ...contract,
  instrument_name: "ETH_USDC-PERPETUAL",
  instrument_type: "linear",
  tick_size: 0.05,
  contract_size: 0.001,
  min_trade_amount: 0.001,
  settlement_currency: "USDC",
  base_currency: "ETH",
  quote_currency: "USDC"
}

/** The listed instruments by their kind. */
export const instruments = {
  future: [
    contract,
    { ...contract, instrument_name: "BTC-5JUN26", settlement_period: "month", expiration_timestamp: 1_780_646_400_000 },
    linear,
    { ...linear, instrument_name: "PEPE_USDC-PERPETUAL", base_currency: "PE PE" },
    { ...contract, instrument_name: "ODD-PERPETUAL", is_active: "soon" }
  ],
  spot: [{
    kind: "spot",
    instrument_name: "ETH_USDC",
    instrument_type: "linear",
    is_active: true,
    state: "open",
    tick_size: 0.01,
    contract_size: 0.001,
    min_trade_amount: 0.001,
    base_currency: "ETH",
    quote_currency: "USDC",
    expiration_timestamp: 32_503_708_800_000
  }, {
    kind: "spot",
    instrument_name: "BTC_USDC",
    instrument_type: "linear",
    is_active: false,
    tick_size: 6.55e-6,
    contract_size: 0.0001,
    min_trade_amount: 0.0001,
    base_currency: "BTC",
    quote_currency: "USDC",
    expiration_timestamp: 32_503_708_800_000
  }]
}

/** An order as Deribit sends it. */
export const orderRow = (change: object = {}) => ({
  order_id: "USDC-104819327443",
  label: "mine",
  instrument_name: "ETH_USDC-PERPETUAL",
  direction: "buy",
  order_type: "limit",
  order_state: "open",
  time_in_force: "good_til_cancelled",
  price: 2973.55,
  amount: 0.001,
  filled_amount: 0.0,
  average_price: 0.0,
  post_only: true,
  reduce_only: false,
  creation_timestamp: now,
  last_update_timestamp: now,
  ...change
})

/**
 * Provides scripted responses by method, or by `method?` and a parameter, one after the other; the last one
 * repeats. Advances the clock whenever the program waits.
 */
export const scripted = <A, E>(
  answers: { readonly [method: string]: ReadonlyArray<unknown> },
  effect: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof Deribit.layer>> | ScriptedHttp.ScriptedHttp>
) => {
  const count = new Map<string, number>()
  const script = ({ url }: ScriptedHttp.Request) => {
    const { pathname, searchParams } = new URL(url)
    const method = pathname.slice("/api/v2/".length).replace(/^\w+\//, "")
    if (method === "get_instruments") {
      return ScriptedHttp.json({ result: searchParams.get("kind") === "spot" ? instruments.spot : instruments.future })
    }
    const name =
      Object.keys(answers).find((name) =>
        name.startsWith(`${method}?`) && url.includes(name.slice(method.length + 1))
      ) ?? method
    const turn = count.get(name) ?? 0
    count.set(name, turn + 1)
    const all = answers[name] ?? []
    const answer = all[Math.min(turn, all.length - 1)]
    return answer === undefined
      ? ScriptedHttp.json({ error: { code: -32601, message: "Method not found" } }, { status: 400 })
      : ScriptedHttp.json(Object.hasOwn(Object(answer), "error") ? answer : { result: answer })
  }
  return Effect.zipRight(
    TestClock.setTime(now),
    Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))
  ).pipe(
    Effect.provide(Layer.provideMerge(
      Layer.provide(
        Deribit.layer({
          environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
          credentials: documented
        }),
        OrderJournal.layerNone
      ),
      ScriptedHttp.layer(script)
    ))
  )
}

/** The parameters of each request to a method. */
export const sentParameters = (method: string) =>
  Effect.map(Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests), (requests) =>
    requests
      .map(({ url }) => new URL(url))
      .filter(({ pathname }) => pathname.endsWith(`/${method}`))
      .map(({ searchParams }) => Object.fromEntries(searchParams)))

/** Formats the rows of a listing like `shown`. */
export const shownOf = <A extends object>(found: Listing.Rows<A> | undefined) =>
  found && Listing.from(found).rows.map((row) => shown(row))

/** The times in every response. */
export const times = { usIn: 1_699_999_999_000_000, usOut: 1_699_999_999_001_000, usDiff: 1000, testnet: false }
