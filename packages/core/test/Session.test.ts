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

/** What was sent: the path, and the token where there was one. */
const shown = (sent: ReadonlyArray<Wire.Sent>) =>
  sent.map(({ headers, path }) => [path.slice(1), headers["authorization"]?.replace("Bearer ", "")].join(" ").trim())

const granting = (token: string, seconds = 900): Response => Wire.json({ token, seconds })

/**
 * An exchange that gives the tokens `t1`, `t2` and so on, and takes the latest: what `opening` answers for the opening of that
 * number, and what `answering` answers to a request with a token that it takes, goes first.
 */
const taking = (answers: {
  readonly opening?: (number: number, sent: Wire.Sent) => ReturnType<Wire.Script> | undefined
  readonly answering?: (sent: Wire.Sent) => ReturnType<Wire.Script> | undefined
} = {}): Wire.Script => {
  let [asked, latest] = [0, ""]
  return (sent) => {
    if (sent.path === "/auth") {
      asked++
      const answer = answers.opening?.(asked, sent)
      if (answer !== undefined) return answer
      latest = `t${asked}`
      return granting(latest)
    }
    if (sent.path === "/value") return Wire.ok()
    if (sent.headers["authorization"] !== `Bearer ${latest}`) return Wire.refuse("AuthenticationFailed", 401)
    return answers.answering?.(sent) ?? Wire.ok()
  }
}

const setup = (
  script: Wire.Script = taking(),
  options: Parameters<typeof Wire.setup>[1] = {}
) => Wire.setup(script, { ...options, protocol: { session, ...options.protocol } })

describe("a session", () => {
  it.scoped("is opened by the first request that needs it, and carried by those that follow", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup()
      yield* client.request(Acme.value, {})
      assert.deepStrictEqual(shown(sent), ["value"])
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(shown(sent), ["value", "auth", "balance t1", "order t1"])
      const [, opening, balance] = sent
      assert.strictEqual(opening?.body, "grant=key")
      assert.isNotNull(opening?.query.get("signature"))
      assert.isNull(balance?.query.get("signature"))
      assert.isUndefined(balance?.headers["x-acme-key"])
    }))

  it.scoped("is opened once for all who wait, in all clients with the key", () =>
    Effect.gen(function*() {
      const wire = Wire.make(taking())
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
      assert.deepStrictEqual(shown(wire.sent), ["auth", ...Array.from({ length: 6 }, () => "holdings t1")])
    }))

  it.scoped("that cannot be opened fails those who wait, and is tried again by the next", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(
        taking({ opening: (number) => number === 1 ? Wire.refuse("PermissionDenied") : undefined })
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
      assert.deepStrictEqual(shown(sent), ["auth", "auth", "order t2"])
    }))

  for (
    const [what, answer, tag] of [
      ["is lost", () => Wire.hang, "ExchangeUnavailable"],
      ["is an outage", () => new Response("<html>", { status: 502 }), "ExchangeUnavailable"],
      ["is cut short", () => new Response("{\"token\":\"t1"), "ExchangeUnavailable"],
      ["breaks off", (sent: Wire.Sent) => Wire.broken(sent, "ECONNRESET"), "TransportFailed"],
      ["is that there are too many", () => Wire.refuse("RateLimited", 429), "RateLimited"],
      ["makes no sense", () => Wire.refuse("OrderNotFound"), "ExchangeUnavailable"]
    ] as const
  ) {
    it.scoped(`whose opening ${what} leaves no doubt about the order that waited for it: it was not sent`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* setup(taking({ opening: (_, sent) => answer(sent) }), { deadline: "1 hour" })
        const failing = yield* start(Effect.flip(client.request(Acme.order, { amount: 1 })))
        yield* TestClock.adjust("1 minute")
        const error = yield* Fiber.join(failing)
        assert.strictEqual(error._tag, tag)
        assert.strictEqual(error.outcome, "NotSent")
        assert.deepStrictEqual(new Set(shown(sent)), new Set(["auth"]))
      }))
  }

  it.scoped("is opened for the others when the one who asked first goes away, and not at all when all do", () =>
    Effect.gen(function*() {
      const answered = yield* Deferred.make<void>()
      const { client, sent } = yield* setup(({ path }) =>
        path === "/auth" ? Effect.map(Deferred.await(answered), () => granting("t1")) : Wire.ok()
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
      assert.deepStrictEqual(shown(sent), ["auth", "auth", "order t1"])
    }))

  it.scoped("is not asked for by what is signed by a scheme of its own, nor by what is public", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(() => Wire.ok())
      yield* client.request({ ...Acme.balance, scheme: "signature" }, {})
      yield* client.request(Acme.value, {})
      assert.deepStrictEqual(shown(sent), ["balance", "value"])
      assert.isNotNull(sent[0]?.query.get("signature"))
    }))

  it.scoped("is opened with a clock that was put right, and the request goes out", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup((sent, index) =>
        sent.path === "/time"
          ? Wire.json({ now: 90_000 })
          : index === 0
          ? Wire.refuse("ClockSkew")
          : sent.path === "/auth"
          ? granting("t1")
          : Wire.ok()
      )
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(shown(sent), ["auth", "time", "auth", "order t1"])
      assert.isAtLeast(Number(sent[2]?.query.get("timestamp")), 90_000)
    }))
})

