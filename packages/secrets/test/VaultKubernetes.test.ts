import { Credentials } from "@effect-exchange/core"
import { assert, describe } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, TestClock } from "effect"
import { Vault } from "../src/index.js"
import * as Loops from "./support/loops.js"
import * as Scripted from "./support/scriptedSource.js"
import * as Server from "./support/server.js"
import { pair, test } from "./support/sourceTest.js"
import { api, jwt, options, started } from "./support/vault.js"
import * as VaultServer from "./support/vaultServer.js"

describe("Vault with Kubernetes authentication", () => {
  const kubernetes = (vault: { readonly url: string }, text = jwt) =>
    Effect.gen(function*() {
      const file = yield* Server.file(text)
      const { read } = yield* Vault.make(
        options(vault.url, { auth: { type: "kubernetes", role: "trader", file: file.path } })
      )
      return { file, read }
    })

  test(
    "logs in once, again after two thirds of the lease, and each time with the current token of the file",
    Effect.gen(function*() {
      const vault = yield* started
      const { file, read } = yield* kubernetes(vault)
      yield* read
      yield* read
      assert.strictEqual(vault.state.logins, 1)
      assert.strictEqual(vault.received[0]?.path, "/v1/auth/kubernetes/login")
      assert.deepStrictEqual(JSON.parse(vault.received[0]?.body ?? ""), { role: "trader", jwt })

      yield* TestClock.adjust(39_999)
      yield* read
      assert.strictEqual(vault.state.logins, 1)
      vault.state.roles.get("kubernetes/trader")?.jwts.clear()
      vault.state.roles.get("kubernetes/trader")?.jwts.add("rotated")
      yield* file.write("rotated\n")
      yield* TestClock.adjust(1)
      yield* read
      assert.strictEqual(vault.state.logins, 2)

      yield* TestClock.adjust("1 hour")
      yield* read
      assert.strictEqual(vault.state.logins, 3)
      assert.isTrue(vault.received.every(({ path }) => !path.includes("renew")))
    })
  )

  test(
    "a hundred concurrent reads log in once",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* kubernetes(vault)
      yield* Effect.all(Array.from({ length: 100 }, () => read), { concurrency: "unbounded" })
      assert.strictEqual(vault.state.logins, 1)
    })
  )

  test(
    "keeps using an unexpired token if the renewal fails with a retryable error",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* kubernetes(vault)
      yield* read
      yield* TestClock.adjust("45 seconds")
      vault.instead.push(() => Effect.succeed(VaultServer.errors(500, "internal error")))
      yield* read
      assert.strictEqual(vault.state.logins, 1)
    })
  )

  test(
    "logs in again if the token is refused before it expires, and fails if the new token is refused too",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* kubernetes(vault)
      yield* read
      vault.state.tokens.clear()
      yield* read
      assert.strictEqual(vault.state.logins, 2)

      const denied = () => Effect.succeed(VaultServer.errors(403, "permission denied"))
      vault.state.roles.set("kubernetes/trader", { namespace: "", jwts: new Set([jwt]), paths: [], lease: 60 })
      vault.instead.push(denied)
      const before = vault.received.length
      assert.strictEqual((yield* Effect.flip(read))._tag, "ManagerRefused")
      // The read, the login and the second read.
      assert.lengthOf(vault.received, before + 3)
    })
  )

  test(
    "fails with ManagerRefused for an unknown role or a rejected service account",
    Effect.gen(function*() {
      const vault = yield* started
      const unknownAccount = yield* kubernetes(vault, "stranger")
      const { read } = yield* kubernetes(vault)
      const account = yield* Effect.flip(unknownAccount.read)
      vault.state.roles.clear()
      const role = yield* Effect.flip(read)
      assert.deepStrictEqual([account.status, role.status], [403, 400])
      for (const refused of [account, role]) {
        assert.strictEqual(refused._tag, "ManagerRefused")
        assert.include(refused.message, "the login of this service account was rejected; check the role")
      }
    })
  )

  test(
    "reports the refusal of the token if the next login cannot read its file",
    Effect.gen(function*() {
      const vault = yield* started
      const { file, read } = yield* kubernetes(vault)
      yield* read
      vault.state.tokens.clear()
      yield* file.write("")
      const error = yield* Effect.flip(read)
      assert.strictEqual(error._tag, "ManagerRefused")
      assert.isTrue(error.revokes)
    })
  )

  test(
    "drops the cached secrets once the role is removed",
    Effect.gen(function*() {
      const vault = yield* started
      const { path } = yield* Server.file(jwt)
      const source = Vault.layer(options(vault.url, { auth: { type: "kubernetes", role: "trader", file: path } }))
      const provider = yield* Scripted.provider(
        Layer.provide(source, Server.platform),
        ConfigProvider.fromMap(new Map([["BINANCE_API_KEY", "from the environment"]]))
      )
      yield* provider.load(pair)
      vault.state.roles.clear()
      vault.state.tokens.clear()
      yield* TestClock.adjust("30 seconds")
      const error = yield* Effect.flip(provider.load(pair))
      assert.include(Credentials.describe(error), "BINANCE_API_KEY cannot be read")
    })
  )

  test(
    "a hundred looping loads see each rotated key, and none fails while the lease ends or Vault is sealed",
    Effect.gen(function*() {
      const vault = yield* started
      const file = yield* Server.file(jwt)
      const source = Vault.layerConfig(
        Config.succeed(options(vault.url, { auth: { type: "kubernetes", role: "trader", file: file.path } }))
      ).pipe(Layer.provide(Server.platform))
      const provider = yield* Scripted.provider(source, ConfigProvider.fromMap(new Map()))
      const seen: Array<string> = []
      const { round } = yield* Loops.start(
        100,
        Effect.map(provider.load(pair), ([key, secret]) => seen.push(`${key} ${secret}`))
      )
      const rounds = (count: number) => Effect.repeatN(Effect.zipRight(round, TestClock.adjust("5 seconds")), count - 1)
      yield* rounds(2)
      vault.write(` ${api}`, { BINANCE_API_KEY: "k2", BINANCE_API_SECRET: "s2" })
      yield* rounds(4)
      assert.deepStrictEqual(new Set(seen), new Set(["k1 s1"]))
      yield* rounds(1)
      assert.deepStrictEqual(new Set(seen.slice(-100)), new Set(["k2 s2"]))
      vault.state.sealed = true
      vault.write(` ${api}`, { BINANCE_API_KEY: "k3", BINANCE_API_SECRET: "s3" })
      yield* rounds(7)
      vault.state.sealed = false
      // The next load starts a read in the background.
      while (!seen.slice(-100).every((pair) => pair === "k3 s3")) yield* rounds(1)
      assert.deepStrictEqual(new Set(seen), new Set(["k1 s1", "k2 s2", "k3 s3"]))
      assert.isAbove(vault.state.logins, 1)
    })
  )
})
