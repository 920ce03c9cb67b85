/** @internal Encodes a short text in the buffer that Node.js shares between its small buffers. */
export const utf8 = (text: string): Uint8Array => Buffer.from(text)

/** @internal */
export const hex = (bytes: Uint8Array): string => bufferOf(bytes).toString("hex")

/** @internal */
export const base64 = (bytes: Uint8Array): string => bufferOf(bytes).toString("base64")

/** @internal */
export const base64Url = (bytes: Uint8Array): string => bufferOf(bytes).toString("base64url")

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
