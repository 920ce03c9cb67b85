import { createHash } from "node:crypto"

/** @internal */
export const sha256 = (data: Uint8Array): Uint8Array => createHash("sha256").update(data).digest()

/** @internal */
export const sha512 = (data: Uint8Array): Uint8Array => createHash("sha512").update(data).digest()
