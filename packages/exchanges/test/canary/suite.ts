import { type Account, type Market, MarketData, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Predicate, Random } from "effect"
import { Exchanges } from "../../src/index.js"
import { trading } from "../support/exchanges.js"
import * as Support from "../support/exchanges.js"
import { isChange, now, otherOf, type Request, type Serve, type Served, server } from "../support/frozenExchange.js"
import * as Output from "../support/output.js"
import { draw, report, type Run, seeded } from "../support/sampling.js"
import { skippingClock } from "../support/skippingClock.js"
import { type Call, calls } from "./calls.js"
import { echoed, forms, secretsOf, sent, type Spot, spots } from "./echo.js"

type Answer = (request: Request, served: Served, index: number) => Served

/** Provides a client of an exchange in memory, whose responses `answer` changes. */
const client = (serve: Serve, answer: Answer): Layer.Layer<HttpClient.HttpClient> =>
  Layer.sync(HttpClient.HttpClient, () => {
    const history: Array<Request> = []
    let count = 0
    return HttpClient.make((request, url) => {
      const one: Request = {
        method: request.method,
        target: url.pathname + url.search,
        headers: { ...request.headers, host: url.host },
        body: request.body._tag === "Uint8Array" ? request.body.body : new Uint8Array()
      }
      const before = [...history]
      if (isChange(one)) history.push(one)
      const index = count++
      return Effect.map(serve(before, one), (served) => {
        const { body, headers, status } = answer(one, served, index)
        return HttpClientResponse.fromWeb(request, new Response(new Uint8Array(body), { status, headers }))
      })
    })
  })

interface Stage {
  readonly id: Exchanges.ExchangeId
  readonly serve: Serve
  readonly markets: ReadonlyArray<Market.Market>
  readonly cases: ReadonlyArray<Case>
}

/** A place in a response at which the exchange repeats what was sent. */
interface Case {
  readonly call: Call
  readonly index: number
  readonly spot: Spot
}

const credentialsOf = (id: Exchanges.ExchangeId) => Simulator.credentials(id)

const perform = <A>(
  id: Exchanges.ExchangeId,
  options: {
    readonly serve: Serve
    readonly markets?: ReadonlyArray<Market.Market> | undefined
    readonly at: number
    readonly answer: Answer
    readonly run: Effect.Effect<A, never, MarketData.MarketData | Account.Account | Trading.Trading>
  }
): Effect.Effect<A> =>
  options.run.pipe(
    Effect.provide(Layer.provide(
      trading(id, { markets: options.markets, retry: { attempts: 1 } }),
      client(options.serve, options.answer)
    )),
    Effect.orDie,
    Effect.withClock(skippingClock(options.at))
  )

const prepare = (id: Exchanges.ExchangeId): Effect.Effect<Stage> =>
  Effect.gen(function*() {
    const setup: Array<Request> = []
    const markets = yield* perform(id, {
      serve: server(id, [], now - 60_000),
      at: now - 60_000,
      answer: (request, served) => {
        if (isChange(request)) setup.push(request)
        return served
      },
      run: Effect.gen(function*() {
        const listed = yield* Effect.orDie(Effect.flatMap(MarketData.MarketData, ({ markets }) => markets))
        const { place } = yield* Trading.Trading
        const other = otherOf(listed)?.symbol ?? Support.symbol
        yield* Effect.orDie(place(Support.far("attack0")))
        yield* Effect.orDie(place({ ...Support.far("attack9"), symbol: other, price: "1000", amount: "0.1" }))
        return listed
      })
    })
    const serve = server(id, setup, now)
    const cases: Array<Case> = []
    for (const call of calls) {
      const bodies: Array<Served["body"]> = []
      yield* perform(id, {
        serve,
        markets,
        at: now,
        answer: (_, served, index) => {
          bodies[index] = served.body
          return served
        },
        run: call.run
      })
      // Of repeated requests, such as lookups, only two are used.
      for (const [index, body] of bodies.slice(0, 2).entries()) {
        for (const spot of spots(body)) cases.push({ call, index, spot })
      }
    }
    return { id, serve, markets, cases }
  })

