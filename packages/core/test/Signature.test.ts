import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Encoding, FastCheck, Redacted } from "effect"
import { createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto"
import { Crypto, Signature } from "../src/adapter.js"
import { primitives as portable } from "../src/engine/internal/portableCrypto.js"
import * as portableEncoding from "../src/model/internal/portableEncoding.js"
import * as portableHashes from "../src/model/internal/portableHashes.js"
import { NodeExchange } from "../src/node.js"
import * as Capture from "./support/capture.js"

const hexBytes = (hex: string) => Either.getOrThrow(Encoding.decodeHex(hex))
const redacted = Redacted.make<string>
const keyOf = (secret: string) => Either.getOrThrow(Signature.privateKey(redacted(secret)))
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")

/** RFC 8032, section 7.1, tests 1 and 2: secret key, public key, message, signature. */
const rfc8032 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
  ]
] as const

const jwkOf = (key: KeyObject, part: "d" | "x") => Buffer.from(key.export({ format: "jwk" })[part] ?? "", "base64url")

describe("Signature with the primitives in JavaScript", () => {
  for (const [secret, publicKey, message, signature] of rfc8032) {
    it(`Ed25519 signs ${JSON.stringify(message)} as RFC 8032 does, with and without the public key beside the seed`, () => {
      const text = Buffer.from(hexBytes(message)).toString()
      const seed = hexBytes(secret)
      for (const bytes of [seed, new Uint8Array([...seed, ...hexBytes(publicKey)])]) {
        const key = keyOf(base64(bytes))
        assert.strictEqual(key.curve, "Ed25519")
        assert.strictEqual(Encoding.encodeHex(Signature.sign(key, text, portable)), signature)
      }
      // The layout of RFC 8410.
      const der = new Uint8Array([...hexBytes("302e020100300506032b657004220420"), ...seed])
      const pem = `-----BEGIN PRIVATE KEY-----\n${base64(der)}\n-----END PRIVATE KEY-----\n`
      assert.strictEqual(Encoding.encodeHex(Signature.sign(keyOf(pem), text, portable)), signature)
    })
  }

  it("reads Ed25519 keys of OpenSSL, and their signatures verify", () => {
    for (let round = 0; round < 5; round++) {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519")
      const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString()
      const der = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64")
      for (const written of [pem, pem.replaceAll("\n", "\\r\\n"), `\n${pem}`, der, `${der}\n`]) {
        assert.strictEqual(keyOf(written).curve, "Ed25519")
        assert.deepStrictEqual(Buffer.from(Redacted.value(keyOf(written).bytes)), jwkOf(privateKey, "d"))
      }
      const key = keyOf(pem)
      assert.isTrue(verify(null, Buffer.from("text ü"), publicKey, Signature.sign(key, "text ü", portable)))
    }
  })

  it("reads P-256 keys of OpenSSL in both layouts and with escaped line breaks, and their signatures verify", () => {
    for (let round = 0; round < 10; round++) {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
      const publicKey = createPublicKey(privateKey)
      for (const type of ["pkcs8", "sec1"] as const) {
        const pem = privateKey.export({ format: "pem", type }).toString()
        for (const written of [pem, pem.trim(), pem.replaceAll("\n", "\\n"), pem.replaceAll("\n", "\r\n")]) {
          const key = keyOf(written)
          assert.strictEqual(key.curve, "P-256")
          assert.deepStrictEqual(Buffer.from(Redacted.value(key.bytes)), jwkOf(privateKey, "d"))
          const signature = Signature.sign(key, "header.payload", portable)
          assert.strictEqual(signature.length, 64)
          assert.deepStrictEqual(Signature.sign(key, "header.payload", portable), signature)
          const verified = (text: string) =>
            verify("sha256", Buffer.from(text), { key: publicKey, dsaEncoding: "ieee-p1363" }, signature)
          assert.isTrue(verified("header.payload"))
          assert.isFalse(verified("header.payloae"))
        }
      }
    }
  })

  it("P-256 signs as RFC 6979, section A.2.5 does", () => {
    const sec1 = new Uint8Array([
      ...hexBytes("30310201010420"),
      ...hexBytes("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"),
      ...hexBytes("a00a06082a8648ce3d030107")
    ])
    const key = keyOf(`-----BEGIN EC PRIVATE KEY-----\n${base64(sec1)}\n-----END EC PRIVATE KEY-----`)
    assert.strictEqual(
      Encoding.encodeHex(Signature.sign(key, "sample", portable)),
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
  })

  it("refuses a number that is not a valid P-256 key", () => {
    const written = (scalar: string) => {
      const der = Buffer.from(`30310201010420${scalar}a00a06082a8648ce3d030107`, "hex").toString("base64")
      return Signature.privateKey(redacted(`-----BEGIN EC PRIVATE KEY-----\n${der}\n-----END EC PRIVATE KEY-----`))
    }
    const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    for (const scalar of ["00".repeat(32), order, "ff".repeat(32)]) assert.isTrue(Either.isLeft(written(scalar)))
    for (const scalar of [`${"00".repeat(31)}01`, order.replace(/51$/, "50")]) {
      assert.strictEqual(Signature.sign(Either.getOrThrow(written(scalar)), "text", portable).length, 64)
    }
  })

  it("refuses other keys and invalid text without quoting them", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ format: "pem", type: "pkcs8" })
    const k256 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey
      .export({ format: "pem", type: "pkcs8" })
    const encrypted = generateKeyPairSync("ed25519").privateKey
      .export({ format: "pem", type: "pkcs8", cipher: "aes-128-cbc", passphrase: "x" })
    for (
      const secret of [
        rsa.toString(),
        k256.toString(),
        encrypted.toString(),
        "",
        "not a key!",
        base64(new Uint8Array(31)),
        base64(new Uint8Array(33)),
        "-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----"
      ]
    ) {
      const read = Signature.privateKey(redacted(secret))
      assert.isTrue(Either.isLeft(read), secret.slice(0, 40))
      const inner = secret.replaceAll(/-----[^-]+-----/g, "").trim()
      if (Either.isLeft(read) && inner.length > 12) assert.notInclude(read.left, inner.slice(0, 12))
    }
  })

  it("a private key shows none of its bytes in any rendering", () => {
    const seed = "S3cr3t+seed=of/32=bytes+exactly=="
    const key = keyOf(base64(new TextEncoder().encode(seed.slice(0, 32))))
    for (const text of Capture.renderings(key)) assert.notInclude(text, "S3cr3t")
  })

  it("distinguishes PEM from a shared secret", () => {
    assert.isTrue(Signature.isPem(redacted("-----BEGIN EC PRIVATE KEY-----\n")))
    assert.isFalse(Signature.isPem(redacted("c2VjcmV0")))
  })

  it.prop("hashes equal those of OpenSSL, for any text and key", [
    // Space and quotes around a secret are not part of it.
    FastCheck.string({ unit: "grapheme" }).map((inner) => `k${inner}k`),
    FastCheck.string({ unit: "grapheme" }),
    FastCheck.uint8Array()
  ], ([secret, text, bytes]) => {
    const hmac = (algorithm: string, key: string | Uint8Array) => createHmac(algorithm, key).update(text)
    const key = redacted(secret)
    assert.strictEqual(Signature.hmacSha256Hex(key, text, portable), hmac("sha256", secret).digest("hex"))
    assert.strictEqual(Signature.hmacSha256Base64(key, text, portable), hmac("sha256", secret).digest("base64"))
    assert.strictEqual(
      Signature.hmacSha512Base64(redacted(Buffer.from(secret).toString("base64")), text, bytes, portable),
      hmac("sha512", Buffer.from(secret)).update(bytes).digest("base64")
    )
    assert.strictEqual(Signature.hmacSha384Hex(key, text, portable), hmac("sha384", secret).digest("hex"))
    assert.strictEqual(Signature.hmacSha512Hex(key, text, portable), hmac("sha512", secret).digest("hex"))
    assert.deepStrictEqual(Buffer.from(Signature.sha256(text)), createHash("sha256").update(text).digest())
    assert.deepStrictEqual(Buffer.from(Signature.sha512(text)), createHash("sha512").update(text).digest())
    assert.deepStrictEqual(Buffer.from(portableHashes.sha256(text)), createHash("sha256").update(text).digest())
    assert.deepStrictEqual(Buffer.from(portableHashes.sha512(text)), createHash("sha512").update(text).digest())
  })

  it("encodes bytes like the portable encoders, including views of larger arrays", () => {
    FastCheck.assert(FastCheck.property(FastCheck.uint8Array({ maxLength: 70 }), FastCheck.nat(5), (bytes, start) => {
      const view = bytes.subarray(start)
      assert.strictEqual(Signature.hex(view), portableEncoding.hex(view))
      assert.strictEqual(Signature.base64(view), portableEncoding.base64(view))
      assert.strictEqual(Signature.base64Url(view), portableEncoding.base64Url(view))
    }))
    assert.strictEqual(Signature.base64Url("ü?>~"), "w7w_Pn4")
  })

  it("HMAC-SHA384 equals case 2 of RFC 4231", () => {
    assert.strictEqual(
      Signature.hmacSha384Hex(redacted("Jefe"), "what do ya want for nothing?", portable),
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
    )
  })

  it("HMAC-SHA512 equals case 2 of RFC 4231", () => {
    assert.strictEqual(
      Encoding.encodeHex(Either.getOrThrow(Encoding.decodeBase64(Signature.hmacSha512Base64(
        redacted(base64(new TextEncoder().encode("Jefe"))),
        "what do ya want ",
        new TextEncoder().encode("for nothing?"),
        portable
      )))),
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )
  })
})

