import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Either, Exit, Fiber, Option, Redacted, Schema, Scope, TestClock } from "effect"
import { Endpoint, Errors, ExchangeClient, Limit, Protocol, Session, Wire as Read } from "../src/adapter.js"
import { Credentials, ExchangeState, RawAnswers } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { key, secret } from "./support/secrets.js"
import { assertRunning, settle, start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const auth = Endpoint.make({
  capability: "account",
  name: "auth",
  method: "POST",
  path: "/auth",
  body: "form",
  input: Schema.Struct({ grant: Schema.String }),
  response: Schema.Struct({ token: Schema.String, seconds: Schema.Number }),
  cost: { ip: 1 }
})

const session = Session.make({
  open: auth,
  input: { grant: "key" },
  token: ({ token }) => token,
  lasts: ({ seconds }) => Duration.seconds(seconds)
})

/** The path of each request, and its token if it had one. */
const pathsAndTokens = (sent: ReadonlyArray<Wire.Sent>) =>
  sent.map(({ headers, path }) => [path.slice(1), headers["authorization"]?.replace("Bearer ", "")].join(" ").trim())

const tokenResponse = (token: string, seconds = 900): Response => Wire.json({ token, seconds })

/**
 * An exchange that issues the tokens `t1`, `t2` and so on, and accepts only the latest. A response from `opening` to
 * the opening of that number, or from `answering` to a request with the accepted token, is sent instead of its own.
 */
const issuingTokens = (answers: {
  readonly opening?: (number: number, sent: Wire.Sent) => ReturnType<Wire.Script> | undefined
  readonly answering?: (sent: Wire.Sent) => ReturnType<Wire.Script> | undefined
} = {}): Wire.Script => {
  let [openings, latest] = [0, ""]
  return (sent) => {
    if (sent.path === "/auth") {
      openings++
      const answer = answers.opening?.(openings, sent)
      if (answer !== undefined) return answer
      latest = `t${openings}`
      return tokenResponse(latest)
    }
    if (sent.path === "/value") return Wire.ok()
    if (sent.headers["authorization"] !== `Bearer ${latest}`) return Wire.refuse("AuthenticationFailed", 401)
    return answers.answering?.(sent) ?? Wire.ok()
  }
}

const setup = (
  script: Wire.Script = issuingTokens(),
  options: Parameters<typeof Wire.setup>[1] = {}
) => Wire.setup(script, { ...options, protocol: { session, ...options.protocol } })

describe("a session", () => {
  it.scoped("is opened by the first request that needs it, and its token is sent with later requests", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup()
      yield* client.request(Acme.value, {})
      assert.deepStrictEqual(pathsAndTokens(sent), ["value"])
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(pathsAndTokens(sent), ["value", "auth", "balance t1", "order t1"])
      const [, opening, balance] = sent
      assert.strictEqual(opening?.body, "grant=key")
      assert.isNotNull(opening?.query.get("signature"))
      assert.isNull(balance?.query.get("signature"))
      assert.isUndefined(balance?.headers["x-acme-key"])
    }))

  it.scoped("is opened once for concurrent requests, of all clients with the key", () =>
    Effect.gen(function*() {
      const wire = Wire.make(issuingTokens())
      const make = ExchangeClient.make({ ...Acme.protocol, session }, { credentials: Wire.credentials })
      yield* Effect.gen(function*() {
        const clients = [yield* make, yield* make]
        yield* Effect.forEach(
          [0, 1, 2, 3, 4, 5],
          (index) =>
            Effect.flatMap(Effect.fromNullable(clients[index % 2]), ({ request }) => request(Acme.holdings, {})),
          { concurrency: "unbounded" }
        )
      }).pipe(Effect.provide(ExchangeState.layer), Effect.provideService(HttpClient.HttpClient, wire.client))
      assert.deepStrictEqual(pathsAndTokens(wire.sent), ["auth", ...Array.from({ length: 6 }, () => "holdings t1")])
    }))

  it.scoped("that cannot be opened fails the waiting requests, and is opened again by the next one", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(
        issuingTokens({ opening: (number) => number === 1 ? Wire.refuse("PermissionDenied") : undefined })
      )
      const errors = yield* Effect.all(
        [Effect.flip(client.request(Acme.balance, {})), Effect.flip(client.request(Acme.order, { amount: 1 }))],
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(errors.map(({ _tag, operation, outcome }) => [_tag, operation, outcome]), [
        ["PermissionDenied", "auth", "NotSent"],
        ["PermissionDenied", "auth", "NotSent"]
      ])
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "auth", "order t2"])
    }))

  for (
    const [what, answer, tag] of [
      ["gets no response", () => Wire.hang, "ExchangeUnavailable"],
      ["meets an outage", () => new Response("<html>", { status: 502 }), "ExchangeUnavailable"],
      ["gets a truncated response", () => new Response("{\"token\":\"t1"), "ExchangeUnavailable"],
      ["loses its connection", (sent: Wire.Sent) => Wire.broken(sent, "ECONNRESET"), "TransportFailed"],
      ["is rate limited", () => Wire.refuse("RateLimited", 429), "RateLimited"],
      ["gets an unexpected error", () => Wire.refuse("OrderNotFound"), "ExchangeUnavailable"]
    ] as const
  ) {
    it.scoped(`whose opening ${what} fails the order that waits for it with the outcome NotSent`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* setup(issuingTokens({ opening: (_, sent) => answer(sent) }), {
          deadline: "1 hour"
        })
        const failing = yield* start(Effect.flip(client.request(Acme.order, { amount: 1 })))
        yield* TestClock.adjust("1 minute")
        const error = yield* Fiber.join(failing)
        assert.strictEqual(error._tag, tag)
        assert.strictEqual(error.outcome, "NotSent")
        assert.deepStrictEqual(new Set(pathsAndTokens(sent)), new Set(["auth"]))
      }))
  }

  it.scoped("is still opened when the request that started it is interrupted, and aborted when all requests are", () =>
    Effect.gen(function*() {
      const answered = yield* Deferred.make<void>()
      const { client, sent } = yield* setup(({ path }) =>
        path === "/auth" ? Effect.map(Deferred.await(answered), () => tokenResponse("t1")) : Wire.ok()
      )
      const first = yield* start(client.request(Acme.balance, {}))
      const second = yield* start(client.request(Acme.balance, {}))
      yield* Fiber.interrupt(first)
      yield* assertRunning(second)
      assert.isFalse(sent[0]?.signal.aborted)
      yield* Fiber.interrupt(second)
      assert.isTrue(sent[0]?.signal.aborted)
      const [third, fourth] = [
        yield* start(client.request(Acme.balance, {})),
        yield* start(client.request(Acme.order, { amount: 1 }))
      ]
      yield* Fiber.interrupt(third)
      yield* Deferred.succeed(answered, undefined)
      yield* Fiber.join(fourth)
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "auth", "order t1"])
    }))

  it.scoped("is not opened for a request with a signature scheme of its own, or for a public one", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(() => Wire.ok())
      yield* client.request({ ...Acme.balance, scheme: "signature" }, {})
      yield* client.request(Acme.value, {})
      assert.deepStrictEqual(pathsAndTokens(sent), ["balance", "value"])
      assert.isNotNull(sent[0]?.query.get("signature"))
    }))

  it.scoped("is opened again with the corrected clock after ClockSkew, and the request is sent", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup((sent, index) =>
        sent.path === "/time"
          ? Wire.json({ now: 90_000 })
          : index === 0
          ? Wire.refuse("ClockSkew")
          : sent.path === "/auth"
          ? tokenResponse("t1")
          : Wire.ok()
      )
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "time", "auth", "order t1"])
      assert.isAtLeast(Number(sent[2]?.query.get("timestamp")), 90_000)
    }))
})

