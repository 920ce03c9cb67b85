import * as Crypto from "node:crypto"

/** @internal */
export const sha256 = (text: string): Uint8Array => digest("sha256", text)

/** @internal */
export const sha512 = (text: string): Uint8Array => digest("sha512", text)

// In one call, which costs half as much, from Node 20.12 on.
const digest = "hash" in Crypto
  ? (algorithm: string, text: string): Uint8Array => Crypto.hash(algorithm, text, "buffer")
  : (algorithm: string, text: string): Uint8Array => Crypto.createHash(algorithm).update(text).digest()
