/** @internal */
export const hex = (bytes: Uint8Array): string => bufferOf(bytes).toString("hex")

/** @internal */
export const base64 = (bytes: Uint8Array): string => bufferOf(bytes).toString("base64")

/** @internal */
export const base64Url = (bytes: Uint8Array): string => bufferOf(bytes).toString("base64url")

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
