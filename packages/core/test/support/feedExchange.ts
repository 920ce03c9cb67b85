import { RateLimiter } from "@effect-exchange/resilience"
import { Effect, Fiber, Stream } from "effect"
import type { Stopped } from "../../src/feed/internal/connectionModel.js"
import * as Feed from "../../src/feed/internal/feed.js"
import * as OrderBookSync from "../../src/feed/OrderBookSync.js"
import { type BookView, ExchangeError, ExchangeSymbol, FeedItem } from "../../src/index.js"

/** A message of the client. */
type Sent =
  | { readonly login: number }
  | { readonly hello: number }
  | { readonly ping: true }
  | { readonly subscribe: ReadonlyArray<string>; readonly request: number }
  | { readonly unsubscribe: ReadonlyArray<string>; readonly request: number }

/** The exchange's end of a socket, which opens immediately or never. */
class Connection extends EventTarget {
  readyState: number
  /** Whether it no longer answers, although it stays open. */
  isMute = false
  readonly sent: Array<readonly [at: number, message: Sent]> = []
  readonly #answer: (message: Sent, connection: Connection) => void
  readonly #now: () => number

  constructor(isOpen: boolean, now: () => number, answer: (message: Sent, connection: Connection) => void) {
    super()
    this.readyState = isOpen ? 1 : 3
    this.#answer = answer
    this.#now = now
    if (!isOpen) queueMicrotask(() => this.dispatchEvent(new Event("error")))
  }

  send(text: string): void {
    const message: Sent = JSON.parse(text)
    this.sent.push([this.#now(), message])
    if (!this.isMute) this.#answer(message, this)
  }

  say(message: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }))
  }

  cut(code = 1006): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "" }))
  }

  close(): void {
    this.readyState = 3
  }

  subscribed(): ReadonlyArray<string> {
    return this.sent.flatMap(([, message]) => "subscribe" in message ? message.subscribe : [])
  }
}

interface Options {
  /** Whether it requires a login first. Defaults to `false`. */
  readonly login?: boolean
  /** How many subscriptions one message requests. Defaults to 10. */
  readonly batch?: number
  /** The maximum number of messages per second. Defaults to no limit. */
  readonly pace?: number
  /** The maximum number of subscriptions per connection. Defaults to 1000. */
  readonly most?: number
  readonly maxAge?: number
  /** How many messages every connection must begin with. Defaults to none. */
  readonly welcome?: number
  /** The request for a snapshot. Defaults to snapshots from the feed. */
  readonly fetch?: Effect.Effect<OrderBookSync.BookUpdate, ExchangeError.AccountError>
}

/** An update of a book with one bid, whose price is the number of the update. */
export const book = (kind: "snapshot" | "update", last: number): OrderBookSync.BookUpdate => ({
  kind,
  bids: [[String(last), "1"]],
  asks: [["1000000", "1"]],
  last
})

