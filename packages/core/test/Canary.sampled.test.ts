import { HttpClientError } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import {
  Cause,
  ConfigError,
  Duration,
  Effect,
  Either,
  Encoding,
  Exit,
  Fiber,
  Option,
  Predicate,
  Redacted,
  Schema,
  TestClock
} from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"
import { Endpoint, type Protocol, Session, Signature } from "../src/adapter.js"
import { Credentials, ExchangeError, Health, RawAnswers } from "../src/index.js"
import * as Acme from "./support/acme.js"
import * as Capture from "./support/capture.js"
import { AnyError } from "./support/errors.js"
import { key, passphrase, pem, secret } from "./support/secrets.js"
import { start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const unwrap = Redacted.value

/** Signs with a base64 signature, whose `+`, `/` and `=` are written differently in URLs and in JSON. */
const base64: Protocol.Protocol["sign"] = (request, credentials, { now }) => {
  const signature = Encoding.encodeBase64(
    Signature.hmacSha256Hex(credentials.secret, `${now}${request.path}`).slice(0, 40) + "???>>>"
  )
  return Either.right({
    ...request,
    query: `timestamp=${now}&signature=${encodeURIComponent(signature)}`,
    headers: { "x-acme-key": unwrap(credentials.key) },
    signature
  })
}

/** Signs a form with a key in PEM and sends a passphrase beside it: all secrets are in the headers and the body. */
const signedForm: Protocol.Protocol["sign"] = (request, credentials, { nonce }) =>
  Either.map(Signature.privateKey(credentials.secret), (key) => {
    const body = `nonce=${nonce}&${request.body}`
    const signature = Encoding.encodeBase64(Signature.sign(key, body))
    return {
      ...request,
      query: "",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-acme-key": unwrap(credentials.key),
        "x-acme-passphrase": credentials.passphrase === undefined ? "" : unwrap(credentials.passphrase),
        "x-acme-sign": signature
      },
      body: `${body}&sign=${encodeURIComponent(signature)}`,
      signature
    }
  })

/** The answer of an exchange that echoes headers and body. */
const echoOfForm = ({ body, headers }: Wire.Sent): string =>
  `Bad ${headers["x-acme-sign"]} and ${headers["x-acme-passphrase"]} of ${headers["x-acme-key"]} in ${body}`

const formScripts: Readonly<Record<string, Wire.Script>> = {
  "text": (sent) => new Response(echoOfForm(sent), { status: 400 }),
  "encoded text": (sent) => new Response(encodeURIComponent(echoOfForm(sent)), { status: 503 }),
  "the passphrase alone": (sent) => new Response(sent.headers["x-acme-passphrase"] ?? "", { status: 403 }),
  "the passphrase with escapes": (sent) =>
    new Response(JSON.stringify(sent.headers["x-acme-passphrase"]).replaceAll("/", "\\/"), { status: 400 }),
  "the secret, which only a compromised exchange could know": () =>
    Wire.json({ error: "InvalidRequest", message: unwrap(pem) }, 400),
  "a value of the wrong type": (sent) => Wire.json({ value: echoOfForm(sent) }),
  "an unknown key": (sent) => Wire.json({ [sent.headers["x-acme-passphrase"] ?? "x"]: echoOfForm(sent) }),
  "a reset connection": (sent) => Wire.broken({ ...sent, url: `${sent.url}?${echoOfForm(sent)}` }, "ECONNRESET"),
  "a refused connection": (sent) => Wire.broken({ ...sent, url: `${sent.url}?${echoOfForm(sent)}` }, "ECONNREFUSED"),
  "no answer": () => Wire.hang,
  ...Object.fromEntries(
    ["AuthenticationFailed", "OrderRejected", "ExchangeUnavailable", "DuplicateOrder"].map(
      (tag): [string, Wire.Script] => [tag, (sent) => Wire.json({ error: tag, message: echoOfForm(sent) }, 400)]
    )
  )
}

