/**
 * The parameters of a request. Numbers and booleans are printed as in JSON. In a query or a form, a list repeats its
 * name, and an object is printed as JSON.
 *
 * @since 0.1.0
 * @category models
 */
export type Parameters = { readonly [name: string]: Parameter | undefined }

/**
 * The value of a parameter.
 *
 * @since 0.1.0
 * @category models
 */
export type Parameter = string | number | boolean | ReadonlyArray<Parameter> | Parameters

/**
 * Where the parameters that are not in the path go: into the query (`none`), a JSON object (`json`) or a form (`form`).
 * `whole` names one parameter whose JSON is the whole body, for exchanges that require a list.
 *
 * @since 0.1.0
 * @category models
 */
export type Body = "none" | "json" | "form" | { readonly whole: string }

/**
 * A request before it is signed. `query` is already encoded and must be sent unchanged, because it is what is signed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Prepared {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly path: string
  readonly query: string
  readonly body: string
  readonly headers: { readonly [name: string]: string }
}

/**
 * Builds the request of an endpoint with the given parameters.
 *
 * Everything outside `A-Z a-z 0-9 - _ . ~` is percent-encoded (RFC 3986), so that nothing between signing and sending
 * has a reason to encode it again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const prepare = (
  endpoint: { readonly method: Prepared["method"]; readonly path: string; readonly body: Body },
  parameters: Parameters
): Prepared => {
  const inPath = new Set<string>()
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    inPath.add(name)
    return percentEncode(textOf(parameters[name]))
  })
  const rest = Object.entries(parameters).filter(([name, value]) => value !== undefined && !inPath.has(name))
  const body = bodyOf(endpoint.body, rest)
  return {
    method: endpoint.method,
    path,
    query: body === undefined ? encodeQuery(rest) : "",
    body: body?.text ?? "",
    headers: body === undefined ? {} : { "content-type": body.type }
  }
}

const bodyOf = (
  body: Body,
  parameters: ReadonlyArray<readonly [name: string, value: Parameter | undefined]>
): { readonly type: string; readonly text: string } | undefined => {
  if (body === "none") return undefined
  if (body === "form") return { type: "application/x-www-form-urlencoded", text: encodeQuery(parameters) }
  const json = Object.fromEntries(parameters)
  return { type: "application/json", text: JSON.stringify(body === "json" ? json : json[body.whole]) }
}

/**
 * Encodes a query string, without the question mark.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encodeQuery = (
  parameters: ReadonlyArray<readonly [name: string, value: Parameter | undefined]>
): string =>
  parameters.flatMap(([name, value]) =>
    (isList(value) ? value : [value]).map((value) => `${percentEncode(name)}=${percentEncode(textOf(value))}`)
  ).join("&")

const isList = (value: Parameter | undefined): value is ReadonlyArray<Parameter> => Array.isArray(value)

const textOf = (value: Parameter | undefined): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value)

/**
 * Percent-encodes a text by RFC 3986. This is stricter than `encodeURIComponent`, which leaves `!'()*` unchanged.
 *
 * @since 0.1.0
 * @category encoding
 */
export const percentEncode = (text: string): string =>
  unreserved.test(text) ? text : encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\uFFFD")).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  )

const unreserved = /^[\w.~-]*$/
