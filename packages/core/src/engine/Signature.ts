/**
 * Signs text. This is the one module that unwraps secrets; it strips the quotes and line breaks that a file adds to
 * them (see `Credentials.bare`).
 *
 * Signing functions take the cryptographic primitives as their last argument, for the `crypto` of a `Moment`. It
 * defaults to `Crypto.platform`. The key that is parsed from a secret is cached for as long as its `Redacted` lives.
 *
 * @since 0.1.0
 */
import * as encoding from "#encoding"
import * as hashes from "#hashes"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { memoized } from "../model/internal/memoized.js"
import { bareSecret } from "../ports/internal/bareSecret.js"
import * as Crypto from "./Crypto.js"

const encoder = new TextEncoder()

// Not by `encoding.utf8`, which on Node.js writes to memory that is shared with other texts.
const utf8Of = memoized((secret: Redacted.Redacted<string>) =>
  Redacted.make(encoder.encode(bareSecret(Redacted.value(secret))))
)

const base64Of = memoized((secret: Redacted.Redacted<string>) =>
  Redacted.make(
    Either.getOrElse(Encoding.decodeBase64(bareSecret(Redacted.value(secret))), () => new Uint8Array())
  )
)

/**
 * Returns the HMAC-SHA256 of the text in lower case hex. The key is the secret's UTF-8 bytes.
 *
 * @since 0.1.0
 * @category signatures
 */
export const hmacSha256Hex = (
  secret: Redacted.Redacted<string>,
  text: string,
  crypto: Crypto.Primitives = Crypto.platform
): string => encoding.hex(crypto.hmac("sha256", utf8Of(secret), encoding.utf8(text)))

/**
 * Returns the HMAC-SHA256 of the text in base64. The key is the secret's UTF-8 bytes.
 *
 * @since 0.1.0
 * @category signatures
 */
export const hmacSha256Base64 = (
  secret: Redacted.Redacted<string>,
  text: string,
  crypto: Crypto.Primitives = Crypto.platform
): string => encoding.base64(crypto.hmac("sha256", utf8Of(secret), encoding.utf8(text)))

/**
 * Returns the HMAC-SHA384 of the text in lower case hex. The key is the secret's UTF-8 bytes.
 *
 * @since 0.1.0
 * @category signatures
 */
export const hmacSha384Hex = (
  secret: Redacted.Redacted<string>,
  text: string,
  crypto: Crypto.Primitives = Crypto.platform
): string => encoding.hex(crypto.hmac("sha384", utf8Of(secret), encoding.utf8(text)))

/**
 * Returns the HMAC-SHA512 of the text in lower case hex. The key is the secret's UTF-8 bytes.
 *
 * @since 0.1.0
 * @category signatures
 */
export const hmacSha512Hex = (
  secret: Redacted.Redacted<string>,
  text: string,
  crypto: Crypto.Primitives = Crypto.platform
): string => encoding.hex(crypto.hmac("sha512", utf8Of(secret), encoding.utf8(text)))

/**
 * Returns the HMAC-SHA512 of the text followed by the bytes, in base64. The key is the secret decoded from base64. A
 * secret that is not base64 signs as an empty key, which no exchange accepts.
 *
 * @since 0.1.0
 * @category signatures
 */
export const hmacSha512Base64 = (
  secret: Redacted.Redacted<string>,
  text: string,
  bytes: Uint8Array,
  crypto: Crypto.Primitives = Crypto.platform
): string => {
  const encoded = encoding.utf8(text)
  const data = new Uint8Array(encoded.length + bytes.length)
  data.set(encoded)
  data.set(bytes, encoded.length)
  return encoding.base64(crypto.hmac("sha512", base64Of(secret), data))
}

/**
 * Returns the SHA-256 hash of the text's UTF-8 bytes.
 *
 * @since 0.1.0
 * @category hashes
 */
export const sha256: (text: string) => Uint8Array = hashes.sha256

/**
 * Returns the SHA-512 hash of the text's UTF-8 bytes.
 *
 * @since 0.1.0
 * @category hashes
 */
export const sha512: (text: string) => Uint8Array = hashes.sha512

/**
 * Encodes bytes in lower case hex.
 *
 * @since 0.1.0
 * @category encodings
 */
export const hex: (bytes: Uint8Array) => string = encoding.hex

/**
 * Encodes bytes in base64 with padding (RFC 4648, section 4).
 *
 * @since 0.1.0
 * @category encodings
 */
