import { Account, Health, MarketData, Trading } from "@effect-exchange/core"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { type Exchange, type Fault, Violation, type World } from "../../SimulationWorld.js"
import { TestContext } from "../testContext.js"
import * as Followers from "./account.js"
import * as Circuit from "./circuit.js"
import * as Judge from "./judge.js"
import * as Listener from "./listener.js"
import * as Orders from "./orders.js"
import type { Step } from "./program.js"
import * as Wire from "./wire.js"

/**
 * The result of a run: everything that its listeners received, as text. Equal runs give equal text.
 *
 * @internal
 */
export interface Outcome {
  readonly received: string
  readonly millis: number
}

/** Far from zero, where seconds could be mistaken for milliseconds, and on a whole second, when exchanges send. */
const start = Date.UTC(2026, 0, 1, 12, 34, 56)
const beat = 1000
/** Longer than a client keeps a connection without subscriptions. */
const linger = 12 * beat
/** The largest number of trades from before a subscription that an exchange sends. */
const mostRecent = 100
/** The largest number of beats that it takes to reconcile the orders of a run. */
const longestReconcile = 600
/** The time until the exchange has received an unsubscription. */
const goodbye = 3 * beat

/** @internal Runs a program in its own world. */
export const run = <E>(world: World<E>, seed: number, steps: ReadonlyArray<Step>): Effect.Effect<Outcome, Violation> =>
  Effect.flatMap(
    // Runs in its own fiber: providing the clock replaces the clock of the fiber. Suspended, so that each run has its
    // own random generator.
    Effect.suspend(() =>
      Effect.forkDaemon(
        Effect.scoped(runScoped(world, seed, steps)).pipe(
          Effect.withRandom(Random.make(`${world.name} ${seed}`)),
          Effect.provide(TestContext)
        )
      )
    ),
    // Awaited, not joined: joining would leave the loggers and other fiber refs of this run set for the next run.
    (fiber) => Effect.onInterrupt(Effect.flatten(Fiber.await(fiber)), () => Fiber.interrupt(fiber))
  )

const runScoped = <E>(
  world: World<E>,
  seed: number,
  steps: ReadonlyArray<Step>
): Effect.Effect<Outcome, Violation, Scope.Scope> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(start)
    const output: Array<string> = []
    const exchange = yield* world.exchange(`${seed}`)
    const health = yield* Health.make
    const watched = yield* Wire.watch(exchange.wire, health)
    const scope = yield* Effect.acquireRelease(Scope.make(), (scope, exit) => Scope.close(scope, exit))
    const stage = { world, seed, exchange, watched, output }
    const received = yield* runSteps(stage, steps, health, scope).pipe(
      Effect.provide(Layer.merge(
        Logger.replace(
          Logger.defaultLogger,
          Logger.map(Logger.logfmtLogger, (line) => {
            output.push(line)
          })
        ),
        Logger.minimumLogLevel(LogLevel.All)
      ))
    )
    yield* Scope.close(scope, Exit.void)
    yield* TestClock.adjust(0)
    const millis = (yield* Clock.currentTimeMillis) - start
    const left = yield* exchange.connections
    const open = watched.dials.filter(({ endedAt }) => endedAt === undefined)
    if (left + open.length > 0) {
      const detail = `${left} connections and ${open.length} sockets are still open after the client has ended`
      return yield* new Violation({ invariant: "leftovers", detail, at: millis })
    }
    const secret = world.secrets.find((secret) => output.some((text) => text.includes(secret)))
    if (secret !== undefined) {
      return yield* new Violation({
        invariant: "secrets",
        detail: "a log, an error or an item contains a secret",
        at: millis
      })
    }
    return { received, millis }
  })

interface Stage<E> {
  readonly world: World<E>
  readonly seed: number
  readonly exchange: Exchange
  readonly watched: Wire.Watched
  readonly output: Array<string>
}

