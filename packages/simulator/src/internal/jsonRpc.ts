/**
 * JSON-RPC 2.0 as exchanges speak it over HTTP: the method may stand in the path, and a GET has its parameters in the
 * query.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { SimulatedRequest } from "../Dialect.js"
import { type Fields, texts } from "./fields.js"
import { fromBody, fromQuery, isInput } from "./inputs.js"

/** @internal */
export interface Call {
  readonly method: string
  readonly params: Fields
  readonly id?: string | number | undefined
}

/** @internal */
export interface Fault {
  readonly code: number
  readonly message: string
}

/** @internal */
export const unknownMethod: Fault = { code: -32601, message: "Method not found" }

/** @internal What a request calls; `method` is the one its path names, or empty. */
export const read = (request: SimulatedRequest, method: string): Either.Either<Call, Fault> => {
  if (request.method === "GET") return Either.right({ method, params: texts(fromQuery(request.target)) })
  const body = fromBody(request.body)
  if (body === undefined) return Either.left({ code: -32700, message: "Parse error" })
  if (request.method !== "POST" || !isInput(body)) return Either.left({ code: -32600, message: "Invalid Request" })
  const { id, params } = body
  return Either.right({
    method: method === "" ? String(body["method"]) : method,
    params: texts(isInput(params) ? params : {}),
    id: typeof id === "string" || typeof id === "number" ? id : undefined
  })
}