describe("the end of a session", () => {
  it.scoped("is not waited for: another is opened before, while the first is used", () =>
    Effect.gen(function*() {
      const answered = yield* Deferred.make<void>()
      const { client, sent } = yield* setup((sent, index) =>
        sent.path !== "/auth"
          ? Wire.ok()
          : index === 0
          ? granting("t1")
          : Effect.map(Deferred.await(answered), () => granting("t2"))
      )
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("719 seconds")
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("1 second")
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.balance, {})
      yield* settle
      assert.deepStrictEqual(shown(sent).toSorted(), ["auth", "auth", ...Array.from({ length: 4 }, () => "balance t1")])
      yield* TestClock.adjust("5 seconds")
      yield* Deferred.succeed(answered, undefined)
      yield* settle
      yield* client.request(Acme.balance, {})
      assert.strictEqual(shown(sent).at(-1), "balance t2")
      // The new one counts from when it was asked for, and not from when it came.
      for (const [wait, openings] of [["714 seconds", 2], ["1 second", 3]] as const) {
        yield* TestClock.adjust(wait)
        yield* client.request(Acme.balance, {})
        yield* settle
        assert.strictEqual(shown(sent).filter((what) => what === "auth").length, openings)
      }
    }))

  it.scoped("comes later for those whose renewal fails", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup((sent, index) =>
        sent.path !== "/auth" ? Wire.ok() : index === 0 ? granting("t1") : Wire.refuse("PermissionDenied")
      )
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("720 seconds")
      for (let second = 720; second < 900; second += 9) {
        for (let i = 0; i < 3; i++) yield* client.request(Acme.cancel, { id: "1" })
        yield* TestClock.adjust("9 seconds")
      }
      const before = shown(sent)
      assert.strictEqual(before.filter((what) => what === "order/1 t1").length, 60)
      // At 720, when half of what is left has passed, and so on.
      assert.strictEqual(before.filter((what) => what === "auth").length, 1 + 5)
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.deepStrictEqual([error._tag, error.outcome], ["PermissionDenied", "NotSent"])
    }))

  it.scoped("has the next request wait for another", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup()
      yield* client.request(Acme.balance, {})
      yield* TestClock.adjust("900 seconds")
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(shown(sent), ["auth", "balance t1", "auth", "balance t2"])
    }))

  for (const [what, where] of [["a request", Effect.interruptible], ["a finalizer", Effect.uninterruptible]] as const) {
    it.effect(`takes a renewal under way with it when the client ends, that ${what} has begun`, () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const { client, sent } = yield* Scope.extend(
          setup((sent, index) => sent.path !== "/auth" ? Wire.ok() : index === 0 ? granting("t1") : Wire.hang),
          scope
        )
        yield* client.request(Acme.balance, {})
        yield* TestClock.adjust("800 seconds")
        yield* where(client.request(Acme.balance, {}))
        yield* settle
        assert.isFalse(sent.at(-1)?.signal.aborted)
        const closed = yield* start(Scope.close(scope, Exit.void))
        assert.isTrue(Option.isSome(yield* Fiber.poll(closed)))
        assert.deepStrictEqual([shown(sent).at(-1), sent.at(-1)?.signal.aborted], ["auth", true])
      }))
  }
})

