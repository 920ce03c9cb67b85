import * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import * as Socket from "@effect/platform/Socket"
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Crypto, type Primitives } from "../../engine/Crypto.js"
import type { ExchangeClient, Options } from "../../engine/ExchangeClient.js"
import * as ExchangeState from "../../engine/ExchangeState.js"
import { nowhere, resolveHost } from "../../engine/internal/host.js"
import * as Redaction from "../../engine/internal/redaction.js"
import type { ErrorBody, Host, Moment, Protocol } from "../../engine/Protocol.js"
import type * as Connection from "../../feed/internal/connection.js"
import * as Feed from "../../feed/internal/feed.js"
import type { SocketFacts } from "../../feed/internal/protocol.js"
import { isFinal } from "../../feed/internal/retryUntilAnswered.js"
import type { Rules } from "../../feed/internal/socketSession.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import * as Credentials from "../../ports/Credentials.js"
import * as Environment from "../../ports/Environment.js"
import * as Telemetry from "../../ports/Telemetry.js"
import type { Feeds } from "../Feeds.js"
import { lazily } from "./streams.js"

/**
 * The account that sockets log in with, and the client that requests their tokens.
 *
 * @internal
 */
export interface Account {
  readonly client: ExchangeClient<"account" | "marketData">
  readonly credentials: Credentials.Provider
}

/**
 * Creates the feed of a Layer. Its sockets connect to the same host as the requests of the Layer and share their rate
 * limits.
 *
 * @internal
 */
export const make = (
  protocol: Protocol,
  feeds: Feeds | undefined,
  options: Options,
  client: ExchangeClient<"marketData">,
  account: Account | undefined
): Effect.Effect<
  { readonly feed: Effect.Effect<Feed.Feed, ExchangeError.MarketDataError> },
  ConfigError.ConfigError,
  ExchangeState.ExchangeState | Scope.Scope
> =>
  Effect.gen(function*() {
    const constructor = yield* Effect.serviceOption(Socket.WebSocketConstructor)
    const chosen = options.environment ?? "live"
    const environment = Environment.name(chosen)
    const host = yield* resolveHost(protocol, chosen)
    const about = { exchange: protocol.exchange, operation: "stream" }
    if (host._tag !== "Open") return { feed: nowhere(about, environment, host) }
    if (feeds === undefined) {
      return {
        feed: Effect.suspend(() =>
          new ExchangeError.Unsupported({
            ...about,
            detail: `feeds are not available for ${protocol.exchange}`,
            alternative: "poll the data instead"
          })
        )
      }
    }
    if (Option.isNone(constructor)) {
      return {
        feed: Effect.suspend(() =>
          new ExchangeError.Unsupported({
            ...about,
            detail: "the Layer has no WebSocket implementation",
            alternative: "provide `NodeExchange.layer` or your own `Socket.WebSocketConstructor` to it"
          })
        )
      }
    }
    const crypto = yield* Crypto
    const state = yield* ExchangeState.ExchangeState
    const scope = yield* Effect.scope
    const place = {
      protocol,
      feeds,
      options,
      client,
      account,
      chosen,
      host,
      construct: constructor.value,
      crypto,
      state
    }
    // The connection is opened lazily, because many programs never use a stream.
    return { feed: lazily(Scope.extend(open(place), scope), (feed) => feed) }
  })

/** The target of the sockets, and what is needed to open them. */
interface Place {
  readonly protocol: Protocol
  readonly feeds: Feeds
  readonly options: Options
  readonly client: ExchangeClient<"marketData">
  readonly account: Account | undefined
  readonly chosen: Environment.Environment<string>
  readonly host: Extract<Host, { readonly _tag: "Open" }>
  readonly construct: Context.Tag.Service<typeof Socket.WebSocketConstructor>
  readonly crypto: Primitives
  readonly state: ExchangeState.ExchangeState.Service
}

