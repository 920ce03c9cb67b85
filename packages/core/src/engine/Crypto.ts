/**
 * What signatures are made by: HMAC and two curves, portable unless a platform has its own, as `NodeExchange.layer` has.
 *
 * Pure and synchronous on every platform, so that a signed request needs no turn of the event loop that a `TestClock` could
 * not see.
 *
 * @since 0.1.0
 */
import { ed25519 } from "@noble/curves/ed25519.js"
import { p256 } from "@noble/curves/nist.js"
import { hmac } from "@noble/hashes/hmac.js"
import { sha256, sha512 } from "@noble/hashes/sha2.js"
import * as Context from "effect/Context"
import * as Redacted from "effect/Redacted"

/**
 * The primitives of a platform. A key is the same object at each signature, so that what is made of it can be kept in a
 * `WeakMap`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Primitives {
  /** HMAC of the data under the key: 32 bytes with SHA-256, 64 with SHA-512. */
  readonly hmac: (hash: "sha256" | "sha512", key: Redacted.Redacted<Uint8Array>, data: Uint8Array) => Uint8Array
  /** The 64 bytes of an Ed25519 signature (RFC 8032) of the data under a seed of 32 bytes. */
  readonly ed25519: (seed: Redacted.Redacted<Uint8Array>, data: Uint8Array) => Uint8Array
  /** ECDSA on P-256 over the SHA-256 of the data under a scalar of 32 bytes: `r` and `s`, 32 bytes each. */
  readonly p256: (scalar: Redacted.Redacted<Uint8Array>, data: Uint8Array) => Uint8Array
}

/**
 * The primitives in JavaScript alone, for any platform. Signatures on P-256 are always the same for the same key and data (RFC
 * 6979).
 *
 * @since 0.1.0
 * @category constructors
 */
export const portable: Primitives = {
  hmac: (hash, key, data) => hmac(hashes[hash], Redacted.value(key), data),
  ed25519: (seed, data) => ed25519.sign(data, Redacted.value(seed)),
  p256: (scalar, data) => p256.sign(data, Redacted.value(scalar), { lowS: false })
}

const hashes = { sha256, sha512 }

/**
 * The primitives that the Layers of exchanges sign with: {@link portable} unless others are provided beneath them.
 *
 * @since 0.1.0
 * @category references
 */
export class Crypto extends Context.Reference<Crypto>()("@effect-exchange/core/Crypto", {
  defaultValue: (): Primitives => portable
}) {}
