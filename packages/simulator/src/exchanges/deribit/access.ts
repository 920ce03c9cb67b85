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
import type { SimulatedRequest, World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { type Answer, invalid, oneOf, type Params, type Read, refuse, required } from "./params.js"

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

// The key of that id, if its secret is the right one.
const keyOf = (id: string | undefined, world: World, isRight: (secret: Redacted.Redacted) => boolean): Read<ApiKey> => {
  const key = world.keys.find((one) => Redacted.value(one.id) === id)
  const secret = key === undefined ? undefined : secretOf(key)
  return key !== undefined && secret !== undefined && isRight(secret)
    ? Either.right(key)
    : refuse(13004, "invalid_credentials")
}

const patience = 60_000

const signed = (timestamp = "", nonce = "", rest = "", signature = "", world: World) => (secret: Redacted.Redacted) =>
  nonce !== "" && /^\d{1,15}$/.test(timestamp) && Math.abs(world.now - Number(timestamp)) <= patience &&
  signatureOf(secret, `${timestamp}\n${nonce}\n${rest}`) === signature

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

type Kind = "access" | "refresh"

const tokenOf = (key: ApiKey, kind: Kind, scope: string, until: number): string | undefined => {
  const secret = secretOf(key)
  const claims = `${until}.${Buffer.from(`${kind} ${scope}`).toString("base64url")}`
  return secret && `${claims}.${signatureOf(secret, claims)}`
}

const bearer = (token: string, kind: Kind, world: World): Read<Identity> => {
  const [until = "", claims = ""] = token.split(".")
  const scope = Buffer.from(claims, "base64url").toString().slice(kind.length + 1)
  const key = world.keys.find((one) => tokenOf(one, kind, scope, Number(until)) === token)
  if (key === undefined) return refuse(13009, "unauthorized", { reason: "invalid_token" })
  return world.now < Number(until)
    ? Either.right({ key, scope })
    : refuse(13009, "unauthorized", { reason: "token_expired" })
}

// --- requests

/** @internal Who asks: undefined when nobody says. */
export const identify = (request: SimulatedRequest, params: Params, world: World): Read<Identity | undefined> => {
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
      return Either.map(keyOf(id, world, (own) => Redacted.value(own) === secret), whole)
    }
    case "deri-hmac-sha256": {
      const named = (name: string) => new RegExp(`(?:^|,\\s*)${name}=([^,]*)`).exec(value)?.[1]
      const rest = `${request.method}\n${request.target}\n${Buffer.from(request.body).toString()}\n`
      return Either.map(
        keyOf(named("id"), world, signed(named("ts"), named("nonce"), rest, named("sig"), world)),
        whole
      )
    }
    default:
      return refuse(10000, "authorization_required")
  }
}

/** @internal `public/auth`: a token for a key and its secret, for a signature, or for a refresh token. */
export const auth: Answer = (params, world) =>
  Either.gen(function*() {
    const grant = yield* oneOf(params, "grant_type", ["client_credentials", "client_signature", "refresh_token"])
    const { client_id, client_secret, data, nonce, scope: wanted = "", signature, state, timestamp } = params
    const isRight = grant === "client_signature"
      ? signed(timestamp, nonce, data, signature, world)
      : (own: Redacted.Redacted) => Redacted.value(own) === client_secret
    const identity = grant === "refresh_token"
      ? yield* bearer(yield* required(params, "refresh_token"), "refresh", world)
      : { key: yield* keyOf(client_id, world, isRight), scope: wanted }
    const lasts = Number(/(?:^| )expires:(\d{1,9})(?: |$)/.exec(wanted)?.[1] ?? lifetime)
    if (lasts < 1 || lasts > longest) return yield* invalid("scope", "invalid expires")
    const scope = scopeOf(identity.key, identity.scope)
    const token = (kind: Kind, seconds: number) => tokenOf(identity.key, kind, scope, world.now + seconds * 1000)
    const tokens = { access_token: token("access", lasts), refresh_token: token("refresh", longest) }
    return [{ ...tokens, expires_in: lasts, scope, enabled_features: [], token_type: "bearer", state }]
  })
