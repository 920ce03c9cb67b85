import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { SimulatedRequest, World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import type { Fields } from "../../internal/fields.js"
import { textOf } from "../../internal/inputs.js"
import * as Keys from "../../internal/keys.js"
import { invalid, type Read, readers, refuse } from "./params.js"

/** @internal Returns `true` if a scope includes a permission. Write permission includes read permission. */
export const allows = (scope: string, needed: string): boolean =>
  scope.split(" ").some((one) => one === needed || one === `${needed}_write`)

type IsRight = (secret: Redacted.Redacted) => boolean

// Accepts the secret that has signed a text within the last or the next minute.
const signed = (world: World, timestamp = "", nonce = "", text = "", signature = ""): IsRight => (secret) =>
  nonce !== "" && /^\d{1,15}$/.test(timestamp) && Math.abs(world.now - Number(timestamp)) <= 60_000 &&
  Keys.hmac(secret, `${timestamp}\n${nonce}\n${text}`) === signature

const levels = ["none", "read", "read_write"] as const

// The permissions of a key, limited to the wanted scope. Areas that the wanted scope does not name have the permission
// of the key.
const scopeOf = (key: ApiKey, wanted: string): string => {
  const asked = new Map(wanted.split(" ").map((word) => [word.split(":")[0], word.split(":")[1]]))
  const most = { account: 1, trade: Keys.may(key, "trade") ? 2 : 1, wallet: Keys.may(key, "withdraw") ? 2 : 0 }
  const granted = Object.entries(most).map(([area, most]) => {
    const level = levels.findIndex((one) => one === asked.get(area))
    return `${area}:${levels[level === -1 ? most : Math.min(level, most)]}`
  })
  return ["connection", "mainaccount", ...granted].join(" ")
}

// Finds a key and the scope of its permissions.
const find = (world: World, id: string | undefined, isRight: IsRight, wanted = "") => {
  const key = Keys.find(world, id, isRight)
  return key === undefined
    ? refuse(13004, "invalid_credentials")
    : Either.right({ key, scope: scopeOf(key, wanted) })
}

/** @internal Authenticates a request. Returns the scope of its permissions, or `undefined` without credentials. */
export const identify = (request: SimulatedRequest, world: World): Read<string | undefined> => {
  const [, scheme, value = ""] = /^(\S+) (.*)$/.exec(request.headers["authorization"] ?? "") ?? []
  switch (scheme?.toLowerCase()) {
    case undefined:
      return Either.right(undefined)
    case "bearer": {
      const token = Keys.readToken(world, value)
      if (token === undefined) return refuse(13009, "unauthorized", { reason: "invalid_token" })
      return world.now < token.until
        ? Either.right(token.purpose)
        : refuse(13009, "unauthorized", { reason: "token_expired" })
    }
    case "deri-hmac-sha256": {
      const named = (name: string) => new RegExp(`(?:^|,\\s*)${name}=([^,]*)`).exec(value)?.[1]
      const text = `${request.method}\n${request.target}\n${textOf(request.body)}\n`
      const found = find(world, named("id"), signed(world, named("ts"), named("nonce"), text, named("sig")))
      return Either.map(found, ({ scope }) => scope)
    }
    default:
      return refuse(10000, "authorization_required")
  }
}

const longest = 31_536_000

/** @internal Issues a token for a key and its secret or a signature. */
export const grant = (params: Fields, world: World) =>
  Either.gen(function*() {
    const grant = yield* readers.oneOf("grant_type", ["client_credentials", "client_signature"])(params)
    const { client_id, client_secret, data, nonce, scope: wanted = "", signature, state, timestamp } = params
    const isRight: IsRight = grant === "client_signature"
      ? signed(world, timestamp, nonce, data, signature)
      : (secret) => Redacted.value(secret) === client_secret
    const { key, scope } = yield* find(world, client_id, isRight, wanted)
    const expires_in = Number(/(?:^| )expires:(\d{1,9})(?: |$)/.exec(wanted)?.[1] ?? 900)
    if (expires_in < 1 || expires_in > longest) return yield* invalid("scope", "invalid expires")
    const access_token = Keys.tokenOf(key, scope, world.now + expires_in * 1000)
    return { access_token, expires_in, scope, enabled_features: [], token_type: "bearer", state }
  })
