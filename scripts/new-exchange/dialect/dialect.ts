/**
 * Acme Exchange over REST. Name the documents that describe it here, and their date, and what they leave open and this
 * file decides.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import * as Keys from "../../internal/keys.js"
import * as Meters from "../../internal/meters.js"
import * as Rest from "../../internal/rest.js"
import * as Table from "../../internal/table.js"
import { listings, row } from "./markets.js"
import { type Answering, type Read, type Refusal, shows } from "./params.js"

const limits = { ip: Meters.bucket(10) }

interface Route {
  /** The permission that a key needs. Public routes have none. */
  readonly needs?: Account.Permission
  readonly meter: keyof typeof limits
  readonly answer: Answering
}

const routes: Readonly<Record<string, Route>> = {
  "GET /v1/time": { meter: "ip", answer: shows({}, (_, world) => ({ time: world.now })) },
  "GET /v1/markets": { meter: "ip", answer: shows({}, () => listings.map(row)) }
}

/** Identifies no caller yet: look up the key in `world.keys`, and verify the signature of the request. */
const identify = (
  _request: Dialect.SimulatedRequest,
  _world: Dialect.World
): Read<Account.ApiKey | undefined> => Either.right(undefined)

const tooMany: Refusal = { status: 429, code: "TOO_MANY_REQUESTS", message: "too many requests" }

const failure = ({ code, message, status }: Refusal) => Dialect.json(status, { code, message })

/**
 * The Acme Exchange dialect.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialect: Dialect.Dialect = Table.dialect<Route, Rest.Call, Account.ApiKey | undefined, Refusal>({
  id: "acme",
  listings,
  demoKey: Account.hmacKey("acme", { key: 32, secret: 64 }),
  orderId: ({ id }) => String(id),
  routes,
  read: Rest.reader(Object.keys(routes)),
  unknown: ({ call }) => ({
    status: 404,
    code: "NOT_FOUND",
    message: `the dialect of acme has no route ${call.method} yet`
  }),
  identify: ({ request, world }) => identify(request, world),
  charge: ({ meters, request, route, world }, caller) => {
    if (route === undefined) return { meters }
    const isKnown = Either.isRight(caller) && caller.right !== undefined
    const scope = `${isKnown ? "account" : `ip:${request.remoteAddress}`} ${route.meter}`
    return Table.draw(meters, world, { scope, rule: limits[route.meter] }, tooMany)
  },
  forbids: ({ needs }, key) =>
    needs === undefined || Keys.may(key, needs)
      ? undefined
      : { status: 401, code: "UNAUTHORIZED", message: "the key is unknown, or lacks the permission" },
  answer: ({ answer }, { call, world }, key) => answer(call.params, world, key),
  success: (result) => Dialect.json(200, result),
  failure,
  failures: {
    http500: failure({ status: 500, code: "INTERNAL", message: "internal error" }),
    http503: failure({ status: 503, code: "UNAVAILABLE", message: "maintenance" }),
    http429: failure(tooMany)
  }
})
