import { assert, describe } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, TestClock } from "effect"
import { Vault } from "../src/index.js"
import * as Loops from "./support/loops.js"
import * as Server from "./support/server.js"
import { readPlain, test } from "./support/sourceTest.js"
import { api, options, started, token } from "./support/vault.js"
import * as VaultServer from "./support/vaultServer.js"

describe("Vault", () => {
  test(
    "reads the fields of a secret with a token, and sends the x-vault-request header",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* Vault.make(options(vault.url))
      assert.deepStrictEqual(yield* readPlain(read), { BINANCE_API_KEY: "k1", BINANCE_API_SECRET: "s1" })
      vault.write(` ${api}`, { BINANCE_API_KEY: "k2" })
      assert.deepStrictEqual(yield* readPlain(read), { BINANCE_API_KEY: "k2" })
      assert.strictEqual(vault.received[0]?.path, "/v1/secret/data/team/exchanges")
      assert.strictEqual(vault.received[0]?.headers["x-vault-request"], "true")
      assert.notProperty(vault.received[0]?.headers, "x-vault-namespace")
    })
  )

  test(
    "reads from a namespace, a custom mount and a path with non-ASCII letters",
    Effect.gen(function*() {
      const vault = yield* started
      const other = "kv/data/team é/exchanges"
      vault.state.mounts.add("kv")
      vault.state.tokens.set(token, { namespace: "admin/team", paths: [other], endsAt: Number.POSITIVE_INFINITY })
      vault.write(`admin/team ${other}`, { A: "b" })
      const { read } = yield* Vault.make(
        options(vault.url, { namespace: "admin/team", mount: "kv", path: "team é/exchanges" })
      )
      assert.deepStrictEqual(yield* readPlain(read), { A: "b" })
    })
  )

  for (
    const [name, change, tag, detail] of [
      [
        "an unknown token",
        (state) => state.tokens.clear(),
        "ManagerRefused",
        "may not read the secret"
      ],
      [
        "a token without a policy",
        (state) => state.tokens.set(token, { namespace: "", paths: [], endsAt: Number.POSITIVE_INFINITY }),
        "ManagerRefused",
        "check the token, its policies and the namespace"
      ],
      [
        "an expired token",
        (state) => state.tokens.set(token, { namespace: "", paths: [api], endsAt: 0 }),
        "ManagerRefused",
        "or has expired"
      ],
      ["a missing secret", (state) => state.secrets.clear(), "SecretNotFound", "there is no secret at this path"],
      ["a missing engine", (state) => state.mounts.clear(), "SecretNotFound", "check mount, path and namespace"],
      [
        "a deleted version",
        (state) => state.secrets.set(` ${api}`, [{ data: {}, deletedAt: "2026-02-03T04:05:06Z" }]),
        "SecretNotFound",
        "the latest version of the secret is deleted"
      ],
      [
        "values that are not strings",
        (state) => state.secrets.set(` ${api}`, [{ data: { A: "a", B: 5, C: { d: "e" } } }]),
        "SecretMalformed",
        "2 of the secret's values are not strings"
      ]
    ] satisfies ReadonlyArray<
      readonly [string, (state: Effect.Effect.Success<typeof started>["state"]) => void, string, string]
    >
  ) {
    test(
      `fails with ${tag} after one request for ${name}`,
      Effect.gen(function*() {
        const vault = yield* started
        change(vault.state)
        const { read } = yield* Vault.make(options(vault.url))
        const error = yield* Effect.flip(read)
        assert.strictEqual(error._tag, tag)
        assert.include(error.message, detail)
        assert.match(error.message, /^Vault: .+\. Retrying does not help until this is fixed\.$/)
        assert.isFalse(error.isRetryable)
        assert.lengthOf(vault.received, 1)
      })
    )
  }

  for (
    const [name, reply, tag] of [
      ["a key-value engine of version 1", Server.json(200, { data: { BINANCE_API_KEY: "k" } }), "SecretMalformed"],
      ["an HTML page", { status: 200, body: "<html>hello</html>" }, "SecretMalformed"],
      ["a secret that is a list", Server.json(200, { data: { data: ["k"], metadata: {} } }), "SecretMalformed"],
      ["a response that is too large", { status: 200, body: "x".repeat(3 * 1024 * 1024) }, "SecretMalformed"],
      [
        "a redirect",
        { status: 307, headers: { location: "http://127.0.0.1:1/v1/x" }, body: "" },
        "SourceMisconfigured"
      ],
      ["a bad request", VaultServer.errors(400, "bad"), "SourceMisconfigured"]
    ] satisfies ReadonlyArray<readonly [string, Server.Reply, string]>
  ) {
    test(
      `fails with ${tag} after one request for ${name}`,
      Effect.gen(function*() {
        const vault = yield* started
        vault.instead.push(() => Effect.succeed(reply))
        const { read } = yield* Vault.make(options(vault.url))
        assert.strictEqual((yield* Effect.flip(read))._tag, tag)
        assert.lengthOf(vault.received, 1)
      })
    )
  }

  test(
    "does not follow a redirect, even with a client that follows redirects",
    Effect.gen(function*() {
      const vault = yield* started
      const redirectTarget = yield* VaultServer.start
      vault.instead.push(() =>
        Effect.succeed({ status: 307, headers: { location: `${redirectTarget.url}/v1/x` }, body: "" })
      )
      const { read } = yield* Vault.make(options(vault.url))
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "SourceMisconfigured")
      assert.include(error.message, "redirects are not followed")
      assert.lengthOf(redirectTarget.received, 0)
    }),
    Server.redirectFollowingPlatform
  )

  test(
    "retries after status 429, 500 and 503, and returns the secrets of a later attempt",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* Vault.make(options(vault.url))
      vault.instead.push(() => Effect.succeed(VaultServer.errors(429, "request path: rate limit quota exceeded")))
      vault.instead.push(() => Effect.succeed(VaultServer.errors(500, "internal error")))
      assert.deepStrictEqual(yield* readPlain(read), { BINANCE_API_KEY: "k1", BINANCE_API_SECRET: "s1" })
      assert.lengthOf(vault.received, 3)

      vault.state.sealed = true
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "ManagerUnavailable")
      assert.strictEqual(
        error.message,
        "Vault: the service is unavailable; check whether it is sealed, in maintenance or overloaded (status 503). Retrying may help."
      )
      assert.lengthOf(vault.received, 6)
    })
  )

  test(
    "waits for Retry-After, and fails without waiting if that is beyond the deadline",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* Vault.make(options(vault.url))
      const busy = (seconds: string) => () =>
        Effect.succeed(Server.json(429, { errors: [] }, { "retry-after": seconds }))
      vault.instead.push(busy("4"))
      const waiting = yield* Effect.fork(readPlain(read))
      while (!Chunk.contains(yield* TestClock.sleeps(), 4_000)) yield* Loops.turn
      yield* TestClock.adjust(3_999)
      assert.lengthOf(vault.received, 1)
      yield* TestClock.adjust(1)
      yield* Fiber.join(waiting)
      assert.lengthOf(vault.received, 2)

      vault.instead.push(busy("60"))
      assert.strictEqual((yield* Effect.flip(read))._tag, "ManagerUnavailable")
      assert.lengthOf(vault.received, 3)
    })
  )

  test(
    "an attempt times out after three seconds",
    Effect.gen(function*() {
      const vault = yield* started
      const reached = yield* Deferred.make<void>()
      vault.instead.push(() => Effect.zipRight(Deferred.succeed(reached, undefined), Effect.never))
      const { read } = yield* Vault.make(options(vault.url, { attempts: 1 }))
      const fiber = yield* Effect.fork(Effect.flip(read))
      yield* Deferred.await(reached)
      yield* TestClock.adjust(2_999)
      assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
      yield* TestClock.adjust(1)
      assert.include((yield* Fiber.join(fiber)).message, "the response was not complete in time")
    })
  )

  test(
    "includes the code of the connection error if Vault cannot be reached",
    Effect.gen(function*() {
      const { read } = yield* Vault.make(options("http://127.0.0.1:1"))
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "ManagerUnreachable")
      assert.include(error.message, "(ECONNREFUSED). Retrying may help.")
    })
  )

  test(
    "reads the token file for each request, and trims the token",
    Effect.gen(function*() {
      const vault = yield* started
      const file = yield* Server.file(`${token}\n`)
      const { read } = yield* Vault.make(options(vault.url, { auth: { type: "tokenFile", file: file.path } }))
      yield* read
      vault.state.tokens.clear()
      assert.strictEqual((yield* Effect.flip(read))._tag, "ManagerRefused")
      vault.state.tokens.set("hvs.other", { namespace: "", paths: [api], endsAt: Number.POSITIVE_INFINITY })
      yield* file.write("hvs.other")
      yield* read

      // The file is rewritten between the request and its response.
      vault.state.tokens.set("hvs.third", { namespace: "", paths: [api], endsAt: Number.POSITIVE_INFINITY })
      vault.instead.push(() => Effect.as(file.write("hvs.third"), VaultServer.errors(403, "permission denied")))
      yield* read

      yield* file.write("two words")
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "SourceMisconfigured")
      assert.notInclude(error.message, "two words")
    })
  )

  test(
    "fails with SourceMisconfigured if the token file does not exist",
    Effect.gen(function*() {
      const { read } = yield* Vault.make(
        options("http://127.0.0.1:1", { auth: { type: "tokenFile", file: "/none/x" } })
      )
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "SourceMisconfigured")
      assert.include(
        error.message,
        "the file of the token cannot be read; check that it exists and is readable (NotFound)"
      )
    })
  )
})
