/**
 * JSON-RPC 2.0 as exchanges use it over HTTP and over sockets: the path of a request may name the method, and a GET has
 * its parameters in the query.
 *
 * @internal
 */
import type { SimulatedRequest } from "../Dialect.js"
import { type Fields, texts } from "./fields.js"
import { fromBody, fromQuery, type Input, isInput } from "./inputs.js"

/** @internal */
export interface Call {
  readonly method: string
  /** The parameters as received, and those of them that are strings, numbers or booleans, as strings. */
  readonly input: Input
  readonly params: Fields
  readonly id?: string | number | undefined
  /** The error of a request that calls no method. */
  readonly fault?: Fault | undefined
}

/** @internal A JSON-RPC error object. */
export interface Fault {
  readonly code: number
  readonly message: string
}

/** @internal */
export const unknownMethod: Fault = { code: -32601, message: "Method not found" }

const unreadable: Fault = { code: -32700, message: "Parse error" }
const invalid: Fault = { code: -32600, message: "Invalid Request" }

const calling = (method: string, input: Input, about: Pick<Call, "id" | "fault"> = {}): Call => ({
  method,
  input,
  params: texts(input),
  ...about
})

/** @internal Returns a request that calls no method. */
export const faulty = (fault: Fault): Call => calling("", {}, { fault })

/** @internal Reads the call in a JSON value. */
export const callOf = (value: unknown): Call => {
  if (!isInput(value)) return faulty(value === undefined ? unreadable : invalid)
  const { id, method, params } = value
  const about = typeof id === "string" || typeof id === "number" ? { id } : {}
  return calling(String(method), isInput(params) ? params : {}, about)
}

/** @internal Reads the call of a request. `method` is the method that the path names, or empty if it names none. */
export const read = (request: SimulatedRequest, method: string): Call => {
  if (request.method === "GET") return calling(method, fromQuery(request.target))
  const call = callOf(fromBody(request.body))
  if (call.fault === undefined && request.method !== "POST") return faulty(invalid)
  return method === "" || call.fault !== undefined ? call : { ...call, method }
}
