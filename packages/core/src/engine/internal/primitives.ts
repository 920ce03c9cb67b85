import type * as Redacted from "effect/Redacted"

/**
 * The cryptographic primitives of a platform. A key is the same object for each signature, so that what is derived from
 * it can be cached in a `WeakMap`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Primitives {
  /** Returns the HMAC of the data: 32 bytes for SHA-256, 48 for SHA-384, 64 for SHA-512. */
  readonly hmac: (
    hash: "sha256" | "sha384" | "sha512",
    key: Redacted.Redacted<Uint8Array>,
    data: Uint8Array
  ) => Uint8Array
  /** Returns the Ed25519 signature (RFC 8032) of the data, 64 bytes, under a seed of 32 bytes. */
  readonly ed25519: (seed: Redacted.Redacted<Uint8Array>, data: Uint8Array) => Uint8Array
  /**
   * Returns the ECDSA signature on P-256 over the SHA-256 of the data, under a scalar of 32 bytes: `r` and `s`, 32
   * bytes each.
   */
  readonly p256: (scalar: Redacted.Redacted<Uint8Array>, data: Uint8Array) => Uint8Array
}