describe("the end of a session", () => {
  it.scoped("is anticipated: another session is opened before it, while the first is used", () =>
    Effect.gen(function*() {
      const answered = yield* Deferred.make<void>()
      const { client, sent } = yield* setup((sent, index) =>
        sent.path !== "/auth"
          ? Wire.ok()
          : index === 0
          ? tokenResponse("t1")
          : Effect.map(Deferred.await(answered), () => tokenResponse("t2"))
      )
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("719 seconds")
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("1 second")
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.balance, {})
      yield* settle
      assert.deepStrictEqual(pathsAndTokens(sent).toSorted(), [
        "auth",
        "auth",
        ...Array.from({ length: 4 }, () => "balance t1")
      ])
      yield* TestClock.adjust("5 seconds")
      yield* Deferred.succeed(answered, undefined)
      yield* settle
      yield* client.request(Acme.balance, {})
      assert.strictEqual(pathsAndTokens(sent).at(-1), "balance t2")
      // The lifetime of the new session counts from when it was requested, and not from the response.
      for (const [wait, openings] of [["714 seconds", 2], ["1 second", 3]] as const) {
        yield* TestClock.adjust(wait)
        yield* client.request(Acme.balance, {})
        yield* settle
        assert.strictEqual(pathsAndTokens(sent).filter((what) => what === "auth").length, openings)
      }
    }))

  it.scoped("is not hastened by a renewal that fails, which is retried a few times", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup((sent, index) =>
        sent.path !== "/auth" ? Wire.ok() : index === 0 ? tokenResponse("t1") : Wire.refuse("PermissionDenied")
      )
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("720 seconds")
      for (let second = 720; second < 900; second += 9) {
        for (let i = 0; i < 3; i++) yield* client.request(Acme.cancel, { id: "1" })
        yield* TestClock.adjust("9 seconds")
      }
      const before = pathsAndTokens(sent)
      assert.strictEqual(before.filter((what) => what === "order/1 t1").length, 60)
      // At 720 seconds, after half of the remaining time, and so on.
      assert.strictEqual(before.filter((what) => what === "auth").length, 1 + 5)
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.deepStrictEqual([error._tag, error.outcome], ["PermissionDenied", "NotSent"])
    }))

  it.scoped("makes the next request wait for another session", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup()
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("900 seconds")
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "balance t1", "auth", "balance t2"])
    }))

  for (const [what, where] of [["a request", Effect.interruptible], ["a finalizer", Effect.uninterruptible]] as const) {
    it.effect(`is no longer renewed when the scope of the client closes: a renewal begun by ${what} is aborted`, () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const { client, sent } = yield* Scope.extend(
          setup((sent, index) => sent.path !== "/auth" ? Wire.ok() : index === 0 ? tokenResponse("t1") : Wire.hang),
          scope
        )
        yield* client.request(Acme.balance, {})
        yield* TestClock.adjust("800 seconds")
        yield* where(client.request(Acme.balance, {}))
        yield* settle
        assert.isFalse(sent.at(-1)?.signal.aborted)
        const closed = yield* start(Scope.close(scope, Exit.void))
        assert.isTrue(Option.isSome(yield* Fiber.poll(closed)))
        assert.deepStrictEqual([pathsAndTokens(sent).at(-1), sent.at(-1)?.signal.aborted], ["auth", true])
      }))
  }
})