export const base64: (bytes: Uint8Array) => string = encoding.base64

/**
 * Encodes bytes, or a text's UTF-8 bytes, in base64 for URLs and file names, without padding (RFC 4648, section 5).
 *
 * @since 0.1.0
 * @category encodings
 */
export const base64Url = (data: Uint8Array | string): string =>
  encoding.base64Url(typeof data === "string" ? encoding.utf8(data) : data)

/**
 * A private key: 32 bytes, and the curve that they belong to.
 *
 * @since 0.1.0
 * @category models
 */
export interface PrivateKey {
  readonly curve: "Ed25519" | "P-256"
  readonly bytes: Redacted.Redacted<Uint8Array>
}

/**
 * Parses a private key from a secret in one of these forms:
 *
 * - PEM with PKCS#8, or SEC 1 for P-256; the two characters `\n` or `\r` count as a line break;
 * - base64 of the same content without the PEM lines around it;
 * - base64 of an Ed25519 seed, with or without the public key after it.
 *
 * Left describes the expected form, without the secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const privateKey: (secret: Redacted.Redacted<string>) => Either.Either<PrivateKey, string> = memoized(
  (secret) => {
    const text = bareSecret(Redacted.value(secret)).replace(/\\[nr]/g, "\n")
    const pem = /-----BEGIN (?:EC )?PRIVATE KEY-----([^-]+)-----END/.exec(text)?.[1]
    const bytes = Either.getOrUndefined(Encoding.decodeBase64((pem ?? text).replace(/\s+/g, "")))
    if (bytes === undefined) return Either.left("the secret is neither PEM nor base64")
    if (pem === undefined) {
      if (bytes.length === 32 || bytes.length === 64) return Either.right(keyOf("Ed25519", bytes.slice(0, 32)))
      return Either.fromNullable(
        fromDer(bytes),
        () => "the decoded secret is neither a 32-byte seed, with or without its public key, nor a private key in DER"
      )
    }
    return Either.fromNullable(fromDer(bytes), () => "the PEM does not contain an Ed25519 or P-256 private key")
  }
)

/**
 * Returns `true` if a secret is in PEM, as private keys are, rather than the shared secret of an HMAC.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPem: (secret: Redacted.Redacted<string>) => boolean = memoized((secret) =>
  bareSecret(Redacted.value(secret)).trimStart().startsWith("-----BEGIN ")
)

/**
 * Signs the text by Ed25519 (RFC 8032), or by ECDSA on P-256 over SHA-256. The signature is 64 bytes; for ECDSA these
 * are `r` and `s`, 32 bytes each.
 *
 * **Gotchas**
 *
 * The P-256 signatures of Node.js differ each time. Those made in JavaScript, and all of Ed25519, are deterministic.
 *
 * @since 0.1.0
 * @category signatures
 */
export const sign = (key: PrivateKey, text: string, crypto: Crypto.Primitives = Crypto.platform): Uint8Array =>
  (key.curve === "Ed25519" ? crypto.ed25519 : crypto.p256)(key.bytes, encoding.utf8(text))

const keyOf = (curve: PrivateKey["curve"], bytes: Uint8Array): PrivateKey => ({ curve, bytes: Redacted.make(bytes) })

const oids = { ed25519: "06032b6570", p256: "06082a8648ce3d030107" }

// OpenSSL signs with invalid scalars, too.
const isScalar = (hex: string): boolean => /[^0]/.test(hex) && hex < order

const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

// The layouts are fixed (RFC 8410 for Ed25519; RFC 5915 for SEC 1, which PKCS#8 of P-256 contains), so each key follows
// a known marker and no general ASN.1 parser is needed.
const fromDer = (der: Uint8Array): PrivateKey | undefined => {
  const hex = encoding.hex(der)
  const [curve, marker] = hex.includes(oids.ed25519)
    ? ["Ed25519", "04220420"] as const
    : hex.includes(oids.p256)
    ? ["P-256", "0201010420"] as const
    : [undefined, ""]
  const start = hex.indexOf(marker) / 2 + marker.length / 2
  if (curve === undefined || !hex.includes(marker) || der.length < start + 32) return undefined
  const bytes = der.slice(start, start + 32)
  return curve === "P-256" && !isScalar(encoding.hex(bytes)) ? undefined : keyOf(curve, bytes)
}
