import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { SimulatedRequest, World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import type { Fields } from "../../internal/fields.js"
import * as Keys from "../../internal/keys.js"
import { invalid, oneOf, type Read, refuse, required } from "./params.js"

/** @internal A key and the scope of its permissions in a request. */
export interface Identity {
  readonly key: ApiKey
  readonly scope: string
}

/** @internal Returns `true` if a scope includes a permission. Write permission includes read permission. */
export const allows = (scope: string, needed: string): boolean =>
  scope.split(" ").some((one) => one === needed || one === `${needed}_write`)

type IsRight = (secret: Redacted.Redacted) => boolean

const is = (text: string | undefined): IsRight => (secret) => Redacted.value(secret) === text

const signed = (world: World, timestamp = "", nonce = "", rest = "", signature = ""): IsRight => (secret) =>
  nonce !== "" && /^\d{1,15}$/.test(timestamp) && Math.abs(world.now - Number(timestamp)) <= 60_000 &&
  Keys.hmac(secret, `${timestamp}\n${nonce}\n${rest}`) === signature

const levels = ["none", "read", "read_write"] as const

// The permissions of a key, limited to the wanted scope. Areas that the wanted scope does not name have the permission
// of the key.
const scopeOf = ({ permissions }: ApiKey, wanted = ""): string => {
  const asked = new Map(wanted.split(" ").map((word) => [word.split(":")[0], word.slice(word.indexOf(":") + 1)]))
  const [trade, wallet] = [permissions.includes("trade") ? 2 : 1, permissions.includes("withdraw") ? 2 : 0]
  const areas = Object.entries({ account: 1, trade, wallet }).map(([area, most]) => {
    const less = levels.findIndex((one) => one === asked.get(area))
    return `${area}:${levels[less === -1 ? most : Math.min(less, most)]}`
  })
  const session = asked.get("session")
  return [session === undefined ? "connection" : `session:${session}`, "mainaccount", ...areas].join(" ")
}

const identified = (world: World, id: string | undefined, isRight: IsRight, wanted?: string): Read<Identity> =>
  Either.fromNullable(Keys.find(world, id, isRight), () => ({ code: 13004, message: "invalid_credentials" })).pipe(
    Either.map((key) => ({ key, scope: scopeOf(key, wanted) }))
  )

const bearer = (token: string, kind: "access" | "refresh", world: World): Read<Identity> => {
  const read = Keys.readToken(world, token)
  if (read?.purpose.startsWith(`${kind} `) !== true) return refuse(13009, "unauthorized", { reason: "invalid_token" })
  return world.now < read.until
    ? Either.right({ key: read.key, scope: read.purpose.slice(kind.length + 1) })
    : refuse(13009, "unauthorized", { reason: "token_expired" })
}

/** @internal Authenticates a request. Returns `undefined` if it has no credentials. */
export const identify = (request: SimulatedRequest, params: Fields, world: World): Read<Identity | undefined> => {
  const header = request.headers["authorization"] ?? (params["access_token"] ? `bearer ${params["access_token"]}` : "")
  const [, scheme = "", value = ""] = /^(\S*) ?(.*)$/.exec(header) ?? []
  const named = (name: string) => new RegExp(`(?:^|,\\s*)${name}=([^,]*)`).exec(value)?.[1]
  if (scheme === "") return Either.right(undefined)
  if (/^bearer$/i.test(scheme)) return bearer(value, "access", world)
  if (/^basic$/i.test(scheme)) {
    const [id, secret] = Buffer.from(value, "base64").toString().split(":")
    return identified(world, id, is(secret))
  }
  if (!/^deri-hmac-sha256$/i.test(scheme)) return refuse(10000, "authorization_required")
  const rest = `${request.method}\n${request.target}\n${Buffer.from(request.body).toString()}\n`
  return identified(world, named("id"), signed(world, named("ts"), named("nonce"), rest, named("sig")))
}

const longest = 31_536_000

/** @internal Issues a token for a key and its secret, a signature, or a refresh token. */
export const grant = (params: Fields, world: World) =>
  Either.gen(function*() {
    const grant = yield* oneOf("grant_type", ["client_credentials", "client_signature", "refresh_token"])(params)
    const { client_id, client_secret, data, nonce, scope: wanted = "", signature, state, timestamp } = params
    const isRight = grant === "client_signature" ? signed(world, timestamp, nonce, data, signature) : is(client_secret)
    const { key, scope } = grant === "refresh_token"
      ? yield* bearer(yield* required("refresh_token")(params), "refresh", world)
      : yield* identified(world, client_id, isRight, wanted)
    const expires_in = Number(/(?:^| )expires:(\d{1,9})(?: |$)/.exec(wanted)?.[1] ?? 900)
    if (expires_in < 1 || expires_in > longest) return yield* invalid("scope", "invalid expires")
    const token = (kind: string, lasts: number) => Keys.tokenOf(key, `${kind} ${scope}`, world.now + lasts * 1000)
    const tokens = { access_token: token("access", expires_in), refresh_token: token("refresh", longest) }
    return { ...tokens, expires_in, scope, enabled_features: [], token_type: "bearer", state }
  })
