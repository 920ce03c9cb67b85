import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import * as Faults from "@effect-exchange/simulator/engine/Faults"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { ran } from "./ordering.js"
import { network } from "./utils.js"

/** What reads an account there. */
const signed: { readonly [Id in Exchanges.ExchangeId]: string } = {
  binance: "GET /api/v3/account",
  bitmex: "GET /api/v1/user/margin",
  bybit: "GET /v5/account/info",
  coinbase: "GET /api/v3/brokerage/accounts",
  deribit: "GET /api/v2/private/get_account_summaries",
  kraken: "POST /0/private/BalanceEx",
  okx: "GET /api/v5/account/balance"
}

interface Seen {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
}

const percent = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")

const claims = (token: string): ReadonlyArray<string> =>
  token.split(".").map((part) => Buffer.from(part, "base64url").toString("utf8"))

/** How an exchange may repeat what it was sent. */
const echoes: { readonly [form: string]: (text: string) => string } = {
  "as it is": (text) => text,
  "in upper case": (text) => text.toUpperCase(),
  "percent-encoded": percent,
  "percent-encoded twice": (text) => percent(percent(text)),
  "in pieces": (text) => text.split(/[\s,;=.&?]+/).join(" | "),
  "as the token reads": (text) => claims(text).join(" ")
}

const echoing = (echo: (text: string) => string, seen: Array<Seen>) =>
  Layer.merge(
    network,
    Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request, url) => {
        seen.push({ url: url.href, headers: request.headers })
        const said = [url.href, ...Object.values(request.headers)].map(echo)
        return Effect.succeed(
          HttpClientResponse.fromWeb(
            request,
            new Response(JSON.stringify({ error: said, msg: said.join(" ") }), {
              status: 400,
              headers: { "content-type": "application/json", "x-echo": "1" }
            })
          )
        )
      })
    )
  )

describe("--verbose", () => {
  for (const exchange of Exchanges.ids) {
    for (const [form, echo] of Object.entries(echoes)) {
      it.effect(`tells no key, secret, passphrase or signature of ${exchange} that comes back ${form}`, () =>
        Effect.gen(function*() {
          const seen: Array<Seen> = []
          const line = `call ${signed[exchange]} --signed --verbose --exchange ${exchange}`
          const { err, out } = yield* ran(`${line} --base-url ${exchange}=http://${exchange}.localhost`).pipe(
            Effect.provide(Layer.fresh(echoing(echo, seen)))
          )
          const { key, passphrase, secret } = Simulator.credentials(exchange, "read")
          const secrets = [key, secret, passphrase].flatMap((one) => one === undefined ? [] : [Redacted.value(one)])
          const sent = seen.flatMap(({ headers, url }) => [
            ...["signature"].flatMap((name) => new URL(url).searchParams.get(name) ?? []),
            ...Object.entries(headers).flatMap(([name, value]) =>
              /sign|authorization|key|passphrase/.test(name) ? value.split(/[\s,=.]+/) : []
            )
          ]).filter((text) => text.length >= 12)
          assert.isAbove(sent.length, 0)
          const told = err + out
          assert.match(
            told,
            new RegExp(`< ${exchange} (GET|POST) ${exchange}\\.localhost/\\S+: 400 in \\d+ ms, attempt 1, \\d+ bytes: `)
          )
          const forms = [told, decodeURIComponent(told.replace(/%(?![0-9a-f]{2})/gi, ""))]
          for (const text of [...secrets, ...sent]) {
            for (const form of forms) assert.notInclude(form.toLowerCase(), text.toLowerCase())
          }
        }))
    }
  }

  it.effect("says method, host, path, status, time, attempt, size, and the beginning of the answer", () =>
    Effect.gen(function*() {
      const { code, err } = yield* ran("price BTC/USDT --exchange kraken --verbose")
      assert.strictEqual(code, 0)
      assert.include(err, "> kraken GET kraken.localhost/0/public/AssetPairs, attempt 1\n")
      assert.match(
        err,
        /\n< kraken GET kraken\.localhost\/0\/public\/Ticker\?pair=XBTUSDT: 200 in \d+ ms, attempt 1, \d+ bytes: \{"error":\[\],/
      )
      for (const line of err.split("\n")) assert.isBelow(line.length, 600)
    }).pipe(Effect.provide(network)))

  it.scoped("counts attempts, and says of one without an answer why", () =>
    Effect.gen(function*() {
      const { get } = yield* Simulator.Simulators
      const simulator = yield* get("binance")
      yield* simulator.setFaults(Faults.make({ reset: 1 }))
      const { err } = yield* ran(
        "health --verbose --exchange binance --base-url binance=http://binance.localhost"
      )
      assert.match(
        err,
        /< binance GET binance\.localhost\/api\/v3\/time: no answer in \d+ ms, attempt 2: the connection failed/
      )
    }).pipe(Effect.provide(network)))

  const asking: ReadonlyArray<string> = [
    "price BTC/USDT --exchange kraken",
    "markets btc --exchange kraken",
    "candles BTC/USDT --exchange kraken --from 1970-01-01 --to 1970-01-02",
    "balance --exchange kraken",
    "orders BTC/USDT --exchange kraken",
    "fills BTC/USDT --exchange kraken",
    "positions --exchange okx",
    "order show BTC/USDT --id ABC --exchange kraken",
    "order place buy 0.01 ETH/USDT --limit 1000 --exchange kraken",
    "order amend ETH/USDT --id ABC --price 1000 --exchange kraken",
    "order cancel ETH/USDT --id ABC --exchange kraken",
    "call GET /0/public/Time --exchange kraken",
    "health --exchange kraken",
    "doctor --exchange kraken --environment simulated",
    "keys check --exchange kraken --environment simulated"
  ]
  for (const line of asking) {
    it.effect(`is an option of ${line}`, () =>
      Effect.gen(function*() {
        const quiet = yield* ran(line)
        assert.notMatch(quiet.err, /^> /m)
        const { err, out } = yield* ran(`${line} --verbose`)
        assert.match(err, /^> (?:kraken|okx) (?:GET|POST) /m)
        assert.match(err, /^< (?:kraken|okx) (?:GET|POST) \S+: \d{3} in /m)
        assert.notMatch(out, /^[<>] /m)
      }).pipe(Effect.provide(network)))
  }
})
