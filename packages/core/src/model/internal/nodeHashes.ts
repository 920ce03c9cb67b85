import * as Crypto from "node:crypto"

/** @internal */
export const sha256 = (text: string): Uint8Array => digest("sha256", text)

/** @internal */
export const sha512 = (text: string): Uint8Array => digest("sha512", text)

// `Crypto.hash` (Node 20.12 or later) hashes in one call, at half the cost.
const digest = "hash" in Crypto
  ? (algorithm: string, text: string): Uint8Array => Crypto.hash(algorithm, text, "buffer")
  : (algorithm: string, text: string): Uint8Array => Crypto.createHash(algorithm).update(text).digest()
