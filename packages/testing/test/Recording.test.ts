import { FileSystem, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude, assertInstanceOf } from "@effect/vitest/utils"
import { Cause, Effect, Exit, Layer, Redacted, Ref, Schema } from "effect"
import { Recording, Replay, ScriptedHttp } from "../src/index.js"

const secrets = {
  key: "canary-key-4f9d",
  secret: "canary/secret+5e0c==",
  passphrase: "canary pass phrase",
  signature: "canaryc0ffee5150",
  jwt: "eyJhbGciOiJFUzI1NiJ9.canary.c2lnbmF0dXJl",
  nonce: "canary-nonce-17",
  token: "canary-token-88"
}

const origin = "https://toy.example"

const signed = {
  "x-api-key": secrets.key,
  "x-passphrase": secrets.passphrase,
  authorization: `Bearer ${secrets.jwt}`
}

const get = HttpClientRequest.get(
  `${origin}/api/v3/order?symbol=BTCUSDT&limit=5&signature=${secrets.signature}&timestamp=1767225600000`,
  { headers: signed }
)

const form = HttpClientRequest.post(`${origin}/0/private/AddOrder`, { headers: signed }).pipe(
  HttpClientRequest.bodyText(
    `nonce=${secrets.nonce}&pair=XBTUSD&volume=1&otp=${encodeURIComponent(secrets.secret)}`,
    "application/x-www-form-urlencoded"
  )
)

const json = HttpClientRequest.post(`${origin}/api/v5/trade/batch`, { headers: signed }).pipe(
  HttpClientRequest.bodyText(
    JSON.stringify([{ sz: "1", instId: "BTC-USDT", clOrdId: secrets.nonce, inner: { side: "buy", key: secrets.key } }]),
    "application/json"
  )
)

/** A response that repeats the caller's secrets. */
const leaking = JSON.stringify({
  balance: "12.50",
  apiKey: "another-key-entirely",
  echo: `${secrets.key} ${secrets.signature} ${
    encodeURIComponent(secrets.secret)
  } ${secrets.jwt} ${secrets.passphrase}`,
  path: secrets.secret.replaceAll("/", "\\/"),
  token: secrets.token,
  limit: 5
})

const responding = ScriptedHttp.layer((_, index) =>
  ScriptedHttp.json(JSON.parse(index === 0 ? leaking : `{"n":${index}}`), {
    status: index === 1 ? 400 : 200,
    headers: {
      "x-mbx-used-weight-1m": "7",
      "set-cookie": `session=${secrets.token}`,
      date: "Thu, 01 Jan 2026 00:00:00 GMT"
    }
  })
)

const text = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(
    HttpClient.HttpClient,
    (client) => Effect.flatMap(client.execute(request), (response) => response.text)
  )

/** The responses to requests, and the fixtures that are recorded meanwhile. */
const recorded = (requests: ReadonlyArray<HttpClientRequest.HttpClientRequest>, options?: Recording.Options) =>
  Effect.gen(function*() {
    const fixtures = yield* Ref.make<ReadonlyArray<Recording.Fixture>>([])
    const layer = Recording.layerSink((fixture) => Ref.update(fixtures, (all) => [...all, fixture]), options)
    const responses = yield* Effect.forEach(requests, text).pipe(Effect.provide(layer), Effect.provide(responding))
    return { responses, fixtures: yield* Ref.get(fixtures) }
  })

/** Files in memory. */
const disk = (files = new Map<string, string>()) =>
  FileSystem.layerNoop({
    makeDirectory: () => Effect.void,
    readDirectory: (directory) =>
      Effect.sync(() =>
        [...files.keys()].flatMap((path) => path.startsWith(`${directory}/`) ? [path.slice(directory.length + 1)] : [])
      ),
    readFileString: (path) => Effect.sync(() => files.get(path) ?? ""),
    writeFileString: (path, text) => Effect.sync(() => void files.set(path, text))
  })

