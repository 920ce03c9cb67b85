/**
 * JSON-RPC 2.0 over HTTP as exchanges use it: the path may name the method, and a GET has its parameters in the query.
 *
 * @internal
 */
import type { SimulatedRequest } from "../Dialect.js"
import { type Fields, texts } from "./fields.js"
import { fromBody, fromQuery, isInput } from "./inputs.js"
import type { Json } from "./json.js"

/** @internal */
export interface Call {
  readonly method: string
  readonly params: Fields
  readonly id?: string | number | undefined
  /** The error of a request that calls no method. */
  readonly fault?: Fault | undefined
}

/** @internal A JSON-RPC error object. */
export interface Fault {
  readonly code: number
  readonly message: string
  readonly data?: Json | undefined
}

/** @internal */
export const unknownMethod: Fault = { code: -32601, message: "Method not found" }

const faulty = (code: number, message: string): Call => ({ method: "", params: {}, fault: { code, message } })

/** @internal Reads the call of a request. `method` is the method that the path names, or empty if it names none. */
export const read = (request: SimulatedRequest, method: string): Call => {
  if (request.method === "GET") return { method, params: texts(fromQuery(request.target)) }
  const body = fromBody(request.body)
  if (body === undefined) return faulty(-32700, "Parse error")
  if (request.method !== "POST" || !isInput(body)) return faulty(-32600, "Invalid Request")
  const { id, params } = body
  return {
    method: method === "" ? String(body["method"]) : method,
    params: texts(isInput(params) ? params : {}),
    id: typeof id === "string" || typeof id === "number" ? id : undefined
  }
}
