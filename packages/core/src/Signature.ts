/**
 * Signatures over text: the one place where a secret is unwrapped.
 *
 * Pure and synchronous on every platform, so that a signed request needs no service and no turn of the event loop that a
 * `TestClock` could not see.
 *
 * @since 0.1.0
 */
import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"

const utf8 = new TextEncoder()

/**
 * HMAC-SHA256 of the text under the secret's UTF-8 bytes, in lower case hex.
 *
 * @since 0.1.0
 * @category signatures
 */
export const hmacSha256Hex = (secret: Redacted.Redacted<string>, text: string): string =>
  Encoding.encodeHex(hmac(sha256, utf8.encode(Redacted.value(secret)), utf8.encode(text)))
