import { Effect, Redacted } from "effect"
import type { Vault } from "../../src/index.js"
import * as VaultServer from "./vaultServer.js"

export const api = "secret/data/team/exchanges"
export const token = "hvs.CAESI-CANARY-token-00112233445566778899"
export const jwt = "eyJhbGciOiJSUzI1NiJ9.CANARY-jwt.c2lnbmF0dXJl"

/** A Vault server with one secret, a token that may read it, and a role whose logins may read it for a minute. */
export const started = Effect.gen(function*() {
  const vault = yield* VaultServer.start
  vault.write(` ${api}`, { BINANCE_API_KEY: "k1", BINANCE_API_SECRET: "s1" })
  vault.state.tokens.set(token, { namespace: "", paths: [api], endsAt: Number.POSITIVE_INFINITY })
  vault.state.roles.set("kubernetes/trader", { namespace: "", jwts: new Set([jwt]), paths: [api], lease: 60 })
  return vault
})

export const options = (address: string, more: Partial<Vault.Options> = {}): Vault.Options => ({
  address,
  path: "team/exchanges",
  auth: { type: "token", token: Redacted.make(token) },
  ...more
})
