import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import type { Received } from "./server.js"

/**
 * A verifier of AWS Signature Version 4, written from its documentation and independent of the signer in this package.
 */
export interface Signed {
  readonly accessKeyId: string
  readonly date: string
  readonly region: string
  readonly service: string
  readonly headers: ReadonlyArray<string>
  readonly signature: string
}

const form =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/

export const parse = (authorization: string): Signed | undefined => {
  const [, accessKeyId = "", date = "", region = "", service = "", headers = "", signature = ""] =
    form.exec(authorization) ?? []
  return signature === "" ? undefined : { accessKeyId, date, region, service, headers: headers.split(";"), signature }
}

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text, "utf8").digest()
const sha256 = (text: string) => createHash("sha256").update(text, "utf8").digest("hex")
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** Computes the expected signature of a request. */
export const signature = (request: Received, signed: Omit<Signed, "signature">, secretAccessKey: string): string => {
  const [path = "/", query = ""] = request.path.split("?")
  const canonical = [
    request.method,
    path.split("/").map(encode).join("/"),
    [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted().join("&"),
    ...signed.headers.map((name) => `${name}:${(request.headers[name] ?? "").trim().replaceAll(/ +/g, " ")}`),
    "",
    signed.headers.join(";"),
    sha256(request.body)
  ].join("\n")
  const scope = `${signed.date}/${signed.region}/${signed.service}/aws4_request`
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join("\n")
  const key = [signed.region, signed.service, "aws4_request"].reduce(hmac, hmac(`AWS4${secretAccessKey}`, signed.date))
  return hmac(key, toSign).toString("hex")
}

/** Returns `true` if all required headers are signed, and the signature matches this secret. */
export const verifies = (request: Received, signed: Signed, secretAccessKey: string): boolean => {
  const mustBeSigned = Object.keys(request.headers).filter((name) =>
    name === "host" || name === "content-type" || name.startsWith("x-amz-")
  )
  return mustBeSigned.every((name) => signed.headers.includes(name)) &&
    signed.headers.join() === signed.headers.toSorted().join() &&
    request.headers["x-amz-date"]?.startsWith(signed.date) === true &&
    timingSafeEqual(Buffer.from(signed.signature), Buffer.from(signature(request, signed, secretAccessKey)))
}
