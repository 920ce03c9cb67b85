/**
 * The API of Acme Exchange for the request engine.
 *
 * @since 0.1.0
 */
import { Protocol } from "@effect-exchange/core/adapter"
import * as Either from "effect/Either"
import { getTime, limits } from "./Endpoints.js"
import { errors } from "./Errors.js"

/**
 * Signs a request.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign: Protocol.Sign = () =>
  Either.left("signing is not written yet; write it in packages/acme/src/Protocol.ts")

/**
 * The hosts, limits, signature and errors of Acme Exchange.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol = Protocol.make({
  exchange: "acme",
  hosts: {
    live: Protocol.open("https://api.acme.example"),
    testnet: { _tag: "None", alternative: "use the simulator" }
  },
  limits,
  sign,
  errors,
  serverTime: getTime
})
