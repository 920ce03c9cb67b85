import { ed25519 } from "@noble/curves/ed25519.js"
import { p256 } from "@noble/curves/nist.js"
import { hmac } from "@noble/hashes/hmac.js"
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js"
import * as Redacted from "effect/Redacted"
import type { Primitives } from "./primitives.js"

/**
 * The primitives in pure JavaScript. P-256 signatures are deterministic (RFC 6979).
 *
 * @internal
 */
export const primitives: Primitives = {
  hmac: (hash, key, data) => hmac(hashes[hash], Redacted.value(key), data),
  ed25519: (seed, data) => ed25519.sign(data, Redacted.value(seed)),
  p256: (scalar, data) => p256.sign(data, Redacted.value(scalar), { lowS: false })
}

const hashes = { sha256, sha384, sha512 }
