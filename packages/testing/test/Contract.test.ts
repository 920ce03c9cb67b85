import { Account, ExchangeError, MarketData } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude, assertLeft, assertNone, assertSome } from "@effect/vitest/utils"
import { BigDecimal, ConfigProvider, Effect, Either, Layer, Option } from "effect"
import { Contract, ContractCase, Mock } from "../src/index.js"

const tickers = {
  "BTC/USDT": { last: "64000.5", bid: "64000", ask: "64001", low24h: "61000", high24h: "65000", open24h: "62000" },
  "ETH/USDT": { last: "3100.25", volume24h: "0", market: { tickSize: "0.01", lotSize: "0.0001" } },
  "BTC/USD:BTC": { bid: "63990", ask: "63991" },
  "BTC/USD:BTC-261225": { last: "66000" },
  "LUNA/USDT": { last: "0.0001", market: { status: "halted" } }
} as const

const observer = Effect.map(Mock.Mock, (mock): ContractCase.Observer => ({
  sent: Effect.map(mock.calls, (calls) => calls.length),
  inFlight: Effect.succeed(0)
}))

const account = Mock.layerAccount({ balances: { BTC: { free: "0.5", total: "0.75" }, USDT: { free: "0" } } })

const mock = { name: "mock", layer: Mock.layer(tickers), account, observer, clock: "test" } as const

describe("the mock", () => {
  Contract.register(it, mock)
  Contract.register(it, { ...mock, name: "mock in real time", clock: "live" })
})

/** Builds never, so that a test that runs all the same dies. */
const outside = Layer.effect(MarketData.MarketData, Effect.dieMessage("a suite that is off must build nothing"))

/** The violations of an implementation, in the order of the cases. */
const violations = <R, E>(options: Contract.Options<R, E>) =>
  Effect.gen(function*() {
    const found: Array<ContractCase.ContractViolation> = []
    for (const test of Contract.suite(options)) {
      if (Option.isSome(yield* test.skip)) continue
      const outcome = yield* Effect.either(test.run)
      if (Either.isRight(outcome)) continue
      assert(outcome.left instanceof ContractCase.ContractViolation)
      found.push(outcome.left)
    }
    return found
  })

type Service = MarketData.MarketData.Service

/** A mock that lies in one thing, judged by the whole suite. */
const judge = (lie: (honest: Service) => Partial<Service>) =>
  violations({
    ...mock,
    name: "liar",
    symbols: ["BTC/USDT", "ETH/USDT", "BTC/USD:BTC"],
    limit: "5 seconds",
    layer: Layer.effect(
      MarketData.MarketData,
      Effect.map(MarketData.MarketData, (honest) => ({ ...honest, ...lie(honest) }))
    ).pipe(Layer.provideMerge(Mock.layer(tickers)))
  })

const two = BigDecimal.fromBigInt(2n)
const zero = BigDecimal.fromBigInt(0n)

const about = { exchange: "mock", detail: "no such thing" }

/** Prices that fail so when more than ten are asked for at once. */
const crowded = (honest: Service, error: ExchangeError.MarketDataError): Service["price"] => {
  let inside = 0
  return (symbol) =>
    Effect.acquireUseRelease(
      Effect.sync(() => ++inside),
      (count) => Effect.zipRight(Effect.yieldNow(), count > 10 ? error : honest.price(symbol)),
      () => Effect.sync(() => inside--)
    )
}