const runSteps = <E>(
  { exchange, output, seed, watched, world }: Stage<E>,
  steps: ReadonlyArray<Step>,
  health: Health.Health.Service,
  scope: Scope.Scope
): Effect.Effect<string, Violation> =>
  Effect.gen(function*() {
    const given = Context.add(watched.wire, Health.Health, health)
    const context = yield* Effect.orDie(
      Layer.buildWithScope(Layer.provide(Layer.fresh(world.client), Layer.succeedContext(given)), scope)
    )
    const market = Context.get(context, MarketData.MarketData)
    const orders = Orders.make(seed, Context.get(context, Trading.Trading), world.order)
    const followers = Followers.make(Context.get(context, Account.Account))
    const judges = new Map<number, Judge.Judge>()
    const histories = new Map<string, Judge.History>()
    const unsubscribedSince = new Map<string, number>()
    const all: Array<Listener.Listener> = []
    const state = trackFaults(world.patience)

    const fail = (verdict: NonNullable<Judge.Verdict>, now: number) => new Violation({ ...verdict, at: now - start })

    const historyOf = (symbol: string, now: number) =>
      Effect.suspend(() => {
        const known = histories.get(symbol)
        const since = known === undefined ? mostRecent * beat : now - known.at
        return Effect.map(exchange.truth(symbol, Math.min(mostRecent, 4 * Math.ceil(since / beat) + 4)), (truth) => {
          const course = Judge.follow(known, truth, now)
          histories.set(symbol, course)
          return course
        })
      })

    /** Checks all invariants against the state of the exchange. */
    const judge = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const moment = state.at(now)
      const frames = watched.takeFrames()
      for (const symbol of world.symbols) {
        const ours = [...judges.values()].filter(({ listener }) => listener.symbol === symbol)
        const since = unsubscribedSince.get(symbol)
        if (ours.length === 0 && (since === undefined || frames.length === 0)) continue
        const course = yield* historyOf(symbol, now)
        for (const { check } of ours) {
          const verdict = check(course, moment)
          if (verdict !== undefined) return yield* fail(verdict, now)
        }
        // The streams of an account cover all its markets. A frame that is sent out of order may have been held back
        // since the market had a listener.
        if (since === undefined || now - since <= goodbye || followers.isAny() || moment.trades === "muddled") continue
        const frame = frames.find(course.truth.isNamedIn)
        if (frame === undefined) continue
        const detail = `a frame of ${symbol} arrived, although ${symbol} has had no listener for ${now - since} ms: ${
          frame.slice(0, 200)
        }`
        return yield* fail({ invariant: "leftovers", detail }, now)
      }
      const refusals = yield* exchange.refusals
      const [forbidden] = watched.forbidden
      const verdict = orders.judge(yield* exchange.orders, moment.isUntroubled) ??
        followers.judge() ??
        Circuit.judge(watched.dials) ??
        (refusals > 0
          ? { invariant: "budgets", detail: "the exchange rejected a request because of its rate limit" }
          : undefined) ??
        (forbidden === undefined
          ? undefined
          : { invariant: "circuit", detail: `${forbidden} was sent while its circuit was open` })
      if (verdict !== undefined) return yield* fail(verdict, now)
    })

    /** Advances the clock and checks the invariants at each whole second, when the exchange sends. */
    const advance = (millis: number): Effect.Effect<void, Violation> =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        const part = Math.min(millis, beat - now % beat)
        yield* TestClock.adjust(part)
        yield* judge
        if (millis > part) yield* advance(millis - part)
      })

    const leave = (number: number) =>
      Effect.gen(function*() {
        const found = judges.get(number)
        if (found === undefined) return
        judges.delete(number)
        const { fiber, symbol } = found.listener
        yield* Fiber.interrupt(fiber)
        const isAlone = [...judges.values()].every(({ listener }) => listener.symbol !== symbol)
        if (isAlone) unsubscribedSince.set(symbol, yield* Clock.currentTimeMillis)
      })

    const runStep = (step: Step): Effect.Effect<void, Violation> =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        switch (step._tag) {
          case "Subscribe": {
            const symbol = world.symbols[step.symbol] ?? world.symbols[0]
            if (judges.has(step.listener)) return
            yield* historyOf(symbol, now)
            unsubscribedSince.delete(symbol)
            state.subscribed(now)
            const listener = yield* Listener.open(step, symbol, market)
            all.push(listener)
            judges.set(step.listener, Judge.make(listener, now, world))
            return
          }
          case "Leave":
            return yield* leave(step.listener)
          case "Wait":
            return yield* advance(step.millis)
          case "Fault": {
            const fault = world.faults[step.fault]
            if (fault === undefined) return
            state.injected(fault, now)
            return yield* exchange.inject(fault.name)
          }
          case "Calm":
            state.calmed(now)
            return yield* exchange.calm
          case "Ask": {
            const ask = Effect.catchAllCause(
              market.ticker(world.symbols[step.symbol] ?? world.symbols[0]),
              (cause) => Effect.sync(() => output.push(Cause.pretty(cause)))
            )
            yield* Effect.replicateEffect(Effect.forkIn(ask, scope), step.times, { discard: true })
            return
          }
          case "Place":
            return yield* orders.place(step.order, world.symbols[step.symbol] ?? world.symbols[0])
          case "Cancel":
            return yield* orders.cancel(step.order)
          case "Amend":
            return yield* orders.amend(step.order)
          case "Abandon":
            return yield* orders.abandon(step.order)
          case "Fill": {
            const name = orders.nameOf(step.order)
            return name === undefined ? undefined : yield* exchange.fill(name)
          }
          case "Follow":
            return yield* followers.follow
        }
      })

    /**
     * Waits after the end of all faults until every listener has recovered. Fails if that takes longer than the
     * patience of the world.
     */
    const settle: Effect.Effect<void, Violation> = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const areWhole = [...judges.values()].every(({ isWhole, listener }) => {
        const course = histories.get(listener.symbol)
        return course !== undefined && isWhole(course)
      })
      // If a message to the account was lost, the client cannot know its contents.
      const missing = state.mayHaveLost() ? undefined : followers.missing(yield* exchange.orders)
      const isOver = now > state.at(now).since + world.patience + 2 * beat
      if (isOver && missing !== undefined) return yield* fail({ invariant: "account", detail: missing }, now)
      if (isOver || (areWhole && missing === undefined)) return
      yield* advance(beat)
      yield* settle
    })

    /** Reconciles the orders, and checks the results. */
    const reconcile: Effect.Effect<void, Violation> = Effect.gen(function*() {
      const fiber = yield* Effect.fork(orders.reconcile)
      const settled = yield* Effect.repeat(Effect.zipRight(TestClock.adjust(beat), Fiber.poll(fiber)), {
        until: Option.isSome,
        times: longestReconcile
      })
      const now = yield* Clock.currentTimeMillis
      if (Option.isNone(settled)) return yield* fail({ invariant: "orders", detail: "reconcile does not end" }, now)
      const check = yield* Fiber.join(fiber)
      const verdict = check(yield* exchange.orders)
      if (verdict !== undefined) return yield* fail(verdict, now)
    })

    yield* Effect.forEach(steps, runStep, { discard: true })
    yield* runStep({ _tag: "Calm" })
    yield* advance(2 * beat)
    yield* settle
    for (const number of judges.keys()) yield* leave(number)
    yield* followers.leave
    yield* orders.close
    // Only one run in four waits until all sockets are closed, because that takes as long as the rest of the run.
    const isPatient = seed % 4 === 0
    yield* advance(isPatient ? linger : goodbye + beat)
    if (isPatient && (yield* exchange.connections) > 0) {
      const now = yield* Clock.currentTimeMillis
      return yield* fail({
        invariant: "leftovers",
        detail: "a socket is still open, long after the last listener has left"
      }, now)
    }
    if (isPatient && orders.isAny()) yield* reconcile
    for (const { received } of all) for (const item of received) output.push(textOf(item))
    output.push(...followers.received())
    const listened = all.map(({ received, step, symbol }) =>
      `${step.kind} ${symbol}\n${received.map(textOf).join("\n")}`
    )
    return [...listened, ...followers.received()].join("\n\n")
  })

