import type { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { runWithClock } from "./commandRuns.js"
import { network } from "./utils.js"

/** A signed request that reads the account. */
const signedRequest: { readonly [Id in Exchanges.ExchangeId]: string } = {
  binance: "GET /api/v3/account",
  bitmex: "GET /api/v1/user/margin",
  bybit: "GET /v5/account/info",
  coinbase: "GET /api/v3/brokerage/accounts",
  deribit: "GET /api/v2/private/get_account_summaries",
  kraken: "POST /0/private/BalanceEx",
  okx: "GET /api/v5/account/balance"
}

interface Sent {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
}

const percent = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")

const claims = (token: string): ReadonlyArray<string> =>
  token.split(".").map((part) => Buffer.from(part, "base64url").toString("utf8"))

/** The forms in which an exchange may repeat what it received. */
export const echoes: { readonly [form: string]: (text: string) => string } = {
  "as it is": (text) => text,
  "in upper case": (text) => text.toUpperCase(),
  "percent-encoded": percent,
  "percent-encoded twice": (text) => percent(percent(text)),
  "in pieces": (text) => text.split(/[\s,;=.&?]+/).join(" | "),
  "as the token reads": (text) => claims(text).join(" ")
}

const echoing = (echo: (text: string) => string, seen: Array<Sent>) =>
  Layer.merge(
    network,
    Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request, url) => {
        seen.push({ url: url.href, headers: request.headers })
        const repeated = [url.href, ...Object.values(request.headers)].map(echo)
        return Effect.succeed(
          HttpClientResponse.fromWeb(
            request,
            new Response(JSON.stringify({ error: repeated, msg: repeated.join(" ") }), {
              status: 400,
              headers: { "content-type": "application/json", "x-echo": "1" }
            })
          )
        )
      })
    )
  )

/** Asserts that nothing secret of a signed request is printed when the exchange repeats all of it. */
export const assertNoSecretPrinted = (exchange: Exchanges.ExchangeId, echo: (text: string) => string) =>
  Effect.gen(function*() {
    const seen: Array<Sent> = []
    const line = `call ${signedRequest[exchange]} --signed --verbose --exchange ${exchange}`
    const { err, out } = yield* runWithClock(`${line} --base-url ${exchange}=http://${exchange}.localhost`).pipe(
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
    const printed = err + out
    assert.match(
      printed,
      new RegExp(`< ${exchange} (GET|POST) ${exchange}\\.localhost/\\S+: 400 in \\d+ ms, attempt 1, \\d+ bytes: `)
    )
    const forms = [printed, decodeURIComponent(printed.replace(/%(?![0-9a-f]{2})/gi, ""))]
    for (const text of [...secrets, ...sent]) {
      for (const form of forms) assert.notInclude(form.toLowerCase(), text.toLowerCase())
    }
  })
