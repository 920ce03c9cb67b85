import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import { Vault } from "../src/index.js"
import * as Server from "./support/server.js"
import { options } from "./support/vault.js"

describe("The configuration of Vault", () => {
  const load = (entries: Record<string, string>, config = Vault.config) =>
    ConfigProvider.fromMap(new Map(Object.entries(entries))).load(config)
  const base = { VAULT_ADDR: "https://vault.example.com:8200", EXCHANGE_VAULT_PATH: "team/exchanges" }

  it.effect("reads the standard variables of Vault and those of this package", () =>
    Effect.gen(function*() {
      const read = yield* load({
        ...base,
        VAULT_TOKEN: "hvs.t\n",
        VAULT_NAMESPACE: "admin",
        EXCHANGE_VAULT_MOUNT: "kv"
      })
      assert.deepStrictEqual(read, {
        address: base.VAULT_ADDR,
        path: "team/exchanges",
        mount: "kv",
        namespace: "admin",
        auth: { type: "token", token: Redacted.make("hvs.t") }
      })
      const role = yield* load({ ...base, VAULT_TOKEN: "hvs.t", EXCHANGE_VAULT_ROLE: "trader" })
      assert.deepStrictEqual(role.auth, { type: "kubernetes", role: "trader", mount: undefined, file: undefined })
      const file = yield* load({ ...base, EXCHANGE_VAULT_TOKEN_FILE: "/vault/token" })
      assert.deepStrictEqual(file.auth, { type: "tokenFile", file: "/vault/token" })
      assert.include(String(yield* Effect.flip(load(base))), "EXCHANGE_VAULT_ROLE")
    }))

  for (
    const [name, more] of [
      ["plain http to another host", { address: "http://vault.example.com:8200" }],
      ["a password in the address", { address: "https://user:hunter2@vault.example.com" }],
      ["an address that is not a URL", { address: "vault" }],
      ["a path that leaves the engine", { path: "../../sys/seal" }],
      ["an empty path", { path: "" }],
      ["a line break in the namespace", { namespace: "a\nb" }],
      ["a timeout of zero", { timeout: 0 }],
      ["a timeout that is not a number", { timeout: Number.NaN }],
      ["a deadline below zero", { deadline: "-1 second" }],
      ["no attempts", { attempts: 0 }],
      ["a token with a space", { auth: { type: "token", token: Redacted.make("hunter2 x") } }]
    ] satisfies ReadonlyArray<readonly [string, Partial<Vault.Options>]>
  ) {
    it.scoped(`refuses ${name} in make, without showing it`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Vault.make(options("https://vault.example.com", more)))
        assert.strictEqual(error._op, "InvalidData")
        assert.notInclude(String(error), "hunter2")
      }).pipe(Effect.provide(Server.platform)))
  }
})