const open = (
  { account, chosen, client, construct, crypto, feeds, host, options, protocol, state }: Place
): Effect.Effect<Feed.Feed, never, Scope.Scope> =>
  Effect.gen(function*() {
    const about = { exchange: protocol.exchange, operation: "stream" }
    const environment = Environment.name(chosen)
    const { limits: { limiter }, nonce } = yield* Effect.flatMap(
      state.at(protocol, { environment, origin: host.baseUrl }, options),
      (held) => held.key("")
    )
    const rules = rulesOf(protocol, feeds)

    const charge = (kind: "connects" | "sends" | "subscribes"): Effect.Effect<void, Connection.Stopped> => {
      const cost = feeds.protocol[kind]
      return cost === undefined ? Effect.void : Effect.mapError(
        limiter.withReservation(cost, { lane: "marketData" })((reservation) => limiter.commit(reservation)),
        () => ({ because: "the exchange's rate limit allows no more connections, subscriptions or messages for now" })
      )
    }

    const { messages } = feeds.protocol
    const pacer = messages === undefined ? Effect.succeed(charge("sends")) : Effect.map(
      RateLimiter.make({
        name: `${protocol.exchange}.feed`,
        limit: messages.limit,
        window: messages.window,
        maxQueue: Number.POSITIVE_INFINITY
      }),
      (limiter) =>
        Effect.zipRight(
          charge("sends"),
          Effect.mapError(
            limiter.withCost()(Effect.void),
            () => ({ because: "too many messages are waiting to be sent" })
          )
        )
    )

    const momentOf = (account: Account): Effect.Effect<Moment> =>
      Effect.zipWith(Clock.currentTimeMillis, account.client.health, (now, { clockSkewMillis = 0 }) => {
        const corrected = Math.floor(now + clockSkewMillis)
        return { now: corrected, nonce: nonce(corrected), host: new URL(host.baseUrl).host, crypto }
      })

    // The secrets of the latest four logins and tokens: an exchange may repeat what it was sent, in text that ends up
    // in errors and logs.
    let sent: ReadonlyArray<ReadonlyArray<string>> = []
    let redaction = Redaction.none
    const remember = (secrets: ReadonlyArray<string>): void => {
      sent = [...sent, secrets].slice(-4)
      redaction = Redaction.make(sent.flat())
    }

    /** Creates a value from the credentials and the time. Both are read again after a refused login. */
    const signed = <A>(
      refused: number,
      make: (credentials: Credentials.Credentials, moment: Moment) => Either.Either<A, string>
    ): Effect.Effect<A, Connection.Stopped> =>
      Effect.gen(function*() {
        if (account === undefined) return yield* Effect.fail(unsigned("this client has no credentials"))
        const { get, reload } = Credentials.bareFrom(account.credentials)
        const credentials = yield* Effect.mapError(
          refused > 0 ? reload : get,
          (error) => unsigned(`the credentials can no longer be read: ${Credentials.describe(error)}`)
        )
        // Updates the measured clock skew: the answer has the exchange's time, and the endpoint needs no permissions.
        if (refused > 0) yield* Effect.ignore(account.client.request(protocol.serverTime, {}))
        const moment = yield* momentOf(account)
        const made = yield* Effect.try({ try: () => make(credentials, moment), catch: wrongKey }).pipe(
          Effect.flatMap(Either.mapLeft(unsigned))
        )
        remember([...Credentials.secrets(credentials).map(Redacted.value), ...signaturesIn(made)])
        return made
      })
    const unsigned = (detail: string): Connection.Stopped => ({
      because: "the login could not be signed",
      error: new ExchangeError.AuthenticationFailed({ ...about, detail, outcome: "NotSent" })
    })
    // The thrown error is dropped, because it may contain the secret.
    const wrongKey = () => unsigned("the login could not be signed; check the key, the secret and the clock")

    const token = ({ token }: SocketFacts, refused: number): Effect.Effect<string | undefined, Connection.Stopped> => {
      if (token === undefined) return Effect.succeed(undefined)
      if ("made" in token) return signed(refused, token.made)
      return account === undefined
        ? Effect.fail(unsigned("this client has no credentials"))
        : issued("a token for the subscription", token.asked(account.client))
    }

    /** Requests a secret of the exchange. Its consumers fail only if requesting it again would not help. */
    const issued = (
      what: string,
      ask: () => Effect.Effect<string, ExchangeError.AccountError>
    ): Effect.Effect<string, Connection.Stopped> =>
      Effect.mapBoth(ask(), {
        onFailure: (error) => ({
          because: `the exchange did not issue ${what}`,
          error: isFinal(error) && error.outcome !== "NotSent" ? error : undefined
        }),
        onSuccess: (secret) => {
          remember(signaturesIn(secret))
          return secret
        }
      })

    const address = (socket: SocketFacts): Effect.Effect<string, Connection.Stopped> => {
      const from = socket.address
      if (from === undefined) return Effect.succeed(urlOf(host, chosen, socket))
      const ask = "asked" in from ? from.asked(client) : account && from.signed(account.client)
      if (ask === undefined) return Effect.fail(unsigned("this client has no credentials"))
      return Effect.filterOrFail(issued("the URL of a connection", ask), (url) => isSecure(host, url), () => ({
        because: "the exchange issued an invalid URL",
        error: new ExchangeError.MalformedResponse({
          ...about,
          detail: "the exchange issued a URL that is not that of an encrypted WebSocket"
        })
      }))
    }

    const noted = (what: Feed.Occurrence) =>
      Effect.tagMetrics(Metric.increment(Telemetry.feedEvents[what]), { exchange: protocol.exchange, environment })

    // The same array every time: for any other, Effect looks the metric up by the contents of the labels.
    const labels = [MetricLabel.make("exchange", protocol.exchange), MetricLabel.make("environment", environment)]

    return yield* Feed.make({
      exchange: protocol.exchange,
      most: feeds.protocol.most,
      backoff: { base: 1000, max: 30_000, stable: 30_000, linger: 10_000 },
      refusal: refusal(protocol),
      loginRefusal: loginRefusal(protocol),
      note: noted,
      settings: (name, refusedLogins) => {
        const { sockets } = feeds.protocol
        const socket = sockets[name]
        if (socket === undefined) {
          throw new RangeError(
            `The feeds of ${protocol.exchange} have no socket "${name}", but these: ${Object.keys(sockets).join(", ")}.`
          )
        }
        const { batch = rules.batch, login } = socket
        return {
          protocol: feeds.protocol,
          socket,
          address: Effect.suspend(() => address(socket)),
          rules: { ...rules, batch, login: login !== undefined, confirmsLogin: login !== undefined },
          constructor: (url) => construct(url),
          charge,
          pacer,
          onReceived: (at) => Telemetry.feedLastMessage.unsafeUpdate(at / 1000, labels),
          redact: (text) => isPublic(socket) ? text : redaction.text(text),
          login: Effect.suspend(() => login === undefined ? Effect.succeed([]) : signed(refusedLogins(), login)),
          token: Effect.suspend(() => token(socket, refusedLogins()))
        }
      }
    })
  })