/** The answer of an exchange that echoes everything it was sent. */
const echo = (sent: Wire.Sent): string => {
  const signature = sent.query.get("signature") ?? ""
  return `Bad signature ${signature} of key ${sent.headers["x-acme-key"]} in ${sent.url}`
}

const everyForm = (sent: Wire.Sent): string => {
  const text = echo(sent)
  return [
    text,
    encodeURIComponent(text),
    encodeURIComponent(text).toLowerCase(),
    text.replaceAll("/", "\\/"),
    text
      .toUpperCase()
  ].join(" ")
}

const parts = ["key", "signature"] as const

const forms: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "in upper case": (text) => text.toUpperCase(),
  "percent-encoded": encodeURIComponent,
  "percent-encoded in lower case": (text) => encodeURIComponent(text).toLowerCase(),
  "percent-encoded twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "with escaped slashes": (text) => text.replaceAll("/", "\\/"),
  "with escapes": (text) => text.replace(/[+/=]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)
}

const errorAnswer = (error: string, status = 400) => (sent: Wire.Sent) =>
  Wire.json({ error, message: echo(sent) }, status)

const breakingOff = (sent: Wire.Sent) =>
  new Response(new ReadableStream({ start: (controller) => controller.error(new Error(everyForm(sent))) }))

const scripts: Readonly<Record<string, Wire.Script>> = {
  "text with status 400": (sent) => new Response(everyForm(sent), { status: 400 }),
  "text with status 401": (sent) => new Response(everyForm(sent), { status: 401 }),
  "text with status 403": (sent) => new Response(everyForm(sent), { status: 403 }),
  "text with status 429": (sent) => new Response(everyForm(sent), { status: 429 }),
  "text with status 503": (sent) => new Response(everyForm(sent), { status: 503 }),
  "text with status 200": (sent) => new Response(everyForm(sent)),
  "HTML": (sent) => new Response(`<html>${everyForm(sent)}</html>`, { status: 502 }),
  "half JSON": (sent) => new Response(`{"value": "${everyForm(sent)}`),
  "JSON text": (sent) => Wire.json(everyForm(sent)),
  "a value of the wrong type": (sent) => Wire.json({ value: everyForm(sent) }),
  "an unknown key": (sent) => Wire.json({ [everyForm(sent)]: "x" }),
  "a key that is the signature": (sent) => Wire.json({ [sent.query.get("signature") ?? "x"]: "x" }),
  "a redirect to the same URL": (sent) => new Response("", { status: 302, headers: { location: sent.url } }),
  "headers": (sent) => {
    const text = encodeURIComponent(echo(sent))
    return new Response("", { status: 429, headers: { "retry-after": text, date: text, "x-used-ip": text } })
  },
  "a refused connection": (sent) => Wire.broken(sent, "ECONNREFUSED"),
  "a reset connection": (sent) => Wire.broken(sent, "ECONNRESET"),
  "an unsendable URL": (sent) =>
    new HttpClientError.RequestError({
      request: sent.request,
      reason: "InvalidUrl",
      description: everyForm(sent),
      cause: new Error(everyForm(sent))
    }),
  "a body that breaks off": breakingOff,
  "a body too large": (sent) => new Response(everyForm(sent).repeat(20), { headers: { "content-length": "99999999" } }),
  "no answer": () => Wire.hang,
  ...Object.fromEntries(
    Object.keys(ExchangeError.policies).map((tag): [string, Wire.Script] => [`${tag} in JSON`, errorAnswer(tag)])
  ),
  ...Object.fromEntries(
    // Truncating inside a secret must not leave its first part.
    [0, 1, 30, 100, 360, 399, 3_800, 3_900, 4_000, 4_050, 4_095].map((padding): [string, Wire.Script] => [
      `after ${padding} characters`,
      (sent) =>
        new Response(
          `${" ".repeat(padding)}${everyForm(sent).repeat(3)}`,
          { status: 400 }
        )
    ])
  ),
  // Errors show only the beginning of an answer, so each form comes first once, in the body and in the message.
  ...Object.fromEntries(
    Object.entries(forms).flatMap(([name, form]): ReadonlyArray<[string, Wire.Script]> =>
      parts.map((part) => [
        `the ${part} ${name}`,
        (sent, index) => {
          const text = form((part === "key" ? sent.headers["x-acme-key"] : sent.query.get("signature")) ?? "")
          return index % 2 === 0
            ? new Response(text, { status: 400 })
            : Wire.json({ error: "InvalidRequest", message: text }, 400)
        }
      ])
    )
  ),
  "the signature, repeated many times": (sent) =>
    new Response((sent.query.get("signature") ?? "").repeat(500), { status: 400 }),
  "the encoded key, repeated many times": (sent) =>
    new Response(encodeURIComponent(sent.headers["x-acme-key"] ?? "").repeat(500), { status: 400 })
}

