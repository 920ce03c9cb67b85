import * as Crypto from "node:crypto"

/** @internal */
export const sha256 = (text: string): Uint8Array => digest("sha256", text)

/** @internal */
export const sha512 = (text: string): Uint8Array => digest("sha512", text)

// `Crypto.hash` (Node 20.12 or later) hashes in one call, at half the cost, and returns text for less than a buffer,
// whose memory it allocates outside the heap.
const digest = "hash" in Crypto
  ? (algorithm: string, text: string): Uint8Array => Buffer.from(Crypto.hash(algorithm, text, "binary"), "binary")
  : (algorithm: string, text: string): Uint8Array => Crypto.createHash(algorithm).update(text).digest()
