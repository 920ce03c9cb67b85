import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Bodies from "./bodies.js"

/** @internal */
export const parameters: ReadonlyArray<string> = `
  symbol symbols pair pairs instId instType instFamily uly category product_id product_ids product_type productType
  currency coin coins asset assets accountType ccy interval granularity bar binSize resolution limit depth count sz size
  start end from to since until startTime endTime begin after before ofs page reverse partial columns filter
  side type orderType ordType ordertype order_type price px limit_price qty orderQty quantity quoteOrderQty volume amount
  base_size quote_size timeInForce timeinforce time_in_force tif postOnly post_only execInst oflags tdMode reduceOnly
  reduce_only orderId orderID order_id order_ids ordId txid orderStatus order_status state
`.trim().split(/\s+/)

/**
 * A request in the form in which it is recorded and looked up.
 *
 * @internal
 */
export interface Target {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
}

/**
 * Returns the harmless parts of a request, and the values of all other parts.
 *
 * @internal
 */
export const strip = (
  request: HttpClientRequest.HttpClientRequest,
  allowed: ReadonlySet<string>
): Effect.Effect<
  { readonly target: Target; readonly secrets: ReadonlyArray<string> },
  HttpClientError.RequestError
> =>
  Effect.map(Bodies.text(request), (text) => {
    const url = new URL(request.url, "http://localhost")
    const query = form([...url.searchParams, ...request.urlParams], allowed)
    const body = bodyOf(text, allowed)
    return {
      target: { method: request.method, path: url.pathname, query: query.kept, body: body.kept },
      secrets: [
        ...query.secrets,
        ...body.secrets,
        ...Object.entries(request.headers).flatMap(([name, value]) => harmless.has(name) ? [] : [value])
      ]
    }
  })

/** @internal */
export const harmless: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "content-type",
  "content-length",
  "user-agent"
])

interface Stripped {
  readonly kept: string
  readonly secrets: ReadonlyArray<string>
}

const form = (entries: ReadonlyArray<readonly [string, string]>, allowed: ReadonlySet<string>): Stripped => ({
  kept: UrlParams.toString(
    entries.filter(([name]) => allowed.has(name)).toSorted(([one], [other]) => one < other ? -1 : one > other ? 1 : 0)
  ),
  secrets: entries.flatMap(([name, value]) => allowed.has(name) ? [] : [value])
})

const parseJson = Schema.decodeOption(Schema.parseJson())

const bodyOf = (text: string, allowed: ReadonlySet<string>): Stripped => {
  if (text === "") return { kept: "", secrets: [] }
  const json = parseJson(text)
  if (Option.isNone(json) || !Predicate.isObject(json.value)) {
    return form([...new URLSearchParams(text)], allowed)
  }
  const secrets: Array<string> = []
  // A value without a name, such as an element of a list, is kept only inside a parameter that is allowed.
  const walk = (value: unknown, kept: boolean): unknown => {
    if (Array.isArray(value)) return value.flatMap((each) => walk(each, kept) ?? [])
    if (Predicate.isRecord(value)) {
      const entries = Object.entries(value).toSorted(([one], [other]) => one < other ? -1 : 1)
      return Object.fromEntries(entries.flatMap(([name, inner]) => {
        const left = walk(inner, allowed.has(name))
        return left === undefined ? [] : [[name, left]]
      }))
    }
    if (kept) return value
    secrets.push(String(value))
    return undefined
  }
  return { kept: JSON.stringify(walk(json.value, false)), secrets }
}

/**
 * Returns a function that removes secrets from text, in any of their encodings. Short values and numbers are kept,
 * because they are not secrets, and removing them would remove many amounts, too.
 *
 * @internal
 */
export const scrubber = (secrets: ReadonlyArray<string>): (text: string) => string => {
  const written = secrets
    .flatMap((secret) => [secret, ...secret.split(/\s+/)])
    .filter((secret) => secret.length >= 6 && !/^[\d.]+$/.test(secret))
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      secret.replaceAll("/", "\\/")
    ])
    .toSorted((one, other) => other.length - one.length)
  return (text) => written.reduce((text, secret) => text.replaceAll(secret, redacted), text)
}

const redacted = "REDACTED"

// By name, for secrets that no request contains: a key that was just created, or a token for a stream.
const secretFields =
  /("(?:(?:access_?|refresh_?|id_?|session_?|listen_?)?token|(?:client_?)?secret\w*|(?:(?:api|private|listen)_?)?key|password|passphrase|sign|signature|jwt)"\s*:\s*")(?:[^"\\]|\\.)*"/gi

/** @internal */
export const mask = (text: string): string => text.replace(secretFields, `$1${redacted}"`)
