import { Credentials } from "@effect-exchange/core"
import { assert, describe } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, TestClock } from "effect"
import { Vault } from "../src/index.js"
import * as Loops from "./support/loops.js"
import { pair, test } from "./support/reading.js"
import * as Scripted from "./support/scripted.js"
import * as Server from "./support/server.js"
import { api, jwt, options, started } from "./support/vault.js"
import * as VaultServer from "./support/vaultServer.js"

describe("Vault: Kubernetes", () => {
  const kubernetes = (vault: { readonly url: string }, text = jwt) =>
    Effect.gen(function*() {
      const file = yield* Server.file(text)
      const { read } = yield* Vault.make(
        options(vault.url, { auth: { type: "kubernetes", role: "trader", file: file.path } })
      )
      return { file, read }
    })

  test(
    "logs in once, again before the lease ends, and with what the file holds then",
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
    "a hundred reads at once log in once",
    Effect.gen(function*() {
      const vault = yield* started
      const { read } = yield* kubernetes(vault)
      yield* Effect.all(Array.from({ length: 100 }, () => read), { concurrency: "unbounded" })
      assert.strictEqual(vault.state.logins, 1)
    })
  )

  test(
    "goes on with a token that has not ended when another cannot be had yet",
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
    "logs in once more when the token is refused before its time, and gives up when the next is, too",
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
      // The read, the login, the read.
      assert.lengthOf(vault.received, before + 3)
    })
  )

  test(
    "a role that Vault does not know, or an account that it does not let in, is a refusal",
    Effect.gen(function*() {
      const vault = yield* started
      const stranger = yield* kubernetes(vault, "stranger")
      const { read } = yield* kubernetes(vault)
      const account = yield* Effect.flip(stranger.read)
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
    "a token that is refused stays so when the file for another login is gone",
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
    "uses nothing that was kept once the role is taken away",
    Effect.gen(function*() {
      const vault = yield* started
      const { path } = yield* Server.file(jwt)
      const source = Vault.layer(options(vault.url, { auth: { type: "kubernetes", role: "trader", file: path } }))
      const provider = yield* Scripted.provider(
        Layer.provide(source, Server.platform),
        ConfigProvider.fromMap(new Map([["BINANCE_API_KEY", "of the environment"]]))
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
    "a key is rotated in Vault under a hundred loops of loads, its lease ends and it is sealed for a while: none fails",
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
      // The next time somebody asks it is read behind their back.
      while (!seen.slice(-100).every((pair) => pair === "k3 s3")) yield* rounds(1)
      assert.deepStrictEqual(new Set(seen), new Set(["k1 s1", "k2 s2", "k3 s3"]))
      assert.isAbove(vault.state.logins, 1)
    })
  )
})
