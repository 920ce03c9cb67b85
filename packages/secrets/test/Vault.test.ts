import { assert, describe } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, TestClock } from "effect"
import { Vault } from "../src/index.js"
import * as Loops from "./support/loops.js"
import { plain, test } from "./support/reading.js"
import * as Server from "./support/server.js"
import { api, options, started, token } from "./support/vault.js"
import * as VaultServer from "./support/vaultServer.js"

describe("Vault", () => {
  test(
    "reads the fields of a secret by a token, with the headers that Vault wants",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* Vault.make(options(vault.url))
      assert.deepStrictEqual(yield* plain(read), { BINANCE_API_KEY: "k1", BINANCE_API_SECRET: "s1" })
      vault.write(` ${api}`, { BINANCE_API_KEY: "k2" })
      assert.deepStrictEqual(yield* plain(read), { BINANCE_API_KEY: "k2" })
      assert.strictEqual(vault.received[0]?.path, "/v1/secret/data/team/exchanges")
      assert.strictEqual(vault.received[0]?.headers["x-vault-request"], "true")
      assert.notProperty(vault.received[0]?.headers, "x-vault-namespace")
    })
  )

  test(
    "reads in a namespace, from another mount, and from a path with other letters",
    Effect.gen(function*() {
      const vault = yield* started
      const other = "kv/data/team é/exchanges"
      vault.state.mounts.add("kv")
      vault.state.tokens.set(token, { namespace: "admin/team", paths: [other], endsAt: Number.POSITIVE_INFINITY })
      vault.write(`admin/team ${other}`, { A: "b" })
      const { read } = yield* Vault.make(
        options(vault.url, { namespace: "admin/team", mount: "kv", path: "team é/exchanges" })
      )
      assert.deepStrictEqual(yield* plain(read), { A: "b" })
    })
  )

  for (
    const [name, change, tag, detail] of [
      [
        "a token that Vault does not know",
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
        "a token that has ended",
        (state) => state.tokens.set(token, { namespace: "", paths: [api], endsAt: 0 }),
        "ManagerRefused",
        "or has expired"
      ],
      ["no secret", (state) => state.secrets.clear(), "SecretNotFound", "there is no secret at this path"],
      ["no such engine", (state) => state.mounts.clear(), "SecretNotFound", "check mount, path and namespace"],
      [
        "a deleted version",
        (state) => state.secrets.set(` ${api}`, [{ data: {}, deletedAt: "2026-02-03T04:05:06Z" }]),
        "SecretNotFound",
        "the latest version of the secret is deleted"
      ],
      [
        "values that are no texts",
        (state) => state.secrets.set(` ${api}`, [{ data: { A: "a", B: 5, C: { d: "e" } } }]),
        "SecretMalformed",
        "2 of the secret's values are not strings"
      ]
    ] satisfies ReadonlyArray<
      readonly [string, (state: Effect.Effect.Success<typeof started>["state"]) => void, string, string]
    >
  ) {
    test(
      `${name}: ${tag}, after one request`,
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
      ["an engine of version 1", Server.json(200, { data: { BINANCE_API_KEY: "k" } }), "SecretMalformed"],
      ["a page of HTML", { status: 200, body: "<html>hello</html>" }, "SecretMalformed"],
      ["a secret that is a list", Server.json(200, { data: { data: ["k"], metadata: {} } }), "SecretMalformed"],
      ["more than can be", { status: 200, body: "x".repeat(3 * 1024 * 1024) }, "SecretMalformed"],
      [
        "a redirect",
        { status: 307, headers: { location: "http://127.0.0.1:1/v1/x" }, body: "" },
        "SourceMisconfigured"
      ],
      ["a bad request", VaultServer.errors(400, "bad"), "SourceMisconfigured"]
    ] satisfies ReadonlyArray<readonly [string, Server.Reply, string]>
  ) {
    test(
      `${name}: ${tag}, after one request`,
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
    "follows no redirect with its token, whatever the client would do",
    Effect.gen(function*() {
      const vault = yield* started
      const elsewhere = yield* VaultServer.start
      vault.instead.push(() =>
        Effect.succeed({ status: 307, headers: { location: `${elsewhere.url}/v1/x` }, body: "" })
      )
      const { read } = yield* Vault.make(options(vault.url))
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "SourceMisconfigured")
      assert.include(error.message, "redirects are not followed")
      assert.lengthOf(elsewhere.received, 0)
    }),
    Server.careless
  )

  test(
    "tries again when Vault is sealed, asked too often or broken, and takes what comes then",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* Vault.make(options(vault.url))
      vault.instead.push(() => Effect.succeed(VaultServer.errors(429, "request path: rate limit quota exceeded")))
      vault.instead.push(() => Effect.succeed(VaultServer.errors(500, "internal error")))
      assert.deepStrictEqual(yield* plain(read), { BINANCE_API_KEY: "k1", BINANCE_API_SECRET: "s1" })
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
    "waits as long as it is asked to, and not at all beyond its deadline",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* Vault.make(options(vault.url))
      const busy = (seconds: string) => () =>
        Effect.succeed(Server.json(429, { errors: [] }, { "retry-after": seconds }))
      vault.instead.push(busy("4"))
      const waiting = yield* Effect.fork(plain(read))
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
    "gives an attempt three seconds",
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
    "says by a code why it cannot be reached",
    Effect.gen(function*() {
      const { read } = yield* Vault.make(options("http://127.0.0.1:1"))
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "ManagerUnreachable")
      assert.include(error.message, "(ECONNREFUSED). Retrying may help.")
    })
  )

  test(
    "reads the token of a file again for every request, without what surrounds it",
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

      // It is replaced between the request and its answer.
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
    "a file of the token that is not there is a mistake of ours, and named as such",
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