const liars: ReadonlyArray<readonly [what: string, lie: (honest: Service) => Partial<Service>, ReadonlyArray<string>]> =
  [
    ["lists nothing", () => ({ markets: Effect.succeed([]) }), ["MD-01"]],
    [
      "lists a market without id",
      (honest) => ({
        markets: Effect.map(honest.markets, (all) => all.map((each, i) => i === 1 ? { ...each, id: "" } : each))
      }),
      ["MD-01", "MD-05"]
    ],
    [
      "lists a symbol twice",
      (honest) => ({
        markets: Effect.map(
          honest.markets,
          ([one, ...rest]) => one === undefined ? [] : [one, ...rest, { ...one, id: "X" }]
        )
      }),
      ["MD-02", "MD-05"]
    ],
    [
      "gives two markets one id",
      (honest) => ({
        markets: Effect.map(honest.markets, (all) => all.map((each, i) => i < 2 ? { ...each, id: "X" } : each))
      }),
      ["MD-02", "MD-05"]
    ],
    [
      "states a tick size of zero",
      (honest) => ({ markets: Effect.map(honest.markets, (all) => all.map((each) => ({ ...each, tickSize: zero }))) }),
      ["MD-01", "MD-03"]
    ],
    [
      "swaps base and quote",
      (honest) => ({
        markets: Effect.map(
          honest.markets,
          (all) => all.map((each) => ({ ...each, base: each.quote, quote: each.base }))
        )
      }),
      ["MD-04"]
    ],
    [
      "calls a perpetual spot",
      (honest) => ({ markets: Effect.map(honest.markets, (all) => all.map((each) => ({ ...each, kind: "spot" }))) }),
      ["MD-04"]
    ],
    [
      "finds a market under another id",
      (honest) => ({ market: (symbol) => Effect.map(honest.market(symbol), (market) => ({ ...market, id: "OTHER" })) }),
      ["MD-05"]
    ],
    [
      "prices in the base currency",
      (honest) => ({ price: (symbol) => Effect.map(honest.price(symbol), (price) => ({ ...price, currency: "BTC" })) }),
      ["MD-06", "MD-15", "MD-16"]
    ],
    [
      "passes a price off as another exchange's",
      (honest) => ({ price: (symbol) => Effect.map(honest.price(symbol), (price) => ({ ...price, source: "other" })) }),
      ["MD-06", "MD-15", "MD-16"]
    ],
    [
      "prices at zero",
      (honest) => ({ price: (symbol) => Effect.map(honest.price(symbol), (price) => ({ ...price, amount: zero })) }),
      ["MD-06", "MD-15", "MD-16"]
    ],
    [
      "crosses the book",
      (honest) => ({
        ticker: (symbol) => Effect.map(honest.ticker(symbol), (each) => ({ ...each, bid: each.ask, ask: each.bid }))
      }),
      ["MD-07"]
    ],
    [
      "has traded above the day's high",
      (honest) => ({
        ticker: (symbol) =>
          Effect.map(
            honest.ticker(symbol),
            (each) => ({ ...each, last: each.high24h && BigDecimal.multiply(each.high24h, two) })
          )
      }),
      ["MD-07"]
    ],
    [
      "tickers are another exchange's",
      (honest) => ({
        ticker: (symbol) => Effect.map(honest.ticker(symbol), (each) => ({ ...each, exchange: "other" }))
      }),
      ["MD-07"]
    ],
    [
      "sorts tickers",
      (honest) => ({ tickers: (symbols) => honest.tickers(symbols.toSorted()) }),
      ["MD-08", "MD-09"]
    ],
    [
      "answers each symbol once",
      (honest) => ({ tickers: (symbols) => honest.tickers(Array.from(new Set(symbols))) }),
      ["MD-09"]
    ],
    [
      "takes none for all",
      (honest) => ({ tickers: (symbols) => honest.tickers(symbols.length === 0 ? ["BTC/USDT"] : symbols) }),
      ["MD-10", "MD-14"]
    ],
    [
      "tells the time in seconds",
      (honest) => ({ serverTime: Effect.map(honest.serverTime, (time) => Math.floor(time / 1000)) }),
      ["MD-11"]
    ],
    [
      "makes up a price for an unknown symbol",
      (honest) => ({
        price: (symbol) => Effect.catchTag(honest.price(symbol), "SymbolNotFound", () => honest.price("BTC/USDT"))
      }),
      ["MD-12"]
    ],
    [
      "leaves out the ticker of an unknown symbol",
      (honest) => ({
        tickers: (symbols) => Effect.catchTag(honest.tickers(symbols), "SymbolNotFound", () => Effect.succeed([]))
      }),
      ["MD-12"]
    ],
    [
      "calls an unknown symbol malformed",
      (honest) => ({
        market: (symbol) =>
          Effect.catchTag(
            honest.market(symbol),
            "SymbolNotFound",
            () => new ExchangeError.InvalidRequest({ ...about, operation: "market" })
          )
      }),
      ["MD-12"]
    ],
    [
      "names another symbol as unknown",
      (honest) => ({
        ticker: (symbol) =>
          Effect.catchTag(
            honest.ticker(symbol),
            "SymbolNotFound",
            (error) => new ExchangeError.SymbolNotFound({ ...error, symbol: "ETH/USDT" })
          )
      }),
      ["MD-12"]
    ],
    [
      "blames another operation",
      (honest) => ({ price: (symbol) => Effect.zipRight(honest.market(symbol), honest.price(symbol)) }),
      ["MD-12", "MD-13"]
    ],
    [
      "does not tell malformed from unknown",
      (honest) => ({
        market: (symbol) =>
          Effect.catchTag(
            honest.market(symbol),
            "InvalidRequest",
            () => new ExchangeError.SymbolNotFound({ ...about, operation: "market", symbol })
          )
      }),
      ["MD-13"]
    ],
    [
      "takes a symbol in lower case",
      (honest) => ({ price: (symbol) => honest.price(symbol.toUpperCase()) }),
      ["MD-13", "MD-14"]
    ],
    [
      "takes a symbol with blanks around it",
      (honest) => ({ ticker: (symbol) => honest.ticker(symbol.trim()) }),
      ["MD-13", "MD-14"]
    ],
    [
      "repeats what it was asked, line breaks and all",
      (honest) => ({
        market: (symbol) =>
          Effect.catchTag(
            honest.market(symbol),
            "InvalidRequest",
            () => new ExchangeError.InvalidRequest({ ...about, operation: "market", detail: `no symbol ${symbol}` })
          )
      }),
      ["MD-13"]
    ],
    [
      "sends before it validates",
      (honest) => ({ ticker: (symbol) => Effect.zipRight(honest.serverTime, honest.ticker(symbol)) }),
      ["MD-14"]
    ],
    [
      "keeps a lock when interrupted",
      (honest) => {
        const lock = Effect.unsafeMakeSemaphore(1)
        return {
          price: (symbol) =>
            Effect.zipRight(lock.take(1), Effect.yieldNow()).pipe(
              Effect.zipRight(Effect.either(honest.price(symbol))),
              Effect.zipLeft(lock.release(1)),
              Effect.flatten
            )
        }
      },
      ["MD-15"]
    ],
    [
      "mixes up calls made at once",
      (honest) => {
        let asked = ""
        return {
          price: (symbol) =>
            Effect.suspend(() => {
              asked = symbol
              return Effect.zipRight(Effect.yieldNow(), Effect.suspend(() => honest.price(asked)))
            })
        }
      },
      ["MD-16"]
    ],
    [
      "fails calls made at once after they were sent",
      (honest) => ({ price: crowded(honest, new ExchangeError.RequestTimedOut({ ...about, operation: "price" })) }),
      ["MD-16"]
    ],
    [
      "never answers",
      () => ({ serverTime: Effect.never }),
      ["MD-11"]
    ]
  ]