const texts = (failure: unknown): ReadonlyArray<string> =>
  Predicate.isRecord(failure)
    ? [failure["message"], ...Object.values(failure)].filter((value) => typeof value === "string")
    : []

/** Returns a description of the leak, or `undefined`. */
const findLeak = (
  { id, markets, serve }: Stage,
  { call, index, spot }: Case,
  form: string,
  mode: "instead" | "behind",
  turn: number
): Effect.Effect<string | undefined> =>
  Effect.gen(function*() {
    const output = Output.make()
    const secrets = new Set<string>()
    const failures = yield* perform(id, {
      serve,
      markets,
      at: now,
      answer: (request, served, at) => {
        const credentials = credentialsOf(id)
        for (const secret of secretsOf(request, credentials)) secrets.add(secret)
        if (at !== index) return served
        // All secrets, each time with another one first, because a message that is too long is cut.
        const all = sent(request, credentials)
        const value = all.map((_, place) => all[(place + turn) % all.length]).join(" ")
        return { ...served, body: echoed(served.body, spot, forms[form]?.(value) ?? value, mode) }
      },
      run: Effect.exit(call.run).pipe(
        Effect.map((exit) => exit._tag === "Success" ? exit.value : [exit.cause]),
        Effect.provide(output.layer)
      )
    })
    for (const failure of failures) output.record(Output.renderings(failure).join("\n"))
    const found = Output.leak(output.texts, [...secrets]) ??
      failures.flatMap(texts).find((text) => Output.unprintable.test(text)) ??
      output.texts.find((text) => /^level=FATAL|\n\s*level=FATAL|\p{Cf}/u.test(text))?.slice(0, 300)
    const where = `${call.name}, answer ${index + 1}, ${spot.of} ${spot.path.join(".")}, ${form}, ${mode}, ${turn}`
    return found === undefined ? undefined : `${id}, ${where}: ${JSON.stringify(found)}`
  })

/** Lets other tasks of the event loop run, such as those of the test runner. */
const yieldToEventLoop = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Registers tests in which every exchange repeats what was sent, everywhere in its responses, or in a sample. */
export const register = (run: Run): void => {
  describe("canary", () => {
    for (const id of Exchanges.ids) {
      it.effect(`no secret leaks if ${id} repeats it`, () =>
        Effect.gen(function*() {
          const stage = yield* prepare(id)
          assert.isAbove(stage.cases.length, 100)
          const cases = yield* draw(run, `canary ${id}`, stage.cases)
          const found = yield* Effect.forEach(cases, (one) =>
            Effect.gen(function*() {
              yield* yieldToEventLoop
              const names = Object.keys(forms)
              const form = names[yield* Random.nextIntBetween(0, names.length)] ?? ""
              const mode = (yield* Random.nextBoolean) ? "instead" : "behind"
              const turn = yield* Random.nextIntBetween(0, 10)
              // In a separate fiber that is not joined, because Layers of loggers and tracers change the fiber.
              return yield* Effect.flatten(
                Effect.flatMap(Effect.fork(findLeak(stage, one, form, mode, turn)), Fiber.await)
              )
            }))
          const leaks = found.filter((each) => each !== undefined)
          assert.deepStrictEqual(report(run, leaks), [], id)
          assert.isUndefined(Output.leak([yield* Output.metrics], Object.values(credentialsTexts(id))))
        }).pipe(seeded(run, `canary forms ${id}`)), 600_000)
    }
  })
}

const credentialsTexts = (id: Exchanges.ExchangeId): ReadonlyArray<string> =>
  secretsOf({ method: "GET", target: "/", headers: {}, body: new Uint8Array() }, credentialsOf(id))