/** An exchange with minimal order books, and the feed of a client of it. */
export const open = (options: Options = {}) =>
  Effect.gen(function*() {
    const { batch = 10, fetch, login = false, maxAge, most = 1000, pace, welcome = 0 } = options
    const clock = yield* Effect.clock
    const now = () => clock.unsafeCurrentTimeMillis()
    const connections: Array<Connection> = []
    const attemptedAt: Array<number> = []
    const exchange = {
      isOpen: true,
      answers: true,
      snapshots: true,
      throws: false,
      logins: 0,
      expiring: 0,
      /** Why the client has no login or token, if it has none. */
      unsigned: undefined as Stopped | undefined
    }
    const signed = <A>(make: () => A) =>
      Effect.suspend(() => exchange.unsigned === undefined ? Effect.sync(make) : Effect.fail(exchange.unsigned))
    const answer = (message: Sent, connection: Connection) => {
      if ("login" in message) exchange.logins++
      if (!exchange.answers) return
      if ("ping" in message) connection.say({ pong: true })
      if ("login" in message) connection.say(exchange.expiring-- > 0 ? { expired: true } : { loggedIn: true })
      if ("subscribe" in message) {
        connection.say({ taken: message.request })
        if (!exchange.snapshots) return
        for (const key of message.subscribe) connection.say({ key, update: book("snapshot", 1) })
      }
    }
    const feed = yield* Feed.make({
      exchange: "acme",
      most,
      backoff: { base: 1000, max: 30_000, stable: 30_000, linger: 10_000 },
      refusal: (operation) => new ExchangeError.InvalidRequest({ exchange: "acme", operation, detail: "refused" }),
      loginRefusal: (operation) =>
        new ExchangeError.AuthenticationFailed({ exchange: "acme", operation, detail: "refused" }),
      note: () => Effect.void,
      settings: () => ({
        protocol: {
          sockets: {},
          most,
          subscribe: (topics, { request }) => [{ subscribe: topics.map(({ key }) => key), request }],
          unsubscribe: (topics, { request }) => [{ unsubscribe: topics.map(({ key }) => key), request }],
          read: (frame) => {
            if (typeof frame !== "object" || frame === null) return undefined
            if ("pong" in frame) return [{ _tag: "Pong" }]
            if ("loggedIn" in frame) return [{ _tag: "LoggedIn" }]
            if ("expired" in frame) return [{ _tag: "Ended", because: "the login has expired" }]
            if ("ended" in frame) {
              return [{ _tag: "Ended", keys: [String(frame.ended)], because: "the exchange says so" }]
            }
            if ("taken" in frame) return [{ _tag: "Acknowledged", request: Number(frame.taken) }]
            return "key" in frame ? [{ _tag: "Data", key: String(frame.key), frame }] : undefined
          },
          ping: { message: () => ({ ping: true }), after: "1 day", within: "5 seconds" },
          silence: "15 seconds"
        },
        socket: { at: {}, path: "/", welcome: Array.from({ length: welcome }, (_, index) => ({ hello: index })) },
        address: Effect.succeed("ws://acme.test/"),
        rules: {
          login,
          confirmsLogin: login,
          patience: 10_000,
          tries: 3,
          silence: Number.POSITIVE_INFINITY,
          ping: { after: 86_400_000, within: 5000, always: false },
          maxAge,
          batch,
          again: (faults, random) => faults <= 1 ? 0 : Math.ceil(random * 1000),
          stable: 30_000,
          isTemporary: () => false
        },
        constructor: () => {
          attemptedAt.push(now())
          if (exchange.throws) throw new SyntaxError("Invalid URL")
          const connection = new Connection(exchange.isOpen, now, answer)
          if (exchange.isOpen) connections.push(connection)
          return connection as unknown as WebSocket
        },
        charge: () => Effect.void,
        redact: (text) => text,
        pacer: pace === undefined ? Effect.succeed(Effect.void) : Effect.map(
          RateLimiter.make({ name: "acme.feed", limit: pace, window: "1 second", maxQueue: Infinity }),
          (limiter) => Effect.mapError(limiter.withCost()(Effect.void), () => ({ because: "too many" }))
        ),
        login: signed(() => [{ login: exchange.logins + 1 }]),
        token: signed(() => undefined)
      })
    })
    const subscribe = feed.channel<BookView.BookView, ExchangeError.AccountError>()
    return {
      exchange,
      attemptedAt,
      connections,
      /** The current connection. */
      connection: (): Connection => {
        const connection = connections.at(-1)
        if (connection === undefined) throw new Error("no connection was made")
        return connection
      },
      listen: (key: string) =>
        Effect.gen(function*() {
          const items: Array<FeedItem.FeedItem<BookView.BookView>> = []
          const stream = subscribe({
            operation: "streamOrderBook",
            topic: { socket: "private", key, channel: key },
            reading: () =>
              OrderBookSync.make({
                exchange: "acme",
                symbol: ExchangeSymbol.ExchangeSymbol.make("BTC/USDT"),
                rules: {
                  follows: (known = 0, { last = 0 }) => last <= known ? "old" : last === known + 1 ? "next" : "gap",
                  asksForSnapshot: fetch !== undefined
                },
                read: (frame) =>
                  typeof frame === "object" && frame !== null && "update" in frame
                    ? [frame.update as OrderBookSync.BookUpdate]
                    : undefined
              }),
            fail: (error) => error,
            fetch: fetch && Effect.map(fetch, (update) => ({ update }))
          }, FeedItem.sliding(100_000))
          const fiber = yield* Effect.forkScoped(
            Stream.runForEach(stream, (item) => Effect.sync(() => void items.push(item)))
          )
          return {
            leave: Fiber.interrupt(fiber),
            items: () => items,
            tags: () => items.map(({ _tag }) => _tag),
            statuses: () => items.flatMap(({ _tag }) => _tag === "Data" ? [] : [_tag])
          }
        })
    }
  })