describe("a token that the exchange refuses", () => {
  it.scoped("is replaced once and the request sent again, even an order if it was certainly refused", () =>
    Effect.gen(function*() {
      let over = false
      const { client, sent } = yield* setup(issuingTokens({
        answering: () => {
          over = !over
          return over ? Wire.refuse("AuthenticationFailed", 401) : undefined
        }
      }))
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(pathsAndTokens(sent), [
        "auth",
        "balance t1",
        "auth",
        "balance t2",
        "order t2",
        "auth",
        "order t3"
      ])
    }))

  it.scoped("is replaced at most once per request", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(
        issuingTokens({ answering: () => Wire.refuse("AuthenticationFailed", 401) })
      )
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.deepStrictEqual([error._tag, error.operation, error.outcome], [
        "AuthenticationFailed",
        "balance",
        "Rejected"
      ])
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "balance t1", "auth", "balance t2"])
    }))

  it.scoped("is replaced once for all requests it was refused to", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(issuingTokens({
        answering: ({ headers }) =>
          headers["authorization"] === "Bearer t1"
            ? Effect.as(Effect.sleep("1 second"), Wire.refuse("AuthenticationFailed", 401))
            : undefined
      }))
      const all = yield* start(
        Effect.all(Array.from({ length: 4 }, () => client.request(Acme.holdings, {})), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(all)
      assert.strictEqual(pathsAndTokens(sent).filter((what) => what === "auth").length, 2)
      assert.strictEqual(pathsAndTokens(sent).filter((what) => what === "holdings t2").length, 4)
    }))

  it.scoped("is replaced only for the next request after an order got a bare 401, whose outcome is Unknown", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(issuingTokens({
        answering: ({ headers }) =>
          headers["authorization"] === "Bearer t1" ? new Response("no", { status: 401 }) : undefined
      }))
      const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
      assert.deepStrictEqual([error._tag, error.outcome], ["AuthenticationFailed", "Unknown"])
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "order t1", "auth", "balance t2"])
    }))

  it.scoped("is recognised by the codes in `over`, and any other refusal opens no session", () =>
    Effect.gen(function*() {
      const isRefusal = Schema.is(Schema.Struct({ code: Schema.Number }))
      const codes = Errors.table({
        readError: ({ json }) => isRefusal(json) ? { code: String(json.code), text: "no" } : undefined,
        codes: { AuthenticationFailed: "13 14 15" }
      })
      const over = Session.make({
        open: auth,
        input: { grant: "key" },
        token: ({ token }) => token,
        lasts: () => "1 hour",
        over: "13 14"
      })
      for (const [code, opened] of [[13, 2], [14, 2], [15, 1]] as const) {
        const { client, sent } = yield* setup(
          ({ path }) => path === "/auth" ? tokenResponse("t") : Wire.json({ code }, 400),
          { protocol: { ...codes, session: over } }
        )
        const error = yield* Effect.flip(client.request(Acme.balance, {}))
        assert.strictEqual(error.code, String(code))
        assert.strictEqual(pathsAndTokens(sent).filter((what) => what === "auth").length, opened)
      }
    }))
})

