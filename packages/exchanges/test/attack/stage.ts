import { Account, type Market, MarketData, Trading } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import { Deadline } from "@effect-exchange/resilience"
import { Chunk, type Clock, type Duration, Effect, Exit, Layer, Logger, LogLevel, Option, Stream } from "effect"
import type { Exchanges } from "../../src/index.js"
import * as Support from "../support/exchanges.js"
import { clock, isChange, now, otherOf, type Serve, type Served, server } from "../support/frozenExchange.js"
import { answer, type Operation, type Original } from "./row.js"
import { type Request, type Script, serve as listen } from "./wire.js"

/** An exchange before it is attacked. */
export interface Stage {
  readonly id: Exchanges.ExchangeId
  readonly markets: ReadonlyArray<Market.Market>
  readonly serve: Serve
  readonly results: ReadonlyMap<Operation, unknown>
  /** The original responses by operation. */
  readonly bodies: ReadonlyMap<Operation, Buffer>
}

/** The result of one call. */
export interface Result {
  /** `None` if the call did not end in time. */
  readonly exit: Option.Option<Exit.Exit<unknown, unknown>>
  readonly millis: number
  /** The number of requests to change the account that reached the exchange. */
  readonly writes: number
  /** Whether a redirect was followed. */
  readonly redirected: boolean
  readonly original: Option.Option<Original>
}

const startingAt = (at: number): Clock.Clock => {
  const begun = performance.now()
  return clock(() => Math.floor(at + performance.now() - begun))
}

export const isWrite = (operation: Operation): boolean => operation === "place" || operation === "cancel"

/**
 * The timeout of an attempt in milliseconds. Longer for writes, because their lookups may be slow on a busy machine.
 */
export const timeout = (operation: Operation): number => isWrite(operation) ? 1000 : 300

const calls: {
  readonly [O in Operation]: Effect.Effect<
    unknown,
    unknown,
    MarketData.MarketData | Account.Account | Trading.Trading
  >
} = {
  ticker: Effect.flatMap(MarketData.MarketData, ({ ticker }) => ticker(Support.symbol)),
  orderBook: Effect.flatMap(MarketData.MarketData, ({ orderBook }) => orderBook(Support.symbol, { depth: 5 })),
  candles: Effect.flatMap(MarketData.MarketData, ({ candles }) =>
    Effect.map(
      Stream.runCollect(candles(Support.symbol, "1h", { from: now - 6 * 3_600_000, to: now - 3_600_000 })),
      Chunk.toReadonlyArray
    )),
  balances: Effect.flatMap(Account.Account, ({ balances }) => balances),
  openOrders: Effect.flatMap(Account.Account, ({ openOrders }) => openOrders(Support.symbol)),
  place: Effect.flatMap(Trading.Trading, ({ place }) => place(Support.far("attack1"))),
  cancel: Effect.flatMap(
    Trading.Trading,
    ({ cancel }) => cancel({ symbol: Support.symbol, clientOrderId: "attack0" })
  )
}

export const operations: ReadonlyArray<Operation> = [
  "ticker",
  "orderBook",
  "candles",
  "balances",
  "openOrders",
  "place",
  "cancel"
]

/** Returns `true` if a request is answered with the hostile response. The lookups of a write are not. */
const isAttacked = (operation: Operation, request: Request): boolean => !isWrite(operation) || isChange(request)

/** Runs a call on a separate exchange and socket. */
const run = (
  id: Exchanges.ExchangeId,
  options: {
    readonly call: Effect.Effect<unknown, unknown, MarketData.MarketData | Account.Account | Trading.Trading>
    readonly serve: Serve
    readonly at: number
    readonly markets?: ReadonlyArray<Market.Market> | undefined
    readonly attempts: number
    readonly timeout: Duration.DurationInput
    readonly patience: Duration.DurationInput
    readonly answer: (request: Request, served: Served, origin: string) => Script
  }
): Effect.Effect<Omit<Result, "original">> =>
  Effect.gen(function*() {
    const history: Array<Request> = []
    let redirected = false
    let origin = ""
    origin = yield* listen((request) => {
      if (request.target.startsWith("/trap")) redirected = true
      const before = [...history]
      if (isChange(request)) history.push(request)
      return Effect.map(options.serve(before, request), (served) => options.answer(request, served, origin))
    })
    const layer = Layer.provide(
      Support.trading(id, {
        environment: { name: "hostile", baseUrl: origin },
        markets: options.markets,
        attemptTimeout: options.timeout,
        retry: { attempts: options.attempts, base: "1 millis", max: "10 millis" }
      }),
      NodeExchange.layer
    )
    const begun = performance.now()
    const ended = yield* options.call.pipe(
      Effect.provide(layer),
      // The canary tests the logs. Here, every case would log a line.
      Logger.withMinimumLogLevel(LogLevel.None),
      Effect.withClock(startingAt(options.at)),
      Effect.exit,
      Effect.map((exit) => ({ exit, millis: performance.now() - begun })),
      Effect.disconnect,
      Effect.timeoutOption(options.patience)
    )
    return {
      exit: Option.map(ended, ({ exit }) => exit),
      millis: Option.match(ended, { onNone: () => performance.now() - begun, onSome: ({ millis }) => millis }),
      writes: history.length,
      redirected
    }
  }).pipe(Effect.scoped)

