import * as sha2 from "@noble/hashes/sha2.js"

const utf8 = new TextEncoder()

/** @internal */
export const sha256 = (text: string): Uint8Array => sha2.sha256(utf8.encode(text))

/** @internal */
export const sha512 = (text: string): Uint8Array => sha2.sha512(utf8.encode(text))
