// Unlike `TextEncoder`, this allocates no memory outside the heap for a short text.
/** @internal */
export const utf8 = (text: string): Uint8Array => Buffer.from(text)

/** @internal */
export const hex = (bytes: Uint8Array): string => bufferOf(bytes).toString("hex")

/** @internal */
export const base64 = (bytes: Uint8Array): string => bufferOf(bytes).toString("base64")

/** @internal */
export const base64Url = (bytes: Uint8Array): string => bufferOf(bytes).toString("base64url")

const bufferOf = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
