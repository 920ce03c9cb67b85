import { assert, describe, it } from "@effect/vitest"
import { Effect, Random, Redacted } from "effect"
import { connect } from "node:net"
import { address, sendRequest, service } from "./support/service.js"

const token = "a-token-that-nobody-may-see-again"

/** Texts to put into a request line or a header. */
const oddTexts = [
  "%",
  "%zz",
  "%00",
  "%2e%2e/%2e%2e/etc/passwd",
  "../../etc/passwd",
  "%ff%fe",
  "\u00ff",
  "a".repeat(3000),
  "<script>alert(1)</script>",
  "%0d%0aset-cookie:x",
  "BTC%2FUSDT/..",
  "__proto__",
  "constructor",
  "-1",
  "1e309",
  "NaN",
  "9".repeat(400),
  "[]",
  "{}",
  "null",
  "'; drop table prices; --",
  "${7*7}",
  "%F0%9F%92%A3",
  "\u202e",
  ","
]

const templates: ReadonlyArray<(text: string) => string> = [
  (text) => `GET /${text} HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/prices/${text}/USDT HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/prices/BTC/USDT?source=${text} HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/prices/BTC/USDT?maxStale=${text} HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/tickers?symbols=${text} HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/books/${text}/BTC/USDT?depth=${text} HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/candles/okx/BTC/USDT?from=${text} HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/stream?symbols=${text} HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /v1/exchanges HTTP/1.1\r\nhost: x\r\nx-odd: ${text}\r\nauthorization: ${text}\r\n\r\n`,
  (text) => `GET /v1/exchanges HTTP/1.1\r\nhost: ${text}\r\ncontent-length: ${text}\r\n\r\n`,
  (text) => `POST /v1/tickers HTTP/1.1\r\nhost: x\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  (text) => `PUT /v1/prices/BTC/USDT HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${text}\r\n`,
  (text) => `${text} /v1/tickers HTTP/1.1\r\nhost: x\r\n\r\n`,
  (text) => `GET /livez HTTP/${text}\r\nhost: x\r\n\r\n`,
  (text) => `GET /readyz HTTP/1.1\r\n${text}: x\r\n\r\n`,
  (text) => `GET /openapi.json?${text} HTTP/1.1\r\nhost: x\r\nx-large: ${text.repeat(20)}\r\n\r\n`,
  (text) => `${text}\r\n\r\n`,
  (text) => `GET http://evil.example/${text} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ${text}\r\n\r\n`
]

/** Sends a request and returns the response, or an empty text if the connection is closed without one. */
const send = (base: string, text: string) =>
  Effect.async<string>((resume) => {
    const { hostname, port } = new URL(base)
    let received = ""
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text, "latin1"))
    const done = () => {
      socket.destroy()
      resume(Effect.succeed(received))
    }
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1")
      if (/\r\n\r\n/.test(received)) done()
    })
    socket.on("close", done)
    socket.on("error", done)
    // The request is incomplete, so the service does not respond before its timeout.
    socket.setTimeout(300, done)
  })

describe("A service that receives ten thousand malformed requests", () => {
  it.live.each(
    [
      ["with a token that the requests do not have", [Redacted.make(token)]],
      ["without a token", []]
    ] as const
  )(
    "%s, responds with a valid status to each, reveals no token or stack, and continues",
    ([, tokens]) =>
      Effect.gen(function*() {
        const base = yield* address
        const requests = Array.from({ length: 10_000 }, (_, index) => {
          const template = templates[index % templates.length] ?? templates[0]
          return Effect.map(Random.shuffle(oddTexts), ([text = ""]) => template?.(text) ?? "")
        })
        const failures: Array<string> = []
        yield* Effect.forEach(requests, (request) =>
          Effect.gen(function*() {
            const text = yield* request
            const received = yield* send(base, text)
            const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? "400")
            // 501 means a range of candles that the exchange does not keep.
            const isValid = (status >= 200 && status < 500) || status === 501
            if (!isValid || received.includes(token) || /\n\s+at /.test(received)) {
              failures.push(`${text.slice(0, 100)} -> ${received.slice(0, 300)}`)
            }
          }), { concurrency: 32 })
        assert.deepStrictEqual(failures.slice(0, 3), [])
        assert.strictEqual((yield* sendRequest("/livez")).status, 200)
        const { status } = yield* sendRequest("/v1/prices/BTC/USDT", { headers: { authorization: `Bearer ${token}` } })
        assert.strictEqual(status, 200)
      }).pipe(
        Effect.withRandom(Random.make("odd requests")),
        Effect.provide(service(["okx"], {
          clientBurst: 1e6,
          clientRate: 1e6,
          maxStreams: 1e6,
          maxClientStreams: 1e6,
          tokens
        }))
      ),
    300_000
  )
})
