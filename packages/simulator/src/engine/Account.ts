/**
 * The single account of a simulated exchange: its balances and the API keys that open it.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Decimal from "./internal/decimal.js"
import type * as Model from "./model.js"

/**
 * A permission of a key. Every key may read.
 *
 * @since 0.1.0
 * @category models
 */
export type Permission = "read" | "trade" | "withdraw"

/**
 * How the exchange verifies the signatures of a key: with the shared secret, or with the public key (Ed25519 or P-256)
 * as base64 of its SPKI form.
 *
 * @since 0.1.0
 * @category models
 */
export type Verifier =
  | { readonly _tag: "Hmac"; readonly secret: Redacted.Redacted }
  | { readonly _tag: "PublicKey"; readonly publicKey: string }

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
  /** The passphrase that must accompany the key, on exchanges that require one. */
  readonly passphrase?: Redacted.Redacted | undefined
  /** Whether the exchange accepts the key. Defaults to `true`. */
  readonly enabled?: boolean | undefined
}

/**
 * The balance of one asset, in whole coins.
 *
 * @since 0.1.0
 * @category models
 */
export type Balance = Model.Balance

/**
 * A key and its secret, as a client uses them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly key: Redacted.Redacted
  readonly secret: Redacted.Redacted
  /** The passphrase, on exchanges that require one. */
  readonly passphrase?: Redacted.Redacted | undefined
}

/**
 * Both sides of a demo key: the credentials of the client and the key that the exchange stores.
 *
 * @since 0.1.0
 * @category models
 */
export interface DemoKey {
  readonly credentials: Credentials
  readonly key: ApiKey
}

/**
 * Returns the demo keys of an exchange whose signatures are HMACs with a shared secret. The keys are the same on every
 * run and work only with a simulator.
 *
 * `lengths` gives the number of characters of the exchange's keys, of its secrets and, if it has them, of its
 * passphrases.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hmacKey = (
  exchange: string,
  lengths: { readonly key: number; readonly secret: number; readonly passphrase?: number | undefined }
) =>
(permission: Permission): DemoKey => {
  const part = (name: "key" | "secret" | "passphrase", length: number): Redacted.Redacted =>
    Redacted.make(derive(`${exchange}/${permission}/${name}`, length))
  const id = part("key", lengths.key)
  const secret = part("secret", lengths.secret)
  const passphrase = lengths.passphrase === undefined ? {} : { passphrase: part("passphrase", lengths.passphrase) }
  return {
    credentials: { key: id, secret, ...passphrase },
    key: { id, verifier: { _tag: "Hmac", secret }, permissions: granted(permission), ...passphrase }
  }
}

/**
 * Returns the permissions that a demo key has: `read` may only read, `trade` may also trade, `withdraw` may do all
 * three.
 *
 * @since 0.1.0
 * @category constructors
 */
export const granted = (permission: Permission): ReadonlyArray<Permission> => {
  switch (permission) {
    case "read":
      return ["read"]
    case "trade":
      return ["read", "trade"]
    case "withdraw":
      return ["read", "trade", "withdraw"]
  }
}

/**
 * Derives text that looks random from a name: `length` letters and digits, at most 80. Demo keys are made from it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const derive = (name: string, length: number): string =>
  digest(name).toString("base64url").replaceAll(/[-_]/g, "").slice(0, length)

/**
 * Derives bytes that look random from a name, at most 64.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deriveBytes = (name: string, length: number): Uint8Array => new Uint8Array(digest(name)).slice(0, length)

/**
 * The balances of the demo account. One asset is empty, and two are partly locked. An exchange shows the assets that it
 * trades.
 *
 * @since 0.1.0
 * @category constructors
 */
export const demoBalances: ReadonlyArray<Balance> = [
  { asset: "BTC", free: Decimal.literal("1.5"), locked: Decimal.literal("0.25") },
  { asset: "ETH", free: Decimal.literal("12.34567891"), locked: Decimal.literal("0") },
  { asset: "USDT", free: Decimal.literal("25000.5"), locked: Decimal.literal("1000") },
  { asset: "XRP", free: Decimal.literal("0"), locked: Decimal.literal("0") },
  { asset: "USD", free: Decimal.literal("25000.5"), locked: Decimal.literal("0") }
]

const digest = (name: string): Buffer => createHash("sha512").update(`effect-exchange simulator ${name}`).digest()
