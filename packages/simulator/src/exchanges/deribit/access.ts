/**
 * Who asks and what they may: signatures, tokens and scopes.
 *
 * A token says of itself whose it is, what for and how long, and is signed with the key's secret, so that none of them
 * has to be remembered.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { createHmac } from "node:crypto"
import type { ApiKey } from "../../Account.js"
import type { SimulatedRequest, World } from "../../Dialect.js"
import { type Answered, invalid, oneOf, type Params, type Refusal, refuse, required } from "./params.js"

/** @internal A key, and what it may do in this request. */
export interface Identity {
  readonly key: ApiKey
  readonly scope: string
}

/** @internal Hex HMAC-SHA256 of a text. */
export const signatureOf = (secret: Redacted.Redacted, text: string): string =>
  createHmac("sha256", Redacted.value(secret)).update(text).digest("hex")

const secretOf = ({ enabled, verifier }: ApiKey): Redacted.Redacted | undefined =>
  enabled !== false && verifier._tag === "Hmac" ? verifier.secret : undefined

const patience = 60_000

interface Signed {
  readonly id: string | undefined
  readonly timestamp: string | undefined
  readonly nonce: string | undefined
  readonly signature: string | undefined
}

const keyOf = (signed: Signed, rest: string, world: World): Either.Either<ApiKey, Refusal> => {
  const { id, nonce = "", signature, timestamp = "" } = signed
  const key = world.keys.find((one) => Redacted.value(one.id) === id)
  const secret = key === undefined ? undefined : secretOf(key)
  return key !== undefined && secret !== undefined && nonce !== "" && /^\d{1,15}$/.test(timestamp) &&
      Math.abs(world.now - Number(timestamp)) <= patience &&
      signatureOf(secret, `${timestamp}\n${nonce}\n${rest}`) === signature
    ? Either.right(key)
    : refuse("invalid_credentials")
}

const keyWith = (id: string | undefined, secret: string | undefined, world: World): Either.Either<ApiKey, Refusal> => {
  const key = world.keys.find((one) => Redacted.value(one.id) === id)
  const own = key === undefined ? undefined : secretOf(key)
  return key !== undefined && own !== undefined && Redacted.value(own) === secret
    ? Either.right(key)
    : refuse("invalid_credentials")
}

// --- scopes

const levels = ["none", "read", "read_write"] as const

/** @internal What a key may, at most what is wanted: areas that are not named are as the key has them. */
export const scopeOf = ({ permissions }: ApiKey, wanted: string): string => {
  const asked = new Map(wanted.split(" ").map((word) => [word.split(":")[0], word.slice(word.indexOf(":") + 1)]))
  const most = {
    account: "read",
    trade: permissions.includes("trade") ? "read_write" : "read",
    wallet: permissions.includes("withdraw") ? "read_write" : "none"
  } as const
  const areas = Object.entries(most).map(([area, level]) => {
    const less = levels.findIndex((one) => one === asked.get(area))
    return `${area}:${levels[less === -1 ? levels.indexOf(level) : Math.min(less, levels.indexOf(level))]}`
  })
  const session = asked.get("session")
  return [session === undefined ? "connection" : `session:${session}`, "mainaccount", ...areas].join(" ")
}

/** @internal Whether a scope has what a method needs. */
export const allows = (scope: string, needed: string): boolean =>
  scope.split(" ").some((one) => one === needed || one === `${needed}_write`)

// --- tokens

const lifetime = 900
const longest = 31_536_000

const tokenOf = (secret: Redacted.Redacted, kind: "access" | "refresh", scope: string, until: number): string => {
  const claims = `${until}.${Buffer.from(`${kind} ${scope}`).toString("base64url")}`
  return `${claims}.${signatureOf(secret, claims)}`
}

const bearer = (token: string, kind: "access" | "refresh", world: World): Either.Either<Identity, Refusal> => {
  const [until = "", claims = ""] = token.split(".")
  const said = Buffer.from(claims, "base64url").toString()
  const scope = said.slice(kind.length + 1)
  const key = world.keys.find((one) => {
    const secret = secretOf(one)
    return secret !== undefined && tokenOf(secret, kind, scope, Number(until)) === token
  })
  if (key === undefined) return refuse("unauthorized", { data: { reason: "invalid_token" } })
  return world.now < Number(until)
    ? Either.right({ key, scope })
    : refuse("unauthorized", { data: { reason: "token_expired" } })
}

// --- requests

/** @internal Who asks: undefined when nobody says. */
export const identify = (
  request: SimulatedRequest,
  params: Params,
  world: World
): Either.Either<Identity | undefined, Refusal> => {
  const header = request.headers["authorization"] ?? (params["access_token"] ? `bearer ${params["access_token"]}` : "")
  const [scheme = "", ...rest] = header.split(" ")
  const value = rest.join(" ")
  const whole = (key: ApiKey): Identity => ({ key, scope: scopeOf(key, "") })
  switch (scheme.toLowerCase()) {
    case "":
      return Either.right(undefined)
    case "bearer":
      return bearer(value, "access", world)
    case "basic": {
      const [id, secret] = Buffer.from(value, "base64").toString().split(":")
      return Either.map(keyWith(id, secret, world), whole)
    }
    case "deri-hmac-sha256": {
      const named = (name: string) => new RegExp(`(?:^|,\\s*)${name}=([^,]*)`).exec(value)?.[1]
      const said = { id: named("id"), timestamp: named("ts"), nonce: named("nonce"), signature: named("sig") }
      const body = Buffer.from(request.body).toString()
      const signed = `${request.method.toUpperCase()}\n${request.target}\n${body}\n`
      return Either.map(keyOf(said, signed, world), whole)
    }
    default:
      return refuse("authorization_required")
  }
}

/** @internal `public/auth`: a token for a key and its secret, for a signature, or for a refresh token. */
export const auth = (params: Params, world: World): Answered =>
  Either.gen(function*() {
    const grant = yield* oneOf(params, "grant_type", ["client_credentials", "client_signature", "refresh_token"])
    const { client_id: id, client_secret, data = "", nonce, signature, timestamp } = params
    const wanted = params["scope"] ?? ""
    const identity = grant === "refresh_token"
      ? yield* bearer(yield* required(params, "refresh_token"), "refresh", world)
      : grant === "client_signature"
      ? { key: yield* keyOf({ id, timestamp, nonce, signature }, data, world), scope: wanted }
      : { key: yield* keyWith(id, client_secret, world), scope: wanted }
    const scope = scopeOf(identity.key, identity.scope)
    const lasts = Number(/(?:^| )expires:(\d{1,9})(?: |$)/.exec(wanted)?.[1] ?? lifetime)
    if (lasts < 1 || lasts > longest) return yield* invalid("scope", "invalid expires")
    const secret = secretOf(identity.key)
    if (secret === undefined) return yield* refuse("invalid_credentials")
    return [{
      access_token: tokenOf(secret, "access", scope, world.now + lasts * 1000),
      expires_in: lasts,
      refresh_token: tokenOf(secret, "refresh", scope, world.now + longest * 1000),
      scope,
      enabled_features: [],
      token_type: "bearer",
      state: params["state"]
    }]
  })