/** Calls every private endpoint against the script and collects all output: errors, logs, spans, metrics, reports. */
const run = (
  script: Wire.Script,
  options: { readonly protocol?: Partial<Protocol.Protocol>; readonly credentials?: Credentials.Provider } = {}
) =>
  Effect.gen(function*() {
    const captured = Capture.make()
    const sent: Array<Wire.Sent> = []
    yield* Effect.gen(function*() {
      const health = yield* Health.Health
      const { client, sent: reached } = yield* Wire.setup(script, { ...options, deadline: "20 seconds" })
      const call = <C extends Endpoint.Capability, I>(endpoint: Endpoint.Endpoint<C, I, unknown>, input: I) =>
        Effect.gen(function*() {
          const fiber = yield* start(Effect.exit(client.request(endpoint, input)))
          yield* TestClock.adjust("25 seconds")
          const exit = yield* Fiber.join(fiber)
          captured.note(Capture.renderings(exit).join("\n"))
          const error = Option.flatMap(
            Exit.causeOption(exit),
            (cause) => cause._tag === "Fail" ? Option.some(cause.error) : Option.none()
          )
          if (Option.isSome(error)) {
            captured.note(
              [...Capture.renderings(error.value), ...Capture.renderings(yield* Schema.encode(AnyError)(error.value))]
                .join("\n")
            )
          }
        })
      yield* call(Acme.balance, {})
      yield* call(Acme.holdings, {})
      yield* call(Acme.order, { amount: 1 })
      yield* call({ ...Acme.order, body: "form" as const }, { amount: 1 })
      captured.note(Capture.renderings(yield* health.report).join("\n"))
      sent.push(...reached)
    }).pipe(Effect.provide(Health.layer), captured.provide)
    captured.note(yield* Capture.metrics)
    const signatures = sent.flatMap(({ headers, query }) => query.get("signature") ?? headers["x-acme-sign"] ?? [])
    return { output: captured.output, secrets: [unwrap(key), unwrap(secret), ...signatures], sent }
  })

/** The secret part of a private key: without the PEM markers and the prefix that all keys of its kind share. */
const privateLines = [unwrap(pem).split("\n").slice(1, -1).join("").slice(48)]

const every = Object.entries(scripts)

// Base64 has more encoded forms than hex, so a sample of it keeps them all.
const signers: ReadonlyArray<readonly [string, ReadonlyArray<(typeof every)[number]>, Partial<Protocol.Protocol>]> = [
  ["hex", everyNth(26, every), {}],
  ["base64", every.filter((entry) => entry[0].startsWith("the ") || everyNth(8, every).includes(entry)), {
    sign: base64
  }]
]

const token = "T0k3n/CANARY+token==1f2e3d4c5b6a79880"