describe("the suite catches who", { timeout: 60_000 }, () => {
  for (const [what, lie, expected] of liars) {
    it.effect(what, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* judge(lie)).map((violation) => violation.case), expected)
      }))
  }

  it("every case about market data has a liar that breaks it", () => {
    const caught = new Set(liars.flatMap(([, , expected]) => expected))
    const all = Contract.cases.filter(({ capability }) => capability === "marketData").map(({ id }) => id)
    assert.deepStrictEqual(Array.from(caught).toSorted(), all)
  })
})

type AccountService = Account.Account.Service

const accountLiars: ReadonlyArray<
  readonly [what: string, lie: (honest: AccountService) => Partial<AccountService>, ReadonlyArray<string>]
> = [
  ["owes", () => ({ balances: Effect.succeed([{ asset: "BTC", free: BigDecimal.negate(two), total: two }]) }), [
    "AC-01"
  ]],
  [
    "frees more than there is",
    () => ({ balances: Effect.succeed([{ asset: "BTC", free: two, total: BigDecimal.fromBigInt(1n) }]) }),
    ["AC-01"]
  ],
  ["holds nothing", () => ({ balances: Effect.succeed([{ asset: "BTC", free: zero, total: zero }]) }), ["AC-02"]],
  ["counts twice", (honest) => ({ balances: Effect.map(honest.balances, (all) => [...all, ...all]) }), ["AC-03"]],
  ["says yes instead of true", () => ({ keyPermissions: Effect.sync(() => JSON.parse("{\"read\":\"yes\"}")) }), [
    "AC-04"
  ]],
  [
    "reads with a key that cannot",
    (honest) => ({ keyPermissions: Effect.map(honest.keyPermissions, (each) => ({ ...each, read: false })) }),
    ["AC-05"]
  ],
  [
    "keeps a lock when interrupted",
    (honest) => {
      const lock = Effect.unsafeMakeSemaphore(1)
      return {
        balances: Effect.zipRight(lock.take(1), Effect.yieldNow()).pipe(
          Effect.zipRight(honest.balances),
          Effect.zipLeft(lock.release(1))
        )
      }
    },
    ["AC-06"]
  ]
]

