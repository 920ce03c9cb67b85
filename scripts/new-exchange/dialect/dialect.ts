/**
 * Acme Exchange over REST. Say here which of its documents describe it, as of when, and what they leave open and is chosen
 * here.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import * as Pools from "../../internal/pools.js"
import * as Rest from "../../internal/rest.js"
import * as Table from "../../internal/table.js"
import { listings, row } from "./markets.js"
import { type Answering, type Read, type Refusal, refuse } from "./params.js"

const meters = { ip: { burst: 10, rate: 10, cost: 1 } }

interface Route {
  /** What a key has to be allowed. Public without. */
  readonly needs?: Account.Permission
  readonly meter: keyof typeof meters
  readonly answer: Answering
}

const routes: Readonly<Record<string, Route>> = {
  "GET /v1/time": { meter: "ip", answer: (_, world) => Either.right([{ time: world.now }]) },
  "GET /v1/markets": { meter: "ip", answer: () => Either.right([listings.map(row)]) }
}

const read = Rest.reader(Object.keys(routes))

/** Nobody is known yet: look for the key among `world.keys`, and check what the request is signed with. */
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
export const dialect: Dialect.Dialect = Dialect.make<Pools.Pools>({
  id: "acme",
  listings,
  demoKey: Account.hmacKey("acme", { key: 32, secret: 64 }),
  orderId: ({ id }) => String(id),
  initial: new Map(),
  respond: Table.respond<Pools.Pools, Route, Rest.Call, Account.ApiKey | undefined, Refusal>({
    routes,
    read: (request) => {
      const call = read(request)
      return call.method in routes
        ? Either.right(call)
        : refuse(404, "NOT_FOUND", `the dialect of acme has no route ${call.method} yet`)
    },
    unknown: { status: 404, code: "NOT_FOUND", message: "not found" },
    identify: (request, _, world) => identify(request, world),
    charge: (pools, { meter }, { isKnown, request, world }) => {
      const scope = `${isKnown ? "account" : `ip:${request.remoteAddress}`} ${meter}`
      return Either.fromNullable(Pools.take(pools, scope, meters[meter], world.now), () => tooMany)
    },
    forbids: ({ needs }, key) =>
      needs === undefined || key?.permissions.includes(needs) === true
        ? undefined
        : { status: 401, code: "UNAUTHORIZED", message: "the key may not, or is not known" },
    answer: ({ answer }, { params }, world, key) => answer(params, world, key),
    success: (result) => Dialect.json(200, result),
    failure
  }),
  usage: Pools.usage,
  failures: {
    http500: failure({ status: 500, code: "INTERNAL", message: "internal error" }),
    http503: failure({ status: 503, code: "UNAVAILABLE", message: "maintenance" }),
    http429: failure(tooMany)
  }
})