const textOf = (item: Listener.Received): string =>
  item._tag === "Ended" ? Cause.pretty(item.cause, { renderErrorCause: true }) : JSON.stringify(item)

/** Tracks the faults so far, and the deviations that they excuse. */
const trackFaults = (patience: number) => {
  let isUntroubled = true
  let isStanding = false
  let isUnnoticed = false
  let pending = 0
  let hasLost = false
  let lenientUntil = 0
  let trades: Fault["trades"] = "kept"
  let since = start
  // Pending faults act one after another: each affects its own message and delays the resync again.
  const extendLeniency = (now: number) => {
    lenientUntil = Math.max(lenientUntil, now) + pending * goodbye
  }
  return {
    at: (now: number): Judge.Moment => ({
      now,
      patience,
      isUntroubled,
      isStrict: !isUnnoticed && now >= lenientUntil,
      trades,
      since: isStanding ? now : since
    }),
    mayHaveLost: () => hasLost,
    injected: ({ lag, trades: become }: Fault, now: number) => {
      isUntroubled = false
      isStanding = true
      if (lag === "watchdog") isUnnoticed = true
      if (lag === "beat") {
        pending++
        extendLeniency(now)
      }
      if (become !== "kept") hasLost = true
      if (become === "muddled" || trades === "kept") trades = become
    },
    /** A pending fault may affect a message of the new subscription. */
    subscribed: (now: number) => {
      if (pending > 0) extendLeniency(now)
    },
    calmed: (now: number) => {
      if (isUnnoticed) lenientUntil = now + patience
      if (trades === "lost") trades = "kept"
      if (isStanding) since = now
      isStanding = false
      isUnnoticed = false
      pending = 0
    }
  }
}