/** Returns the strings of at least 40 characters in a message or a query, which are signatures or tokens. */
const signaturesIn = (sent: unknown): ReadonlyArray<string> => {
  if (typeof sent === "string") return [sent, ...sent.split(/[&=]/)].filter(({ length }) => length >= 40)
  return typeof sent === "object" && sent !== null ? Object.values(sent).flatMap(signaturesIn) : []
}

const urlOf = (
  host: Extract<Host, { readonly _tag: "Open" }>,
  chosen: Environment.Environment<string>,
  { at, path }: SocketFacts
): string => (typeof chosen === "string" ? at[chosen] : undefined) ?? `${host.baseUrl.replace(/^http/, "ws")}${path}`

/** Returns `true` for an encrypted WebSocket, and for any WebSocket if requests are not encrypted either. */
const isSecure = ({ baseUrl }: Extract<Host, { readonly _tag: "Open" }>, url: string): boolean =>
  URL.canParse(url) && (url.startsWith("wss://") || baseUrl.startsWith("http://") && url.startsWith("ws://"))

const isPublic = ({ address, login, token }: SocketFacts): boolean =>
  address === undefined && login === undefined && token === undefined

const rulesOf = (
  protocol: Protocol,
  { protocol: { batch, maxAge, most, ping, silence } }: Feeds
): Omit<Rules, "login" | "confirmsLogin"> => ({
  patience: 10_000,
  tries: 3,
  silence: Duration.toMillis(silence),
  ping: ping && {
    after: Duration.toMillis(ping.after),
    within: Duration.toMillis(ping.within),
    always: ping.always ?? false
  },
  maxAge: maxAge === undefined ? undefined : Duration.toMillis(maxAge),
  batch: batch ?? most,
  // The first retry is immediate, because most faults are transient. Later ones back off exponentially with full
  // jitter, up to 30 seconds.
  again: (faults, random) => faults <= 1 ? 0 : Math.ceil(random * Math.min(30_000, 500 * 2 ** Math.min(faults, 10))),
  stable: 30_000,
  isTemporary: (error) => listed(protocol, "stream", error)?.isRetryable === true
})

const refusal =
  (protocol: Protocol) => (operation: string, error: ErrorBody | undefined): ExchangeError.AccountError => {
    const about = { exchange: protocol.exchange, operation }
    if (error === undefined) {
      return new ExchangeError.RequestTimedOut({
        ...about,
        detail:
          "the subscription was requested several times but never confirmed; check that the market is still traded"
      })
    }
    return listed(protocol, operation, error) ?? new ExchangeError.InvalidRequest({
      ...about,
      code: error.code === "" ? undefined : error.code,
      detail: `the exchange refused the subscription: ${error.text}`
    })
  }

const loginRefusal = (protocol: Protocol) => (operation: string, error: ErrorBody): ExchangeError.AccountError =>
  listed(protocol, operation, error) ?? new ExchangeError.AuthenticationFailed({
    exchange: protocol.exchange,
    operation,
    code: error.code === "" ? undefined : error.code,
    detail: `the login to the feed was refused: ${error.text}`
  })

/** Returns the error for a code from the exchange's list of errors, if it is listed there. */
const listed = (protocol: Protocol, operation: string, error: ErrorBody): ExchangeError.AccountError | undefined => {
  const about = { exchange: protocol.exchange, operation }
  const found = error.code === "" ? undefined : protocol.ofRow?.(error, { about, headers: {}, now: 0, status: 200 })
  // An unlisted code adds nothing to the text.
  const isKnown = found !== undefined && found._tag !== "MalformedResponse"
  return isKnown && ExchangeError.isFor("account", found) ? found : undefined
}
