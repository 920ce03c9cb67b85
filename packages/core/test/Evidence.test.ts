import { HttpClientError } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ExchangeError } from "../src/index.js"
import * as Acme from "./support/acme.js"
import * as Wire from "./support/wire.js"

const failing = (cause: object) => (sent: Wire.Sent) =>
  new HttpClientError.RequestError({ request: sent.request, reason: "Transport", cause })

const errorOf = (facts: object, message = "it failed") => Object.assign(new Error(message), facts)

/** The error as `fetch` wraps it. */
const fetchFailed = (cause: object) => Object.assign(new TypeError("fetch failed"), { cause })

const neverConnected: ReadonlyArray<readonly [string, object]> = [
  ...["ETIMEDOUT", "ECONNRESET", "ECONNREFUSED", "EHOSTUNREACH", "ENETDOWN", "EPERM", "ENEW"].map((code) =>
    [code, { code, syscall: "connect" }] as const
  ),
  ...["ENOTFOUND", "EAI_AGAIN", "ETIMEOUT"].map((code) => [code, { code, syscall: "getaddrinfo" }] as const),
  ...[
    "ECONNREFUSED",
    "ENETDOWN",
    "EHOSTDOWN",
    "EADDRNOTAVAIL",
    "EMFILE",
    "EPERM",
    "EPROTO",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_NOT_YET_VALID",
    "CERT_HAS_EXPIRED",
    "CERT_UNTRUSTED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "HOSTNAME_MISMATCH",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_PRX_TLS",
    "ConnectionRefused",
    "FailedToOpenSocket"
  ].map((code) => [code, { code }] as const)
]

const connected: ReadonlyArray<readonly [string | undefined, object]> = [
  ...["EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "ETIMEDOUT", "ECONNREFUSED"].map((code) =>
    [code, { code, syscall: "read" }] as const
  ),
  ["EPIPE", { code: "EPIPE", syscall: "write" }],
  ["ECONNRESET", { code: "ECONNRESET" }],
  ["UND_ERR_SOCKET", { code: "UND_ERR_SOCKET", socket: { bytesWritten: 300 }, cause: errorOf({ code: "EMFILE" }) }],
  // After the handshake, in response to what was sent.
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }],
  ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", { code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" }],
  [undefined, {}]
]

const outcomeOf = (cause: object) =>
  Effect.gen(function*() {
    const { client, sent } = yield* Wire.setup(failing(cause), { retry: { attempts: 1 } })
    const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
    assert.instanceOf(error, ExchangeError.TransportFailed)
    assert.strictEqual(sent.length, 1)
    return error
  })

describe("the outcome of a write whose connection failed", () => {
  for (const [code, facts] of neverConnected) {
    it.scoped(`is NotSent: ${JSON.stringify(facts)}`, () =>
      Effect.gen(function*() {
        for (const cause of [errorOf(facts), fetchFailed(errorOf(facts))]) {
          const error = yield* outcomeOf(cause)
          assert.strictEqual(error.outcome, "NotSent")
          assert.include(error.message, `code ${code}`)
        }
      }))
  }

  it.scoped("is NotSent for a TLS handshake that was cut off, recognized by its message", () =>
    Effect.gen(function*() {
      const message = "Client network socket disconnected before secure TLS connection was established"
      const error = yield* outcomeOf(errorOf({ code: "ECONNRESET", host: "x", port: 443 }, message))
      assert.strictEqual(error.outcome, "NotSent")
    }))

  it.scoped("is NotSent if both address families failed to connect, and Unknown if one had connected", () =>
    Effect.gen(function*() {
      const refused = errorOf({ code: "ETIMEDOUT", syscall: "connect" })
      const both = yield* outcomeOf(new AggregateError([refused, refused]))
      assert.deepStrictEqual([both.outcome, both.code], ["NotSent", "ETIMEDOUT"])
      const one = yield* outcomeOf(new AggregateError([refused, errorOf({ code: "ECONNRESET", syscall: "read" })]))
      assert.strictEqual(one.outcome, "Unknown")
    }))

  for (const [code, facts] of connected) {
    it.scoped(`is Unknown: ${JSON.stringify(facts)}`, () =>
      Effect.gen(function*() {
        for (const cause of [errorOf(facts), fetchFailed(errorOf(facts))]) {
          const error = yield* outcomeOf(cause)
          assert.deepStrictEqual([error.outcome, error.code], ["Unknown", code])
        }
      }))
  }

  it.scoped("is Unknown for a circular chain of causes", () =>
    Effect.gen(function*() {
      const circle = errorOf({})
      circle.cause = circle
      assert.strictEqual((yield* outcomeOf(circle)).outcome, "Unknown")
    }))
})
