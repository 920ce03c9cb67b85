import type { Credentials } from "@effect-exchange/core"
import { Option, Schema } from "effect"
import { Redacted } from "effect"
import type { Request } from "../support/frozenExchange.js"

/** A place of text in a response: the path of names and indices; `key` means the name of the field itself. */
export interface Spot {
  readonly path: ReadonlyArray<string | number>
  readonly of: "value" | "key"
}

const parse = Schema.decodeUnknownOption(Schema.parseJson())

const spotsOf = (json: unknown, path: Spot["path"] = []): ReadonlyArray<Spot> => {
  if (Array.isArray(json)) {
    // All rows have the same shape.
    return json.slice(0, 1).flatMap((each, index) => spotsOf(each, [...path, index]))
  }
  if (typeof json === "object" && json !== null) {
    return Object.entries(json).flatMap(([name, value]): ReadonlyArray<Spot> => [
      { path: [...path, name], of: "key" },
      ...spotsOf(value, [...path, name])
    ])
  }
  return [{ path, of: "value" }]
}

/** Returns the place of every string, number and name in a body. Empty if the body is not JSON. */
export const spots = (body: Buffer): ReadonlyArray<Spot> =>
  Option.match(parse(body.toString()), { onNone: () => [], onSome: (json) => spotsOf(json) })

/** Returns the body with a text at the spot, instead of the value there or behind it. */
export const echoed = (body: Buffer, spot: Spot, text: string, mode: "instead" | "behind"): Buffer => {
  const mark = "@@canary@@"
  const put = (json: unknown, [name, ...rest]: Spot["path"]): unknown => {
    if (name === undefined) return mode === "behind" && json !== null ? `${String(json)}${mark}` : mark
    if (Array.isArray(json)) return json.map((each: unknown, index) => index === name ? put(each, rest) : each)
    if (typeof json !== "object" || json === null) return json
    return Object.fromEntries(
      Object.entries(json).map(([key, value]) =>
        key !== name
          ? [key, value]
          : rest.length === 0 && spot.of === "key"
          ? [mode === "behind" ? `${key}${mark}` : mark, value]
          : [key, put(value, rest)]
      )
    )
  }
  const json = Option.getOrElse(parse(body.toString()), (): unknown => null)
  return Buffer.from(JSON.stringify(put(json, spot.path)).replaceAll(mark, text))
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** The forms in which a text may be repeated. The results are inserted into JSON unchanged. */
export const forms: { readonly [name: string]: (text: string) => string } = {
  "unchanged": inJson,
  "in upper case": (text) => inJson(text.toUpperCase()),
  "percent-encoded": (text) =>
    inJson(text.replaceAll(/[^A-Za-z0-9]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)),
  "escaped": (text) => text.replaceAll(/[^]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "escaped twice": (text) =>
    text.replaceAll(/[^]/g, (letter) => `\\\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "with zero-width characters": (text) => inJson(text.split("").join("\u200b")),
  "after a line break": (text) => inJson(`x\r\nlevel=FATAL message=${text}\u202e\u001b[31m`)
}

/** A header of Deribit contains only its signature beside public values: the scheme, a time and a nonce. */
const secretsOfHeader = (value: string): ReadonlyArray<string> => {
  const signature = /,sig=(.+)$/.exec(value)?.[1]
  return signature === undefined ? [value, value.replace(/^Bearer /, "")] : [signature]
}

/** Returns the parts of a request and its credentials that must not leak. */
export const secretsOf = (request: Request, credentials: Credentials.Credentials): ReadonlyArray<string> => {
  const query = new URLSearchParams(request.target.replace(/^[^?]*\??/, ""))
  const headers = Object.entries(request.headers)
    .filter(([name]) => /sign|auth|key|pass/i.test(name))
    .map(([, value]) => value)
  return [
    ...new Set([
      Redacted.value(credentials.key),
      Redacted.value(credentials.secret),
      ...credentials.passphrase === undefined ? [] : [Redacted.value(credentials.passphrase)],
      ...headers.flatMap(secretsOfHeader),
      ...query.getAll("signature")
    ])
  ].filter((text) => text.length >= 8)
}

/** Returns everything that was sent except the body, all of which may be repeated. */
export const sent = (request: Request, credentials: Credentials.Credentials): ReadonlyArray<string> => [
  ...secretsOf(request, credentials),
  Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`).join("; "),
  request.target
]