const patient = { attempts: 1, timeout: "10 seconds", patience: "20 seconds" } as const

const honest = (served: Served): Script => [answer(asOriginal(served))]

// Has the fields that are needed to send it unchanged.
const asOriginal = (served: Served): Original => ({
  ...served,
  exchange: "binance",
  operation: "ticker",
  request: { method: "", target: "", headers: {}, body: served.body },
  origin: "",
  ids: { asked: "", other: "" },
  otherResponses: new Map()
})

const succeeded = (about: string, result: Omit<Result, "original">): Effect.Effect<unknown> =>
  Option.match(result.exit, {
    onNone: () => Effect.dieMessage(`${about}: no answer from an honest exchange`),
    onSome: Exit.match({
      onSuccess: (value) => Effect.succeed(value),
      onFailure: (cause) => Effect.dieMessage(`${about}: an honest exchange failed, ${cause}`)
    })
  })

/** Records the original responses of an exchange. */
export const prepare = (id: Exchanges.ExchangeId): Effect.Effect<Stage> =>
  Effect.gen(function*() {
    const setup: Array<Request> = []
    const markets = yield* Effect.suspend(() => {
      let listed: ReadonlyArray<Market.Market> = []
      const call = Effect.gen(function*() {
        listed = yield* Effect.flatMap(MarketData.MarketData, ({ markets }) => markets)
        const { place } = yield* Trading.Trading
        yield* place(Support.far("attack0"))
        const other = otherOf(listed)?.symbol ?? Support.symbol
        yield* place({ ...Support.far("attack9"), symbol: other, price: "1000", amount: "0.1" })
      })
      return run(id, {
        ...patient,
        call,
        serve: server(id, [], now - 60_000),
        at: now - 60_000,
        answer: (request, served) => {
          if (isChange(request)) setup.push(request)
          return honest(served)
        }
      }).pipe(Effect.flatMap((result) => succeeded(id, result)), Effect.map(() => listed))
    })
    const serve = server(id, setup, now)
    const results = new Map<Operation, unknown>()
    const bodies = new Map<Operation, Buffer>()
    for (const operation of operations) {
      const result = yield* run(id, {
        ...patient,
        call: calls[operation],
        serve,
        markets,
        at: now,
        answer: (request, served) => {
          if (isAttacked(operation, request) && !bodies.has(operation)) bodies.set(operation, served.body)
          return honest(served)
        }
      })
      results.set(operation, yield* succeeded(`${id} ${operation}`, result))
    }
    return { id, markets, serve, results, bodies }
  })

/** Runs one call with the hostile response. */
export const attack = (
  stage: Stage,
  operation: Operation,
  hostile: (original: Original) => Script,
  otherResponses: ReadonlyMap<string, Buffer>
): Effect.Effect<Result> =>
  Effect.suspend(() => {
    let original = Option.none<Original>()
    const ids = {
      asked: stage.markets.find(({ symbol }) => symbol === Support.symbol)?.id ?? "",
      other: otherOf(stage.markets)?.id ?? ""
    }
    return Effect.map(
      run(stage.id, {
        // Without a deadline, looking a write up would take too long.
        call: Deadline.within(calls[operation], 2 * timeout(operation)),
        serve: stage.serve,
        markets: stage.markets,
        at: now,
        attempts: isWrite(operation) ? 3 : 1,
        timeout: timeout(operation),
        patience: "10 seconds",
        answer: (request, served, origin) => {
          const one: Original = { ...served, exchange: stage.id, operation, request, origin, ids, otherResponses }
          if (!isAttacked(operation, request)) return honest(served)
          original = Option.orElseSome(original, () => one)
          return hostile(one)
        }
      }),
      (result) => ({ ...result, original })
    )
  })