describe("the suite catches an account that", { timeout: 60_000 }, () => {
  for (const [what, lie, expected] of accountLiars) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const found = yield* violations({
          ...mock,
          limit: "5 seconds",
          account: Layer.effect(
            Account.Account,
            Effect.map(Account.Account, (honest) => ({ ...honest, ...lie(honest) }))
          ).pipe(Layer.provide(account))
        })
        assert.deepStrictEqual(found.map((violation) => violation.case), expected)
      }))
  }

  it("every case about accounts has a liar that breaks it", () => {
    const caught = new Set(accountLiars.flatMap(([, , expected]) => expected))
    const all = Contract.cases.filter(({ capability }) => capability === "account").map(({ id }) => id)
    assert.deepStrictEqual(Array.from(caught).toSorted(), all)
  })
})

describe("the suite forgives", { timeout: 60_000 }, () => {
  it.effect("calls refused before they were sent", () =>
    Effect.gen(function*() {
      const full = new ExchangeError.BulkheadFull({ ...about, operation: "price" })
      assert.deepStrictEqual(yield* judge((honest) => ({ price: crowded(honest, full) })), [])
    }))

  it.effect("waiting, as time passes by itself", () =>
    Effect.gen(function*() {
      const found = yield* judge((honest) => ({ price: (symbol) => Effect.delay(honest.price(symbol), "4 millis") }))
      assert.deepStrictEqual(found, [])
    }))
})

describe("a violation", { timeout: 60_000 }, () => {
  it.effect("says who broke which case and how", () =>
    Effect.gen(function*() {
      const [violation] = yield* judge(() => ({ serverTime: Effect.succeed(12) }))
      assert.strictEqual(
        violation?.message,
        "liar breaks MD-11 (the exchange's clock is near ours, in milliseconds): " +
          "the exchange's clock is 12, expected to be within 30s of 1767225600000"
      )
    }))

  it.effect("says what an unexpected error was", () =>
    Effect.gen(function*() {
      const error = new ExchangeError.ExchangeUnavailable({
        ...about,
        operation: "serverTime",
        detail: "down for maintenance",
        outcome: "Unknown"
      })
      const [violation] = yield* judge(() => ({ serverTime: error }))
      assertInclude(
        violation?.message,
        "it failed with ExchangeUnavailable, mock.serverTime: down for maintenance"
      )
    }))

  it.effect("comes at the limit and not before", () =>
    Effect.gen(function*() {
      const slow = (delay: number) => judge((honest) => ({ serverTime: Effect.delay(honest.serverTime, delay) }))
      assert.deepStrictEqual(yield* slow(4999), [])
      const [violation] = yield* slow(5001)
      assertInclude(violation?.message, "MD-11")
      assertInclude(violation?.message, "longer than 5s")
    }))
})

describe("suite", { timeout: 60_000 }, () => {
  it("numbers its cases, each once", () => {
    const ids = Contract.cases.map(({ id }) => id)
    assert.strictEqual(new Set(ids).size, ids.length)
    for (const { capability, id } of Contract.cases) {
      assert.match(id, capability === "marketData" ? /^MD-\d\d$/ : /^AC-\d\d$/)
    }
  })

  it.effect("finds symbols by itself, and leaves out what is not open", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* violations(mock), [])
      const closed = Mock.layer({ "BTC/USDT": { last: "1", market: { status: "halted" } } })
      const [violation] = yield* violations({ name: "closed", layer: closed, clock: "test" })
      assertInclude(violation?.message, "no market is open")
    }))

  it.effect("skips what cannot be judged, and says why", () =>
    Effect.gen(function*() {
      const tests = Contract.suite({
        name: "bare",
        layer: Mock.layer(tickers),
        clock: "test",
        skip: { "MD-11": "it has no clock" }
      })
      const skipped: Array<string> = []
      for (const test of tests) {
        const reason = yield* test.skip
        if (Option.isNone(reason)) assert.notInclude(test.title, "skipped")
        else {
          assertInclude(test.title, `(skipped: ${reason.value})`)
          skipped.push(`${test.id} ${reason.value}`)
        }
      }
      assert.deepStrictEqual(skipped, [
        "MD-11 it has no clock",
        "MD-14 no observer was given",
        ...["AC-01", "AC-02", "AC-03", "AC-04", "AC-05", "AC-06"].map((id) => `${id} no account was given`)
      ])
    }))

  it.effect("passes the errors of the layer on", () =>
    Effect.gen(function*() {
      const [test] = Contract.suite({
        name: "unbuildable",
        layer: Layer.fail("no network"),
        clock: "test"
      })
      assertLeft(yield* Effect.either(test?.run ?? Effect.void), "no network")
    }))
})

