import * as Redacted from "effect/Redacted"
import * as Crypto from "node:crypto"
import { memoized } from "../../model/internal/memoized.js"
import type { Primitives } from "./primitives.js"

/**
 * The primitives of Node.js. Each key is parsed once. P-256 signatures differ each time.
 *
 * @internal
 */
export const primitives: Primitives = {
  hmac: (hash, key, data) => Crypto.createHmac(hash, secretKey(key)).update(data).digest(),
  ed25519: (seed, data) => Crypto.sign(null, data, ed25519Key(seed)),
  p256: (scalar, data) => Crypto.sign("sha256", data, p256Key(scalar))
}

type Bytes = Redacted.Redacted<Uint8Array>

const secretKey = memoized((key: Bytes) => Crypto.createSecretKey(Redacted.value(key)))

// The layout of RFC 8410.
const ed25519Key = memoized((seed: Bytes) =>
  Crypto.createPrivateKey({
    key: der("302e020100300506032b657004220420", seed),
    format: "der",
    type: "pkcs8"
  })
)

// The layout of RFC 5915, without the public key, which follows from the private one.
const p256Key = memoized((scalar: Bytes) => ({
  key: Crypto.createPrivateKey({
    key: der("30310201010420", scalar, "a00a06082a8648ce3d030107"),
    format: "der",
    type: "sec1"
  }),
  dsaEncoding: "ieee-p1363" as const
}))

const der = (before: string, bytes: Bytes, after = ""): Buffer =>
  Buffer.concat([Buffer.from(before, "hex"), Redacted.value(bytes), Buffer.from(after, "hex")])
