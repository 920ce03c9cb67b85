import type { Credentials } from "@effect-exchange/core"
import { Option, Schema } from "effect"
import { Redacted } from "effect"
import type { Request } from "../support/unmoved.js"

/** Where in an answer text stands: the names and indices that lead there; `key` for the name of a field itself. */
export interface Spot {
  readonly path: ReadonlyArray<string | number>
  readonly of: "value" | "key"
}

const parse = Schema.decodeUnknownOption(Schema.parseJson())

const spotsOf = (json: unknown, path: Spot["path"] = []): ReadonlyArray<Spot> => {
  if (Array.isArray(json)) {
    // Rows are alike.
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

/** Every text, number and name in a body; the whole of it where it is no JSON. */
export const spots = (body: Buffer): ReadonlyArray<Spot> =>
  Option.match(parse(body.toString()), { onNone: () => [], onSome: (json) => spotsOf(json) })

/** The body with a text at the spot, in place of what stood there or behind it. */
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

/** The ways in which a text may come back. What they give is put into JSON as it is. */
export const forms: { readonly [name: string]: (text: string) => string } = {
  "as it was": inJson,
  "in capitals": (text) => inJson(text.toUpperCase()),
  "percent-encoded": (text) =>
    inJson(text.replaceAll(/[^A-Za-z0-9]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)),
  "escaped": (text) => text.replaceAll(/[^]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "escaped twice": (text) =>
    text.replaceAll(/[^]/g, (letter) => `\\\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "with letters of no width": (text) => inJson(text.split("").join("\u200b")),
  "after a break": (text) => inJson(`x\r\nlevel=FATAL message=${text}\u202e\u001b[31m`)
}

/** Beside its signature a header of Deribit has only what is public: the name of its scheme, a time and a nonce. */
const secretsOfHeader = (value: string): ReadonlyArray<string> => {
  const signature = /,sig=(.+)$/.exec(value)?.[1]
  return signature === undefined ? [value, value.replace(/^Bearer /, "")] : [signature]
}

/** What of a request and its credentials nobody may see again. */
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

/** Everything that was sent beside the body, all of which may come back. */
export const sent = (request: Request, credentials: Credentials.Credentials): ReadonlyArray<string> => [
  ...secretsOf(request, credentials),
  Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`).join("; "),
  request.target
]