describe("environment", () => {
  const load = (entries: ReadonlyArray<readonly [string, string]>) =>
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries)))

  const [test] = Contract.suite({ name: "binance testnet", layer: outside, clock: "live", on: "testnet" })
  const skip = test?.skip ?? Effect.dieMessage("there is no test")

  it.effect("is off unless configured", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* load([])(Contract.environment), "off")
      assert.strictEqual(yield* load([["EXCHANGE_CONTRACT", "live"]])(Contract.environment), "live")
    }))

  it.effect("refuses what it does not know", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(load([["EXCHANGE_CONTRACT", "production"]])(Contract.environment))
      assertInclude(String(error), "EXCHANGE_CONTRACT")
      assertInclude(String(error), "production")
    }))

  it.effect("decides which suites run; the others say what they would do", () =>
    Effect.gen(function*() {
      assertInclude(test?.title, "(runs when EXCHANGE_CONTRACT=testnet)")
      assertSome(yield* load([])(skip), "EXCHANGE_CONTRACT is off; set it to testnet to run this")
      assertSome(
        yield* load([["EXCHANGE_CONTRACT", "live"]])(skip),
        "EXCHANGE_CONTRACT is live; set it to testnet to run this"
      )
      assertNone(yield* load([["EXCHANGE_CONTRACT", "testnet"]])(skip))
      assert.isTrue(Either.isLeft(yield* Effect.either(load([["EXCHANGE_CONTRACT", "prod"]])(skip))))
    }))
})

describe("register", () => {
  interface Defined {
    readonly with: string
    readonly title: string
    readonly timeout: number
    readonly run: (skip: (reason?: string) => void) => Effect.Effect<void, unknown>
  }

  /** A runner that writes down what it is told to define. */
  const recorder = () => {
    const defined: Array<Defined> = []
    const define = (name: string): Contract.Define => (title, test, timeout) => {
      defined.push({ with: name, title, timeout, run: (skip) => test({ skip }) })
    }
    return { defined, runner: { effect: define("effect"), live: define("live") } }
  }

  it("defines every case, live ones in real time", () => {
    const { defined, runner } = recorder()
    Contract.register(runner, mock)
    Contract.register(runner, { ...mock, clock: "live", limit: "5 seconds" })
    assert.deepStrictEqual(
      defined.map((each) => each.with),
      [...Contract.cases.map(() => "effect"), ...Contract.cases.map(() => "live")]
    )
    assert.strictEqual(defined[0]?.timeout, 130_000)
    assert.strictEqual(defined.at(-1)?.timeout, 15_000)
  })

  it.effect("skips a suite that is off without building its layer", () =>
    Effect.gen(function*() {
      const { defined, runner } = recorder()
      Contract.register(runner, { name: "binance testnet", layer: outside, clock: "live", on: "testnet" })
      const [first] = defined
      assert(first !== undefined)
      assert.strictEqual(
        first.title,
        "binance testnet MD-01 lists markets, each fit for its schema (runs when EXCHANGE_CONTRACT=testnet)"
      )
      const reasons: Array<string | undefined> = []
      const run = first.run((reason) => reasons.push(reason))
      yield* Effect.withConfigProvider(run, ConfigProvider.fromMap(new Map()))
      assert.deepStrictEqual(reasons, ["EXCHANGE_CONTRACT is off; set it to testnet to run this"])
      const on = ConfigProvider.fromMap(new Map([["EXCHANGE_CONTRACT", "testnet"]]))
      assertInclude(String(yield* Effect.exit(Effect.withConfigProvider(run, on))), "must build nothing")
      assert.strictEqual(reasons.length, 1)
    }))
})
