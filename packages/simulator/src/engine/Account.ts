/**
 * The one account of a simulated exchange: its balances and the API keys that open it.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Decimal from "./internal/decimal.js"
import type * as Model from "./model.js"

/**
 * What a key may do. Every key may read.
 *
 * @since 0.1.0
 * @category models
 */
export type Permission = "read" | "trade" | "withdraw"

/**
 * How the exchange checks a key's signatures: by the shared secret, or by the public key (Ed25519 or P-256) in SPKI
 * form, base64.
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
  /** What must be sent along with the key, on exchanges that ask for it. */
  readonly passphrase?: Redacted.Redacted | undefined
  /** Whether the key works. Defaults to `true`. */
  readonly enabled?: boolean | undefined
}

/**
 * What the account holds of one asset, in whole coins.
 *
 * @since 0.1.0
 * @category models
 */
export type Balance = Model.Balance

/**
 * A key and its secret, as a client needs them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly key: Redacted.Redacted
  readonly secret: Redacted.Redacted
  /** What else the exchange asks for, if it does. */
  readonly passphrase?: Redacted.Redacted | undefined
}

/**
 * A demo key from both sides: what the client is given, and what the exchange stores.
 *
 * @since 0.1.0
 * @category models
 */
export interface DemoKey {
  readonly credentials: Credentials
  readonly key: ApiKey
}

/**
 * The demo keys of an exchange whose signatures are HMACs with a shared secret. They are the same on every run and
 * open nothing but a simulator.
 *
 * `lengths` are the number of characters of the exchange's keys, secrets and, where it has them, passphrases.
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
 * What a demo key with the given permission may do: `read` may only read, `trade` may trade too, `withdraw` may do all
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
 * Letters and digits, at most 80, that follow from a name and look random: the stuff of demo keys.
 *
 * @since 0.1.0
 * @category constructors
 */
export const derive = (name: string, length: number): string =>
  digest(name).toString("base64url").replaceAll(/[-_]/g, "").slice(0, length)

/**
 * Bytes, at most 64, that follow from a name and look random.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deriveBytes = (name: string, length: number): Uint8Array => new Uint8Array(digest(name)).slice(0, length)

/**
 * What the demo account holds: one asset is empty, two are partly locked. An exchange shows those it trades.
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