describe("a token that the exchange no longer takes", () => {
  it.scoped("is replaced once, and the request sent again, an order too that was refused for certain", () =>
    Effect.gen(function*() {
      let over = false
      const { client, sent } = yield* setup(taking({
        answering: () => {
          over = !over
          return over ? Wire.refuse("AuthenticationFailed", 401) : undefined
        }
      }))
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(shown(sent), ["auth", "balance t1", "auth", "balance t2", "order t2", "auth", "order t3"])
    }))

  it.scoped("is replaced no more than once for a request", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(taking({ answering: () => Wire.refuse("AuthenticationFailed", 401) }))
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.deepStrictEqual([error._tag, error.operation, error.outcome], [
        "AuthenticationFailed",
        "balance",
        "Rejected"
      ])
      assert.deepStrictEqual(shown(sent), ["auth", "balance t1", "auth", "balance t2"])
    }))

  it.scoped("is replaced once for all whom it was refused", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(taking({
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
      assert.strictEqual(shown(sent).filter((what) => what === "auth").length, 2)
      assert.strictEqual(shown(sent).filter((what) => what === "holdings t2").length, 4)
    }))

  it.scoped("leaves an order alone of which a bare status does not say that it was refused, and is replaced for the next", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* setup(taking({
        answering: ({ headers }) =>
          headers["authorization"] === "Bearer t1" ? new Response("no", { status: 401 }) : undefined
      }))
      const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
      assert.deepStrictEqual([error._tag, error.outcome], ["AuthenticationFailed", "Unknown"])
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(shown(sent), ["auth", "order t1", "auth", "balance t2"])
    }))

  it.scoped("is told by its codes, where these are known: any other refusal is of the key", () =>
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
          ({ path }) => path === "/auth" ? granting("t") : Wire.json({ code }, 400),
          { protocol: { ...codes, session: over } }
        )
        const error = yield* Effect.flip(client.request(Acme.balance, {}))
        assert.strictEqual(error.code, String(code))
        assert.strictEqual(shown(sent).filter((what) => what === "auth").length, opened)
      }
    }))
})

describe("credentials that are rotated", () => {
  const [before, later] = ["before", "later"].map((secret): Credentials.Credentials => ({
    key: Redacted.make("the-key"),
    secret: Redacted.make(secret)
  }))

  it.scoped("open a session of their own: no token of those before is sent again", () =>
    Effect.gen(function*() {
      assert(before !== undefined && later !== undefined)
      let current = before
      const provider = { get: Effect.sync(() => current), reload: Effect.sync(() => current) }
      const { client, sent } = yield* setup(taking(), { credentials: provider })
      yield* client.request(Acme.balance, {})
      current = later
      yield* client.request(Acme.balance, {})
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(shown(sent), ["auth", "balance t1", "auth", "balance t2", "balance t2"])
      assert.notStrictEqual(sent[0]?.query.get("signature"), sent[2]?.query.get("signature"))
    }))

  it.scoped("are read again where no session can be opened with those before", () =>
    Effect.gen(function*() {
      assert(before !== undefined && later !== undefined)
      const provider = { get: Effect.succeed(before), reload: Effect.succeed(later) }
      const { client, sent } = yield* setup(
        taking({ opening: (number) => number === 1 ? Wire.refuse("AuthenticationFailed", 401) : undefined }),
        { credentials: provider }
      )
      yield* client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(shown(sent), ["auth", "auth", "order t2"])
    }))
})

describe("a token that cannot be put onto a request", () => {
  it.scoped("is no defect, and not shown", () =>
    Effect.gen(function*() {
      const carry = (_: unknown, token: Redacted.Redacted<string>) => {
        throw new Error(`no place for ${Redacted.value(token)}`)
      }
      const { client, sent } = yield* setup(taking(), { protocol: { session: { ...session, carry } } })
      const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
      assert.deepStrictEqual([error._tag, error.outcome], ["AuthenticationFailed", "NotSent"])
      assert.notInclude(error.message, "t1")
      assert.deepStrictEqual(shown(sent), ["auth"])
    }))
})

describe("what opens a session", () => {
  it.scoped("is shown to nobody, though its refusals are", () =>
    Effect.gen(function*() {
      const { client } = yield* setup(taking({
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

/** As Deribit has it: the key and its secret in the query, answers in an envelope, and `13009` for a token that has expired. */
describe("client credentials", () => {
  const limits = { ip: Limit.bucket(90, 19) }
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

  it.scoped("open a session of the scope that is asked for, again when it has expired, and are not sent otherwise", () =>
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