describe("rotated credentials", () => {
  const [before, later] = ["before", "later"].map((secret): Credentials.Credentials => ({
    key: Redacted.make("the-key"),
    secret: Redacted.make(secret)
  }))

  it.scoped("open a session of their own, and the token of the old credentials is not sent again", () =>
    Effect.gen(function*() {
      assert(before !== undefined && later !== undefined)
      let current = before
      const provider = { get: Effect.sync(() => current), reload: Effect.sync(() => current) }
      const { client, sent } = yield* setup(issuingTokens(), { credentials: provider })
      yield* client.request(Acme.balance, {})
      current = later
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "balance t1", "auth", "balance t2", "balance t2"])
      assert.notStrictEqual(sent[0]?.query.get("signature"), sent[2]?.query.get("signature"))
    }))

  it.scoped("are reloaded if no session can be opened with the old ones", () =>
    Effect.gen(function*() {
      assert(before !== undefined && later !== undefined)
      const provider = { get: Effect.succeed(before), reload: Effect.succeed(later) }
      const { client, sent } = yield* setup(
        issuingTokens({ opening: (number) => number === 1 ? Wire.refuse("AuthenticationFailed", 401) : undefined }),
        { credentials: provider }
      )
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth", "auth", "order t2"])
    }))
})

describe("a token that cannot be added to a request", () => {
  it.scoped("fails with AuthenticationFailed, and is not shown", () =>
    Effect.gen(function*() {
      const carry = (_: unknown, token: Redacted.Redacted<string>) => {
        throw new Error(`no place for ${Redacted.value(token)}`)
      }
      const { client, sent } = yield* setup(issuingTokens(), {
        protocol: { session: { ...session, authorize: carry } }
      })
      const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
      assert.deepStrictEqual([error._tag, error.outcome], ["AuthenticationFailed", "NotSent"])
      assert.notInclude(error.message, "t1")
      assert.deepStrictEqual(pathsAndTokens(sent), ["auth"])
    }))
})

describe("the response that opens a session", () => {
  it.scoped("is redacted in RawAnswers, unless it is an error", () =>
    Effect.gen(function*() {
      const { client } = yield* setup(issuingTokens({
        opening: (number) => number === 1 ? Wire.refuse("PermissionDenied") : undefined
      }))
      const [, refused] = yield* RawAnswers.collect(Effect.flip(client.request(Acme.balance, {})))
      assert.deepStrictEqual(refused.map(({ body, operation }) => [operation, body]), [
        ["auth", { error: "PermissionDenied", message: "no" }]
      ])
      const [, answers] = yield* RawAnswers.collect(client.request(Acme.balance, {}))
      assert.deepStrictEqual(answers.map(({ body, operation }) => [operation, body]), [
        ["auth", Credentials.redacted],
        ["balance", { value: 1 }]
      ])
    }))
})

