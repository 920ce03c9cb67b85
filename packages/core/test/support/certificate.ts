import { createSign, generateKeyPairSync } from "node:crypto"

const tlv = (tag: number, ...contents: ReadonlyArray<Uint8Array>): Buffer => {
  const content = Buffer.concat(contents)
  const length = content.length < 128
    ? [content.length]
    : content.length < 256
    ? [0x81, content.length]
    : [0x82, content.length >> 8, content.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...contents: ReadonlyArray<Uint8Array>) => tlv(0x30, ...contents)
const hex = (text: string) => Buffer.from(text, "hex")

/**
 * A self-signed certificate for localhost, valid from 2020 to 2049 (RFC 5280), and its key. Generated for every run.
 */
export const selfSigned = (): { readonly key: string; readonly cert: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const ecdsaWithSha256 = sequence(hex("06082a8648ce3d040302"))
  const name = sequence(tlv(0x31, sequence(hex("0603550403"), tlv(0x0c, Buffer.from("localhost")))))
  const instant = (text: string) => tlv(0x17, Buffer.from(text))
  const body = sequence(
    tlv(0xa0, hex("020102")),
    hex("020101"),
    ecdsaWithSha256,
    name,
    sequence(instant("200101000000Z"), instant("490101000000Z")),
    name,
    publicKey.export({ type: "spki", format: "der" })
  )
  const signature = createSign("SHA256").update(body).sign(privateKey)
  const der = sequence(body, ecdsaWithSha256, tlv(0x03, hex("00"), signature))
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`
  }
}
