import type * as Redacted from "effect/Redacted"

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