/** As on Deribit: the key and its secret in the query, responses in an envelope, and `13009` for an expired token. */
describe("client credentials", () => {
  const limits = { ip: Limit.bucket({ burst: 90, perSecond: 19 }) }
  const shared = { limits, within: "result", cost: { ip: 1 } }
  const open = Endpoint.family({ ...shared, capability: "marketData", root: "/api/v2/public/" })
  const read = Endpoint.family({ ...shared, capability: "account", root: "/api/v2/private/" })
  const auth = Endpoint.family({ ...shared, capability: "account", root: "/api/v2/public/" })("auth", {
    scheme: "client_credentials",
    input: Endpoint.inputOf<{ grant_type: "client_credentials"; scope: string }>(),
    answer: Read.answer({
      token: Read.at("access_token", Read.text),
      seconds: Read.at("expires_in", Schema.Number)
    })
  })
  const summary = read("get_account_summary", {
    input: Endpoint.inputOf<{ currency: string }>(),
    answer: Read.within("equity", Schema.Number)
  })

  const isError = Schema.is(
    Schema.Struct({ error: Schema.Struct({ code: Schema.Number, message: Schema.String }) })
  )
  const protocol = Protocol.make({
    exchange: "options",
    hosts: {
      live: Protocol.open("https://www.options.example"),
      testnet: { _tag: "None", alternative: "use the live exchange" }
    },
    limits,
    sign: {
      client_credentials: (request, { key, secret }) =>
        Either.right({
          ...request,
          query: `${request.query}&${
            Endpoint.encodeQuery([["client_id", Redacted.value(key)], ["client_secret", Redacted.value(secret)]])
          }`,
          signature: ""
        })
    },
    session: Session.make({
      open: auth,
      input: { grant_type: "client_credentials", scope: "account:read trade:read" },
      token: ({ token }) => token,
      lasts: ({ seconds }) => Duration.seconds(seconds),
      over: "13009"
    }),
    errors: Errors.table({
      readError: ({ json }) => isError(json) ? { code: String(json.error.code), text: json.error.message } : undefined,
      codes: { AuthenticationFailed: "13004 13009", PermissionDenied: "13021" }
    }),
    serverTime: open("get_time", { answer: Read.millis })
  })

  it.scoped("open a session with the given scope, and again when it has expired, and are not sent otherwise", () =>
    Effect.gen(function*() {
      let openings = 0
      const wire = Wire.make(({ headers, path, query }) => {
        if (path.endsWith("/auth")) {
          openings++
          return Wire.json({
            jsonrpc: "2.0",
            result: {
              access_token: `1582628593469.1MbQ-J_4.CBP-OqOwm_${openings}`,
              expires_in: 900,
              refresh_token: "1582628593469.1GP4rQd0.A9Wa78o5",
              scope: query.get("scope"),
              token_type: "bearer"
            }
          })
        }
        return headers["authorization"]?.endsWith("_1") === true && openings === 1 && query.get("currency") === "ETH"
          ? Wire.json({ jsonrpc: "2.0", error: { code: 13009, message: "unauthorized" } }, 401)
          : Wire.json({ jsonrpc: "2.0", result: { equity: 7 } })
      })
      const client = yield* ExchangeClient.make(protocol, { credentials: Credentials.fixed({ key, secret }) }).pipe(
        Effect.provideService(HttpClient.HttpClient, wire.client),
        Effect.provide(ExchangeState.layer)
      )
      assert.strictEqual(yield* client.request(summary, { currency: "BTC" }), 7)
      assert.strictEqual(yield* client.request(summary, { currency: "ETH" }), 7)
      const [first, btc, , again, eth] = wire.sent
      assert.strictEqual(first?.query.get("scope"), "account:read trade:read")
      assert.strictEqual(first?.query.get("client_secret"), Redacted.value(secret))
      assert.strictEqual(btc?.headers["authorization"], "Bearer 1582628593469.1MbQ-J_4.CBP-OqOwm_1")
      assert.isNull(btc?.query.get("client_id"))
      assert.isTrue(again?.path.endsWith("/auth"))
      assert.strictEqual(eth?.headers["authorization"], "Bearer 1582628593469.1MbQ-J_4.CBP-OqOwm_2")
      assert.strictEqual(wire.sent.length, 5)
    }))
})
