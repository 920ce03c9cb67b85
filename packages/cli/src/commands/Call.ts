/**
 * `exchange call`: calls any endpoint through the client, like all other requests.
 *
 * @since 0.1.0
 */
import type { ExchangeError } from "@effect-exchange/core"
import type * as Endpoint from "@effect-exchange/core/engine/Endpoint"
import type * as ExchangeClient from "@effect-exchange/core/engine/ExchangeClient"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Accounts from "../Accounts.js"
import type * as Answers from "../Answers.js"
import { sentence, simulation } from "../Answers.js"
import type * as Configuration from "../Configuration.js"
import * as Connections from "../Connections.js"
import * as Endpoints from "../Endpoints.js"
import { Incomplete, UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
import * as Ordering from "../Ordering.js"
import * as OrderReport from "../OrderReport.js"
import * as Screen from "../Screen.js"
import * as Stop from "../Stop.js"

/**
 * The arguments and options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings, Endpoints.Typed {
  readonly send: boolean
  readonly json: boolean
}

/**
 * The JSON document that `--json` prints. `sent` is `false` in a dry run, and `would` then describes the request.
 * Without `--json`, only `answer` is printed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({
    exchange: Schema.String,
    environment: Schema.String,
    sent: Schema.Boolean,
    would: Schema.optional(Schema.String),
    answer: Schema.optional(Schema.Unknown),
    error: Schema.optional(OrderReport.Failed)
  }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)
const encodeAnswer = Schema.encodeSync(Schema.parseJson({ space: 2 }))

type Needs = Configuration.Configuration | Connections.Network | FileSystem.FileSystem | Screen.Screen

/**
 * Prints the response of the exchange. Prints the request instead of sending it if it may change something that costs
 * money and `send` is not set.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input
): Effect.Effect<void, UsageError | Incomplete | Stop.Stopped, Needs | Stop.Stop> =>
  Effect.scoped(Effect.gen(function*() {
    const exchange = yield* OrderReport.exchangeOf(input)
    yield* agree(input)
    if (!Endpoints.changes(exchange, input)) {
      // A request that only reads without being a GET is private.
      const reading = input.signed || input.method !== "GET" ? askAccount(exchange, input) : askMarket(exchange, input)
      return yield* Stop.abort(reading)
    }
    // A request that may change something is not interrupted: it ends within its deadline.
    if (yield* Ordering.allow(input)) return yield* askTrading(exchange, input)
    const would = described(input)
    yield* input.json
      ? Screen.line(encode({ exchange, environment: input.environment, sent: false, would }))
      : Screen.line(`This would be sent to ${exchange} (${input.environment}): ${would}\nNothing was sent.`)
    if (!input.json) yield* Screen.note(neededToCall)
  }))

const neededToCall = "To send it, add --send and --environment live, and set EXCHANGE_LIVE_TRADING=enabled."

const agree = ({ body, form, method, query }: Input): Effect.Effect<void, UsageError> => {
  const given = [
    ...query.length > 0 ? ["--query"] : [],
    ...form.length > 0 ? ["--form"] : [],
    ...Option.isSome(body) ? ["--body"] : []
  ]
  if (given.length > 1) {
    return new UsageError({ detail: `${given.join(" and ")} cannot be combined; give only one of them.` })
  }
  return method === "GET" && given.some((name) => name !== "--query")
    ? new UsageError({ detail: `A GET request has no body; use --query instead of ${given.join("")}.` })
    : Effect.void
}

const described = ({ body, form, method, path, query }: Input): string => {
  const pairs = [...query, ...form].map(([name, value]) => `${name}=${value}`).join(" ")
  return [method, path, pairs, ...Option.match(body, { onNone: () => [], onSome: (body) => [JSON.stringify(body)] })]
    .filter((part) => part !== "").join(" ").replace(/\p{Cc}+/gu, " ")
}

const askMarket = Effect.fnUntraced(function*(
  exchange: string,
  input: Input
): Effect.fn.Return<void, UsageError | Incomplete, Needs | Scope.Scope> {
  const [connection] = yield* Connections.open(input)
  if (connection === undefined) return
  const { market } = connection
  yield* report(
    exchange,
    input,
    market,
    requestService<"marketData">(market),
    Endpoints.of(exchange, "marketData", input)
  )
})

const askAccount = Effect.fnUntraced(function*(
  exchange: string,
  input: Input
): Effect.fn.Return<void, UsageError | Incomplete, Needs | Scope.Scope> {
  const { connections: [connection] } = yield* Accounts.open(input)
  if (connection === undefined) return
  const { account, market } = connection
  yield* report(exchange, input, market, requestService<"account">(account), Endpoints.of(exchange, "account", input))
})

const askTrading = Effect.fnUntraced(function*(
  exchange: string,
  input: Input
): Effect.fn.Return<void, UsageError | Incomplete, Needs | Scope.Scope> {
  const { market, trading } = yield* Ordering.open(exchange, { ...input, journal: Option.none() }, {})
  yield* report(exchange, input, market, requestService<"trading">(trading), Endpoints.of(exchange, "trading", input))
})

type RequestService<C extends Endpoint.Capability> = Pick<ExchangeClient.ExchangeClient<C>, "request">

/**
 * Every service of an exchange has a `request` method, but the shared tag does not declare it, so it is checked at run
 * time.
 */
const isRequestService = <C extends Endpoint.Capability>(service: unknown): service is RequestService<C> =>
  Predicate.hasProperty(service, "request") && Predicate.isFunction(service.request)

const requestService = <C extends Endpoint.Capability>(service: object): Effect.Effect<RequestService<C>> =>
  isRequestService<C>(service)
    ? Effect.succeed(service)
    : Effect.dieMessage("The service of the exchange has no request function")

const report = Effect.fnUntraced(function*<C extends Endpoint.Capability>(
  exchange: string,
  input: Input,
  market: Answers.Target["market"],
  service: Effect.Effect<RequestService<C>>,
  endpoint: Endpoint.Endpoint<C, {}, unknown>
): Effect.fn.Return<void, Incomplete, Screen.Screen> {
  const { environment, json } = input
  const { request } = yield* service
  const asked: Effect.Effect<unknown, ExchangeError.TradingError> = request(endpoint, {})
  const result = yield* Effect.either(asked)
  if (Either.isRight(result)) {
    const answer = result.right ?? null
    yield* Screen.line(json ? encode({ exchange, environment, sent: true, answer }) : encodeAnswer(answer))
    if (!json) yield* Effect.forEach(simulation(input), Screen.note, { discard: true })
    return
  }
  const error = yield* OrderReport.describe(result.left, market, true)
  if (json) {
    yield* Screen.line(encode({ exchange, environment, sent: true, error }))
  } else {
    const unknown = endpoint.idempotency !== "safe" && error.outcome === "Unknown"
      ? " The outcome is unknown: the request may have been carried out."
      : ""
    yield* Screen.note(`${exchange}: ${error.tag}. ${sentence(error.message)}${unknown} ${error.advice}`)
  }
  return yield* new Incomplete({ exchanges: [exchange] })
})
