/**
 * Authenticates requests over REST and over the WebSocket API.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { createPublicKey, verify } from "node:crypto"
import { queryOf, type SimulatedRequest, type World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { textOf } from "../../internal/inputs.js"
import * as Keys from "../../internal/keys.js"
import { illegal, missing, type Params, type Read, refuse } from "./params.js"

/** @internal Authenticates a request by the key `id`. `signed` is the payload that its signature covers. */
export const authenticate = (
  id: string | undefined,
  params: Params,
  signed: string,
  world: World
): Read<ApiKey> => {
  if (id === undefined || !/^[A-Za-z0-9]{64}$/.test(id)) return refuse(-2014, "API-key format invalid.", 401)
  const timestamp = params["timestamp"] ?? ""
  if (timestamp === "") return missing("timestamp")
  if (!/^\d{1,20}$/.test(timestamp)) return illegal("timestamp", "^[0-9]{1,20}$")
  const signature = params["signature"] ?? ""
  if (signature === "") return missing("signature")
  const recvWindow = params["recvWindow"] ?? "5000"
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(recvWindow)) return illegal("recvWindow", "^\\d{1,5}(\\.\\d{1,3})?$")
  if (Number(recvWindow) > 60_000) return refuse(-1131, "'recvWindow' must be less than 60000.")
  // A timestamp of sixteen digits or more is in microseconds.
  const sent = timestamp.length > 15 ? Number(timestamp) / 1000 : Number(timestamp)
  if (sent >= world.now + 1000) {
    return refuse(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
  }
  if (world.now - sent > Number(recvWindow)) {
    return refuse(-1021, "Timestamp for this request is outside of the recvWindow.")
  }
  const key = Keys.named(world, id)
  if (key === undefined || key.enabled === false) {
    return refuse(-2015, "Invalid API-key, IP, or permissions for action.", 401)
  }
  if (key.verifier._tag === "Hmac" && !/^[A-Fa-f0-9]{64}$/.test(signature)) {
    return illegal("signature", "^[A-Fa-f0-9]{64}$")
  }
  return verifySignature(key, signed, signature)
    ? Either.right(key)
    : refuse(-1022, "Signature for this request is not valid.")
}

/**
 * Returns the payload that the signature of a request covers: the raw query and body, joined without a separator. The
 * `signature` parameter, which must come last, is removed.
 *
 * @since 0.1.0
 * @category signatures
 */
export const signedPayload = (request: Pick<SimulatedRequest, "target" | "body">): string =>
  unsigned(queryOf(request.target)) + unsigned(textOf(request.body))

const unsigned = (part: string): string => part.replace(/(^|&)signature=[^&]*$/, "")

/**
 * Returns `true` if a signature over a payload matches the key: hex for HMAC-SHA256, base64 for Ed25519.
 *
 * @since 0.1.0
 * @category signatures
 */
export const verifySignature = (key: ApiKey, payload: string, signature: string): boolean => {
  if (key.verifier._tag === "Hmac") return Keys.hmac(key.verifier.secret, payload) === signature.toLowerCase()
  const publicKey = createPublicKey({
    key: Buffer.from(key.verifier.publicKey, "base64"),
    format: "der",
    type: "spki"
  })
  return verify(null, Buffer.from(payload), publicKey, Buffer.from(signature, "base64"))
}