/** Sends the token in place of a signature, so that every script that echoes the signature echoes the token. */
const session = Session.make({
  open: Endpoint.make({
    capability: "account",
    name: "auth",
    path: "/auth",
    input: Endpoint.NoInput,
    response: Schema.Struct({ token: Schema.String, seconds: Schema.Number }),
    cost: { ip: 1 }
  }),
  input: {},
  token: ({ token }) => token,
  lasts: ({ seconds }) => Duration.seconds(seconds),
  authorize: (request, token) => ({
    ...request,
    query: `signature=${encodeURIComponent(unwrap(token))}`,
    headers: { ...request.headers, "x-acme-key": unwrap(key), authorization: `Bearer ${unwrap(token)}` }
  })
})

const withSession = (script: Wire.Script): Wire.Script => (sent, index) =>
  sent.path === "/auth" ? Wire.json({ token, seconds: 900 }) : script(sent, index)

/** Answers to the request for a session that contain the token and are invalid. */
const invalidSessions: Readonly<Record<string, (sent: Wire.Sent) => ReturnType<Wire.Script>>> = {
  "half JSON": () => new Response(`{"token":"${token}`),
  "HTML": () => new Response(`<html>${token}</html>`),
  "JSON text": () => Wire.json(token),
  "a token of the wrong type": () => Wire.json({ token: [token], seconds: 900 }),
  "a token under another name": () => Wire.json({ [token]: token, accessToken: token, seconds: "900" }),
  "a header": () => Wire.json({ token: 1 }, 200, { "x-token": token, "retry-after": token }),
  "a refusal that repeats the credentials": (sent) =>
    Wire.json({ error: "AuthenticationFailed", message: `${echo(sent)} ${unwrap(secret)}` }, 401)
}