describe("Recording", () => {
  it.effect("keeps only harmless parts of a request, and the status, headers and text of the response", () =>
    Effect.gen(function*() {
      const { fixtures } = yield* recorded([get, form, json])
      assert.deepStrictEqual(
        fixtures.map(({ body, method, path, query, status }) => [method, path, query, body, status]),
        [
          ["GET", "/api/v3/order", "limit=5&symbol=BTCUSDT", "", 200],
          ["POST", "/0/private/AddOrder", "", "pair=XBTUSD&volume=1", 400],
          [
            "POST",
            "/api/v5/trade/batch",
            "",
            "[{\"inner\":{\"side\":\"buy\"},\"instId\":\"BTC-USDT\",\"sz\":\"1\"}]",
            200
          ]
        ]
      )
      assert.deepStrictEqual(fixtures[0]?.headers, { "content-type": "application/json", "x-mbx-used-weight-1m": "7" })
      assertInclude(fixtures[0]?.text, "\"balance\":\"12.50\"")
      assertInclude(fixtures[0]?.text, "\"limit\":5")
    }))

  it.effect("returns the whole response to the caller", () =>
    Effect.gen(function*() {
      const { responses } = yield* recorded([get])
      assert.deepStrictEqual(JSON.parse(responses[0] ?? ""), JSON.parse(leaking))
    }))

  it.effect("never records a key, secret, passphrase, nonce, signature or token, in request or response", () =>
    Effect.gen(function*() {
      const { fixtures } = yield* recorded([get, form, json], { secrets: [Redacted.make(secrets.secret)] })
      const written = Schema.encodeSync(Schema.parseJson(Schema.Array(Recording.Fixture)))(fixtures)
      for (const part of ["canary", "c0ffee", "eyJ", "another-key", "c2ln"]) assert.notInclude(written, part)
      assertInclude(written, "REDACTED")
    }))

  it.effect("records no token or secret that an exchange issues, whatever its field is called", () =>
    Effect.gen(function*() {
      const names = ["access_token", "refresh_token", "refreshToken", "client_secret", "privateKey", "password"]
      const issued = Object.fromEntries(names.map((name) => [name, `canary-${name}`]))
      const fixtures = yield* Ref.make<ReadonlyArray<Recording.Fixture>>([])
      yield* text(HttpClientRequest.get(`${origin}/api/v2/public/auth`)).pipe(
        Effect.provide(Recording.layerSink((fixture) => Ref.update(fixtures, (all) => [...all, fixture]))),
        Effect.provide(ScriptedHttp.layer([ScriptedHttp.json({ result: { ...issued, token_type: "bearer" } })]))
      )
      const [fixture] = yield* Ref.get(fixtures)
      assert.notInclude(fixture?.text, "canary")
      assertInclude(fixture?.text, "\"token_type\":\"bearer\"")
    }))

  it.effect("records only the parameters and headers given in the options", () =>
    Effect.gen(function*() {
      const { fixtures } = yield* recorded([get], { parameters: ["limit"], headers: [] })
      assert.strictEqual(fixtures[0]?.query, "limit=5")
      assert.deepStrictEqual(fixtures[0]?.headers, {})
    }))

  it.effect("writes files numbered after the existing ones", () =>
    Effect.gen(function*() {
      const files = new Map([["fixtures/0007-GET-old.json", "{}"], ["fixtures/notes.txt", ""]])
      yield* Effect.forEach([get, form], text).pipe(
        Effect.provide(Recording.layer({ directory: "fixtures" })),
        Effect.provide(responding),
        Effect.provide(disk(files))
      )
      assert.deepStrictEqual([...files.keys()].slice(2), [
        "fixtures/0008-GET-api-v3-order.json",
        "fixtures/0009-POST-0-private-AddOrder.json"
      ])
      for (const written of files.values()) assert.notInclude(written, "canary-key")
    }))
})

describe("Replay", () => {
  const fixture = (query: string, text: string): Recording.Fixture => ({
    method: "GET",
    path: "/api/v3/order",
    query,
    body: "",
    status: 200,
    headers: { "content-type": "application/json" },
    text
  })

  it.effect("returns recorded responses whatever key signs the request", () =>
    Effect.gen(function*() {
      const { fixtures } = yield* recorded([get, form, json])
      const again = HttpClientRequest.setHeader(get, "x-api-key", "other")
      const replayed = yield* Effect.forEach([json, again, form], text).pipe(Effect.provide(Replay.layer(fixtures)))
      assert.deepStrictEqual(replayed, [fixtures[2]?.text, fixtures[0]?.text, fixtures[1]?.text])
    }))

  it.effect("returns the responses to one request in order, and then repeats the last", () =>
    Effect.gen(function*() {
      const query = "limit=5&symbol=BTCUSDT"
      const layer = Replay.layer([fixture(query, "1"), fixture("limit=6", "other"), fixture(query, "2")])
      assert.deepStrictEqual(
        yield* Effect.forEach([get, get, get], text).pipe(Effect.provide(layer)),
        ["1", "2", "2"]
      )
    }))

  it.effect("dies with NotRecorded, which names the request and the recorded ones", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(text(get)).pipe(Effect.provide(Replay.layer([fixture("limit=6", "other")])))
      assert(Exit.isFailure(exit))
      const error = Cause.squash(exit.cause)
      assertInstanceOf(error, Replay.NotRecorded)
      assert.strictEqual(
        error.message,
        "No response is recorded for GET /api/v3/order?limit=5&symbol=BTCUSDT; record one. " +
          "Recorded requests: GET /api/v3/order?limit=6"
      )
    }))

  it.effect("replays a directory of recorded files", () =>
    Effect.gen(function*() {
      const files = disk()
      const layer = Layer.provide(Recording.layer({ directory: "fixtures" }), responding)
      yield* text(get).pipe(Effect.provide(layer), Effect.provide(files))
      const replayed = yield* text(get).pipe(Effect.provide(Replay.layerDirectory("fixtures")), Effect.provide(files))
      assertInclude(replayed, "12.50")
    }))

  it.effect("fails and names the file when it is not a fixture", () =>
    Effect.gen(function*() {
      const files = disk(new Map([["fixtures/0001.json", "{}"]]))
      const error = yield* Effect.flip(
        Layer.build(Replay.layerDirectory("fixtures")).pipe(Effect.scoped, Effect.provide(files))
      )
      assertInclude(error.message, "0001.json is not a valid fixture")
    }))
})
