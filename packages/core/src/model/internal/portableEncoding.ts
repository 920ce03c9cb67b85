import * as Encoding from "effect/Encoding"

const encoder = new TextEncoder()

/** @internal */
export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** @internal */
export const hex: (bytes: Uint8Array) => string = Encoding.encodeHex

/** @internal */
export const base64: (bytes: Uint8Array) => string = Encoding.encodeBase64

/** @internal */
export const base64Url: (bytes: Uint8Array) => string = Encoding.encodeBase64Url