const bytes32 = FastCheck.uint8Array({ minLength: 32, maxLength: 32 })
const anyText = FastCheck.string({ unit: "binary" })

describe("Signature with the primitives of Node", () => {
  it.effect("Crypto defaults to the primitives of the platform, which are those of layerCrypto", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Crypto.Crypto, Crypto.platform)
      assert.strictEqual(yield* Effect.provide(Crypto.Crypto, NodeExchange.layerCrypto), Crypto.platform)
    }))

  const both = Effect.map(Effect.provide(Crypto.Crypto, NodeExchange.layerCrypto), (node) => {
    assert.notStrictEqual(node, portable)
    return [node, portable] as const
  })

  it.effect.prop("HMAC equals the portable implementation, for any secret and text", [
    FastCheck.string({ unit: "grapheme" }),
    anyText,
    FastCheck.uint8Array()
  ], ([secret, text, bytes]) =>
    Effect.map(both, (both) => {
      const key = redacted(secret)
      const inBase64 = redacted(base64(bytes))
      // The second time the key is cached.
      for (let time = 0; time < 2; time++) {
        const [node, portable] = both.map((crypto) => [
          Signature.hmacSha256Hex(key, text, crypto),
          Signature.hmacSha256Base64(key, text, crypto),
          Signature.hmacSha384Hex(key, text, crypto),
          Signature.hmacSha512Hex(key, text, crypto),
          Signature.hmacSha512Base64(inBase64, text, bytes, crypto)
        ])
        assert.deepStrictEqual(node, portable)
      }
    }))

  it.effect.prop(
    "Ed25519 equals the portable implementation, for any seed and text",
    [bytes32, anyText],
    ([seed, text]) =>
      Effect.map(both, (both) => {
        const key = keyOf(base64(seed))
        for (let time = 0; time < 2; time++) {
          const [node, portable] = both.map((crypto) => Encoding.encodeHex(Signature.sign(key, text, crypto)))
          assert.strictEqual(node, portable)
        }
      }),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect.prop(
    "P-256 signatures verify with the public key, for any text",
    [anyText],
    ([text]) =>
      Effect.map(both, ([node]) => {
        const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
        const key = keyOf(privateKey.export({ format: "pem", type: "pkcs8" }).toString())
        for (let time = 0; time < 2; time++) {
          const signature = Signature.sign(key, text, node)
          assert.strictEqual(signature.length, 64)
          const at = { key: publicKey, dsaEncoding: "ieee-p1363" } as const
          assert.isTrue(verify("sha256", Buffer.from(text), at, signature))
          assert.isFalse(verify("sha256", Buffer.from(`${text}.`), at, signature))
        }
      }),
    { fastCheck: { numRuns: 30 } }
  )
})