describe("Canary: keys, secrets and signatures never leak", () => {
  for (const [name, script] of everyNth(12, every.filter(([name]) => !/^(?:after|the) /.test(name)))) {
    it.scoped(`does not leak a session token: ${name}`, () =>
      Effect.gen(function*() {
        const { output, secrets, sent } = yield* run(withSession(script), { protocol: { session } })
        assert.isTrue(
          sent.some(({ headers, path }) => path === "/balance" && headers["authorization"] === `Bearer ${token}`)
        )
        assertNone(Capture.find(output, [...secrets, token]))
      }), 30_000)
  }

  for (const [name, opening] of Object.entries(invalidSessions)) {
    it.scoped(`does not leak a token from an invalid session answer: ${name}`, () =>
      Effect.gen(function*() {
        const { output, secrets, sent } = yield* run(
          (sent) => sent.path === "/auth" ? opening(sent) : Wire.ok(),
          { protocol: { session } }
        )
        assert.deepStrictEqual(new Set(sent.map(({ path }) => path)), new Set(["/auth"]))
        assertNone(Capture.find(output, [...secrets, token]))
      }), 30_000)
  }

  it.scoped("does not leak a token that is renewed or held by a client", () =>
    Effect.gen(function*() {
      const captured = Capture.make()
      yield* Effect.gen(function*() {
        const { client, sent } = yield* Wire.setup(
          (sent, index) =>
            sent.path === "/auth" && index > 0
              ? errorAnswer("PermissionDenied")(sent)
              : withSession(() => Wire.ok())(sent, index),
          { protocol: { session } }
        )
        yield* client.request(Acme.balance, {})
        yield* TestClock.adjust("800 seconds")
        yield* client.request(Acme.balance, {})
        yield* TestClock.adjust("1 second")
        assert.strictEqual(sent.filter(({ path }) => path === "/auth").length, 2)
        captured.note(Capture.renderings(client).join("\n"))
        captured.note(Capture.renderings(session).join("\n"))
      }).pipe(captured.provide)
      assert.isTrue(captured.output.some((text) => text.includes("could not be renewed")))
      assertNone(Capture.find(captured.output, [token]))
    }))

  for (const [form, scripts, protocol] of signers) {
    for (const [name, script] of scripts) {
      it.scoped(`does not leak key, secret or signature: ${name}, signed in ${form}`, () =>
        Effect.gen(function*() {
          const { output, secrets, sent } = yield* run(script, { protocol })
          assert.isAbove(sent.length, 0)
          assert.isAbove(output.length, 3)
          assertNone(Capture.find(output, secrets))
        }), 30_000)
    }
  }

  for (const [name, script] of everyNth(3, Object.entries(formScripts))) {
    it.scoped(`does not leak a passphrase or a private key: ${name}`, () =>
      Effect.gen(function*() {
        const { output, secrets, sent } = yield* run(script, {
          protocol: { sign: signedForm },
          credentials: Credentials.fixed({ key, secret: pem, passphrase })
        })
        assert.include(sent.at(-1)?.body ?? "", "sign=")
        assertNone(Capture.find(output, [...secrets, unwrap(passphrase), ...privateLines]))
      }), 30_000)
  }

  // A protocol that redacts nothing: codes, rows and texts go into errors and values as the exchange sent them.
  const unredacted: Protocol.Protocol["classify"] = ({ about, headers, json, text }) =>
    Predicate.hasProperty(json, "error")
      ? new ExchangeError.ExchangeUnavailable({
        ...about,
        outcome: "Rejected",
        code: JSON.stringify(json),
        detail: `${text} ${JSON.stringify(headers)}`
      })
      : undefined

  const rowsOf = Schema.Record({
    key: Schema.String,
    value: Schema.Array(Schema.Struct({ code: Schema.String, text: Schema.String, deep: Schema.Array(Schema.String) }))
  })

  const encodings: Readonly<Record<string, (text: string) => string>> = {
    ...forms,
    "with invisible characters in between": (text) => Array.from(text).join("\u200b\u202e\u0000"),
    "in lines": (text) => text.replace(/.{7}/g, "$&\r\n"),
    "as JSON": (text) => JSON.stringify(text)
  }

  for (const [name, form] of Object.entries(encodings)) {
    it.scoped(`redacts every sent header, ${name}, in every field, code and row of an answer`, () =>
      Effect.gen(function*() {
        for (
          const [sign, credentials] of [
            [signedForm, Credentials.fixed({ key, secret: pem, passphrase })],
            [base64, Wire.credentials]
          ] as const
        ) {
          const captured = Capture.make()
          yield* Effect.gen(function*() {
            const echoed = (sent: Wire.Sent) =>
              [...Object.values(sent.headers), ...sent.query.values(), sent.body, sent.url].map(form)
            const { client, sent } = yield* Wire.setup((sent, index) => {
              const texts = echoed(sent)
              const row = { code: texts.join(" "), text: texts.join(), deep: texts }
              const headers = { "x-echo": encodeURIComponent(texts.join()), "x-used-ip": "1" }
              return index === 0
                ? Wire.json({ error: texts, rows: [row], [texts.join()]: row }, 400, headers)
                : Wire.json({ rows: [row], [texts.join()]: [row] }, 200, headers)
            }, {
              credentials,
              retry: { attempts: 1 },
              protocol: { sign, classify: unredacted }
            })
            const endpoint = { ...Acme.order, decode: Schema.decodeUnknownEither(rowsOf) }
            const [error, raw] = yield* RawAnswers.collect(Effect.flip(client.request(endpoint, { amount: 1 })))
            const [value, answers] = yield* RawAnswers.collect(client.request(endpoint, { amount: 1 }))
            assert.strictEqual(error._tag, "ExchangeUnavailable")
            assert.include(JSON.stringify(value), Credentials.redacted)
            captured.note(Capture.renderings({ error, raw, value, answers }).join("\n"))
            const signatures = sent.flatMap(({ headers, query }) =>
              query.get("signature") ?? headers["x-acme-sign"] ?? []
            )
            const folded = captured.output.map((text) => text.replace(/[\p{Cc}\p{Cf}]|\\(?:[rn]|u\w{4})/gu, ""))
            assertNone(Capture.find([...captured.output, ...folded], [unwrap(key), unwrap(passphrase), ...signatures]))
          }).pipe(captured.provide)
        }
      }))
  }

  it.scoped("does not show a private key that cannot be parsed, and sends nothing", () =>
    Effect.gen(function*() {
      const broken = Redacted.make(unwrap(pem).replace("MIG", "???"))
      const { output, sent } = yield* run(() => Wire.ok(), {
        protocol: { sign: signedForm },
        credentials: Credentials.fixed({ key, secret: broken })
      })
      assert.strictEqual(sent.length, 0)
      assertNone(Capture.find(output, privateLines))
    }))

  it.scoped("does not show credentials whose config can no longer be read, and names the variables", () =>
    Effect.gen(function*() {
      const captured = Capture.make()
      const failing = Effect.fail(
        ConfigError.And(
          ConfigError.InvalidData(["ACME", "API_SECRET"], `was ${unwrap(secret)}`),
          ConfigError.SourceUnavailable(["ACME", "API_KEY"], unwrap(key), Cause.empty)
        )
      )
      yield* Effect.gen(function*() {
        const { client, sent } = yield* Wire.setup(() => Wire.ok(), { credentials: { get: failing, reload: failing } })
        const error = yield* Effect.flip(client.request(Acme.balance, {}))
        assert.instanceOf(error, ExchangeError.AuthenticationFailed)
        assert.include(error.message, "ACME_API_SECRET is invalid and ACME_API_KEY cannot be read")
        assert.strictEqual(sent.length, 0)
        captured.note(Capture.renderings(error).join("\n"))
      }).pipe(captured.provide)
      assertNone(Capture.find(captured.output, [unwrap(key), unwrap(secret)]))
    }))

  it.scoped("a client does not show its credentials", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.ok())
      yield* client.request(Acme.balance, {})
      assertNone(Capture.find(Capture.renderings(client), [unwrap(key), unwrap(secret)]))
    }))

  it("credentials do not show their values", () => {
    const credentials: Credentials.Credentials = { key, secret, passphrase }
    assertNone(Capture.find(Capture.renderings(credentials), [unwrap(key), unwrap(secret), unwrap(passphrase)]))
    assertNone(Capture.find(Capture.renderings(Credentials.fixed(credentials)), [unwrap(key), unwrap(secret)]))
  })

  it.scoped("the canary works: a protocol that leaks what it signed is detected in errors, logs and spans", () =>
    Effect.gen(function*() {
      // Answers are redacted before a protocol sees them: to leak, it has to remember what it signed.
      let signed = ""
      const leaking: Partial<Protocol.Protocol> = {
        sign: (...parameters) =>
          Either.map(Acme.protocol.sign(...parameters), (request) => {
            signed = request.signature
            return request
          }),
        classify: ({ about }) =>
          new ExchangeError.ExchangeUnavailable({ ...about, detail: signed, outcome: "Rejected" })
      }
      const { output, secrets } = yield* run(errorAnswer("x"), { protocol: leaking })
      assertSome(Option.map(Capture.find(output, secrets), () => true), true)
      for (
        const where of [
          "level=DEBUG",
          "\"logLevel\":\"DEBUG\"",
          "span attempt",
          "span acme.balance",
          "\"_id\":\"Exit\""
        ]
      ) {
        const there = output.filter((text) => text.includes(where))
        assert.isAbove(there.length, 0, where)
        assert.isTrue(Option.isSome(Capture.find(there, secrets)), where)
      }
    }))

  for (
    const form of [
      encodeURIComponent,
      (text: string) => Buffer.from(text).toString("base64"),
      (text: string) => Buffer.from(text).toString("hex"),
      (text: string) => text.slice(3, 16)
    ]
  ) {
    it(`the canary detects ${form(unwrap(secret))}`, () => {
      assert.isTrue(Option.isSome(Capture.find([`x ${form(unwrap(secret))} y`], [unwrap(secret)])))
    })
  }
})
