/**
 * The one account of a simulated exchange: its balances and the API keys that open it.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Decimal from "./internal/decimal.js"

/**
 * What a key may do. Every key may read.
 *
 * @since 0.1.0
 * @category models
 */
export type Permission = "read" | "trade" | "withdraw"

/**
 * How the exchange checks a key's signatures: by the shared secret, or by the public key in SPKI form, base64.
 *
 * @since 0.1.0
 * @category models
 */
export type Verifier =
  | { readonly _tag: "Hmac"; readonly secret: Redacted.Redacted }
  | { readonly _tag: "Ed25519"; readonly publicKey: string }

/**
 * An API key as the exchange stores it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiKey {
  readonly id: Redacted.Redacted
  readonly verifier: Verifier
  readonly permissions: ReadonlyArray<Permission>
  /** Whether the key works. Defaults to `true`. */
  readonly enabled?: boolean | undefined
}

/**
 * What the account holds of one asset, in whole coins.
 *
 * @since 0.1.0
 * @category models
 */
export interface Balance {
  readonly asset: string
  readonly free: BigDecimal.BigDecimal
  readonly locked: BigDecimal.BigDecimal
}

/**
 * A key and its secret, as a client needs them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly key: Redacted.Redacted
  readonly secret: Redacted.Redacted
}

/**
 * The demo credentials of an exchange with the given permission: `read` may only read, `trade` may trade too,
 * `withdraw` may do all three. They are the same on every run and open nothing but a simulator.
 *
 * `lengths` are the number of characters of the exchange's keys and secrets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const credentials = (
  exchange: string,
  lengths: { readonly key: number; readonly secret: number },
  permission: Permission
): Credentials => ({
  key: Redacted.make(derive(`${exchange}/${permission}/key`, lengths.key)),
  secret: Redacted.make(derive(`${exchange}/${permission}/secret`, lengths.secret))
})

/**
 * The three demo keys of an exchange, as the exchange stores them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const demoKeys = (
  exchange: string,
  lengths: { readonly key: number; readonly secret: number }
): ReadonlyArray<ApiKey> => {
  const key = (permission: Permission, permissions: ReadonlyArray<Permission>): ApiKey => {
    const { key, secret } = credentials(exchange, lengths, permission)
    return { id: key, verifier: { _tag: "Hmac", secret }, permissions }
  }
  return [key("trade", ["read", "trade"]), key("read", ["read"]), key("withdraw", ["read", "trade", "withdraw"])]
}

/**
 * What the demo account holds, one asset being empty and one partly locked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const demoBalances: ReadonlyArray<Balance> = [
  { asset: "BTC", free: Decimal.literal("1.5"), locked: Decimal.literal("0.25") },
  { asset: "ETH", free: Decimal.literal("12.34567891"), locked: Decimal.literal("0") },
  { asset: "USDT", free: Decimal.literal("25000.5"), locked: Decimal.literal("1000") },
  { asset: "XRP", free: Decimal.literal("0"), locked: Decimal.literal("0") }
]

const derive = (name: string, length: number): string =>
  createHash("sha512").update(`effect-exchange simulator ${name}`).digest("base64url").replaceAll(/[-_]/g, "").slice(
    0,
    length
  )
