import { Decimal, type Market } from "@effect-exchange/core"
import type { Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Either, FastCheck, Record } from "effect"
import { OkxEndpoints, OkxMapping, type OkxWire } from "../src/index.js"
import { envelope, fixture, inverse, json, linear, now, rows, spot, text } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

const plain = (decimal: BigDecimal.BigDecimal | undefined) =>
  decimal === undefined ? undefined : Decimal.format(BigDecimal.normalize(decimal))

describe("market", () => {
  const markets = (name: string) =>
    Record.fromIterableWith(
      decode(OkxEndpoints.instruments, json(fixture(name))).flatMap((row) => OkxMapping.market(row) ?? []),
      (market) => [`${market.symbol}`, market]
    )
  const summary = (name: string) =>
    Record.map(
      markets(name),
      (market) =>
        [
          market.id,
          market.kind,
          market.status,
          ...[market.tickSize, market.lotSize, market.minAmount, market.maxAmount, market.multiplier].map(plain)
        ] as const
    )

  it("reads spot by its currencies, its state and its steps", () => {
    assert.deepStrictEqual(summary("instruments_spot"), {
      "BTC/USDT": ["BTC-USDT", "spot", "open", "0.1", "0.00000001", "0.00001", "9999999999", undefined],
      "ETH/BTC": ["ETH-BTC", "spot", "halted", "0.00001", "0.000001", "0.001", undefined, undefined],
      "NEW/USDT": ["NEW-USDT", "spot", "halted", "0.0001", "0.01", "10", "100000000", undefined],
      "PEPE/USDT": ["PEPE-USDT", "spot", "unknown", "0.00000000001", "1", "100000", "100000000", undefined]
    })
  })

  it("counts linear contracts in the base currency, and inverse ones in contracts", () => {
    assert.deepStrictEqual(summary("instruments_swap"), {
      "BTC/USD:BTC": ["BTC-USD-SWAP", "perpetual", "open", "0.1", "1", "1", "100000000", "100"],
      "BTC/USDT:USDT": ["BTC-USDT-SWAP", "perpetual", "open", "0.1", "0.0001", "0.0001", "1000000", "0.01"],
      "PEPE/USDT:USDT": [
        "PEPE-USDT-SWAP",
        "perpetual",
        "halted",
        "0.000000001",
        "1000000",
        "1000000",
        "1000000000000000",
        "10000000"
      ],
      // What settles in another currency than it is quoted in is another market than that of the same pair.
      "BTC/USD:USDC": ["BTC-USD_UM-SWAP", "perpetual", "halted", "0.1", "0.0001", "0.0001", "1000000", "0.01"]
    })
    const { "BTC/USD:BTC": inverse, "BTC/USDT:USDT": linear } = markets("instruments_swap")
    assert.deepStrictEqual([inverse?.inverse, inverse?.settle, inverse?.base, inverse?.quote], [
      true,
      "BTC",
      "BTC",
      "USD"
    ])
    assert.deepStrictEqual([linear?.inverse, linear?.settle], [false, "USDT"])
  })

  it("dates futures by when they expire, and leaves options out", () => {
    assert.deepStrictEqual(Record.map(markets("instruments_futures"), ({ id, kind }) => [id, kind]), {
      "BTC/USDT:USDT-260327": ["BTC-USDT-260327", "future"],
      "BTC/USD:BTC-260327": ["BTC-USD-260327", "future"]
    })
  })

  it("leaves out rows it cannot read, and fails only when it can read none", () => {
    const [known] = rows("instruments_spot")
    assert.strictEqual(decode(OkxEndpoints.instruments, envelope(known, { instId: 7 })).length, 1)
    assert.isTrue(Either.isLeft(OkxEndpoints.instruments.decode(envelope({ instId: 7 }))))
    assert.deepStrictEqual(decode(OkxEndpoints.instruments, envelope()), [])
  })

  it.prop(
    "amounts and sizes are the other way round of each other",
    [
      FastCheck.bigInt({ min: 1n, max: 10n ** 18n }),
      FastCheck.constantFrom(spot, linear, inverse, {
        ...linear,
        multiplier: Decimal.make("10000000")
      })
    ],
    ([value, market]: [bigint, Market.Market]) => {
      const size = BigDecimal.make(value, 8)
      assert.deepStrictEqual(
        BigDecimal.normalize(OkxMapping.sizeOf(market, OkxMapping.amountOf(market, size))),
        BigDecimal.normalize(size)
      )
    }
  )
})

describe("public data", () => {
  it("a ticker's volume is the base currency's, and that of inverse contracts is left out", () => {
    const volume = (market: Market.Market, wire: OkxWire.Ticker) => text(OkxMapping.ticker(market, wire).volume24h)
    const one = decode(OkxEndpoints.ticker, json(fixture("ticker")))
    assert.deepStrictEqual(OkxMapping.ticker(spot, one), {
      exchange: "okx",
      symbol: spot.symbol,
      last: Decimal.make("87301.2"),
      bid: Decimal.make("87301.2"),
      ask: Decimal.make("87301.3"),
      open24h: Decimal.make("86000"),
      high24h: Decimal.make("88000.5"),
      low24h: Decimal.make("85421"),
      volume24h: Decimal.make("6120.55"),
      at: 1_763_942_400_123
    })
    const all = decode(OkxEndpoints.tickers, json(fixture("tickers")))
    assert.strictEqual(all.length, 3)
    const [swap, coin, empty] = all
    assert(swap !== undefined && coin !== undefined && empty !== undefined)
    assert.strictEqual(volume(linear, swap), "88001.2345")
    assert.isUndefined(volume(inverse, coin))
    const { ask, bid, last } = OkxMapping.ticker(linear, empty)
    assert.deepStrictEqual([last, bid, ask], [undefined, undefined, undefined])
  })

  it("a book is in amounts, best first, from either endpoint", () => {
    const book = OkxMapping.orderBook(linear, decode(OkxEndpoints.books, json(fixture("books"))))
    const levels = (side: typeof book.asks) => side.map(({ amount, price }) => [text(price), plain(amount)])
    assert.deepStrictEqual(levels(book.asks), [["87301.3", "0.0075"], ["87301.9", "1.2"]])
    assert.deepStrictEqual(levels(book.bids), [["87301.2", "0.015"], ["87300", "0.0001"]])
    assert.deepStrictEqual([book.at, book.sequence], [1_763_942_400_123, "987654321012"])
    const full = OkxMapping.orderBook(inverse, decode(OkxEndpoints.booksFull, json(fixture("books_full"))))
    assert.deepStrictEqual([levels(full.asks), full.sequence], [[["87301.3", "0.75"]], undefined])
  })

  it("trades are the taker's, in amounts", () => {
    const trades = decode(OkxEndpoints.trades, json(fixture("trades")))
    assert.deepStrictEqual(
      trades.map((wire) => OkxMapping.trade(linear, wire)).map((
        { amount, at, id, side }
      ) => [id, side, plain(amount), at]),
      [
        ["834864333", "sell", "0.0000013669", 1_763_942_399_557],
        ["834864332", "buy", "0.125", 1_763_942_398_666]
      ]
    )
  })

  it("candles are stamped at their open, in amounts", () => {
    const candles = decode(OkxEndpoints.candles, json(fixture("candles")))
    const summary = (market: Market.Market) =>
      candles.map((wire) => OkxMapping.bar(market, wire)).map(({ close, high, low, open, openTime, volume }) => [
        openTime,
        ...[open, high, low, close].map(text),
        plain(volume)
      ])
    assert.deepStrictEqual(summary(linear), [
      [now, "87301.2", "87310", "87299.9", "87305", "0.125"],
      [now - 60_000, "87290", "87301.5", "87288.1", "87301.2", "0.0375"]
    ])
    assert.deepStrictEqual(summary(inverse).map((row) => row.at(-1)), ["12.5", "3.75"])
  })

  it("days are those of UTC", () => {
    assert.strictEqual(OkxMapping.bars["1d"], "1Dutc")
    // A minute is `m`, and `M` a month.
    assert.deepStrictEqual([OkxMapping.bars["1m"], OkxMapping.bars["1h"], OkxMapping.bars["4h"]], ["1m", "1H", "4H"])
  })

  const under = (...maintenances: ReadonlyArray<Partial<OkxWire.Maintenance>>) =>
    OkxMapping.status(
      maintenances.map((each) => ({ title: "Upgrade", state: "ongoing", serviceType: "5", env: "1", ...each })),
      "1",
      now
    )

  it("the status is the worst of the maintenances under way", () => {
    const wire = decode(OkxEndpoints.status, json(fixture("status")))
    assert.deepStrictEqual(OkxMapping.status(wire, "1", now), {
      exchange: "okx",
      status: "maintenance",
      detail: "Trading system upgrade",
      at: now
    })
    // Of the live exchange; demo trading has none.
    assert.deepStrictEqual(OkxMapping.status(wire, "2", now), { exchange: "okx", status: "operational", at: now })
    assert.strictEqual(under().status, "operational")
    assert.strictEqual(
      under({ state: "scheduled" }, { state: "completed" }, { serviceType: "0" }).status,
      "operational"
    )
    assert.strictEqual(under({ serviceType: "0" }, { serviceType: "9" }).status, "limited")
    assert.strictEqual(under({ serviceType: "9" }, {}).status, "maintenance")
    assert.strictEqual(under({ state: "pre_open" }).status, "limited")
    assert.strictEqual(under({ serviceType: "1234" }).status, "unknown")
  })
})

describe("account", () => {
  it("reads what a key may do", () => {
    assert.deepStrictEqual(
      OkxMapping.permissions(decode(OkxEndpoints.accountConfig, json(fixture("account_config")))),
      {
        read: true,
        trade: true,
        withdraw: false,
        ipRestricted: true
      }
    )
    assert.deepStrictEqual(OkxMapping.permissions({ perm: "read_only, withdraw", ip: "" }), {
      read: true,
      trade: false,
      withdraw: true,
      ipRestricted: false
    })
  })

  it("reads balances whatever the mode of the account, without those of nothing", () => {
    const balances = OkxMapping.balances(decode(OkxEndpoints.balance, json(fixture("balance"))))
    assert.deepStrictEqual(balances.map(({ asset, free, total }) => [asset, text(free), text(total)]), [
      ["USDT", "94.42612990333333", "99.89469657000001"],
      ["BTC", "1.25", "1.5"]
    ])
  })

  it("reads positions: the side by the sign or by its name, none where there is none", () => {
    const positions = decode(OkxEndpoints.positions, json(fixture("positions")))
    const summary = (index: number, market: Market.Market) => {
      const wire = positions[index]
      assert(wire !== undefined)
      const position = OkxMapping.position(market, wire)
      return position === undefined ? undefined : [
        position.side,
        ...[
          position.amount,
          position.entryPrice,
          position.markPrice,
          position.liquidationPrice,
          position.leverage,
          position.unrealizedPnl
        ].map(plain)
      ]
    }
    assert.deepStrictEqual(summary(0, linear), ["long", "0.005", "86000.5", "87300.9", undefined, "10", "6.502"])
    assert.deepStrictEqual(summary(1, inverse), ["short", "12", "90000", "87300.9", "171234.5", "10", "0.00041"])
    assert.deepStrictEqual(summary(2, linear)?.slice(0, 2), ["short", "0.03"])
    assert.isUndefined(summary(3, linear))
  })

  it("fails on balances and positions it cannot read", () => {
    const [balance] = rows("balance")
    const [position] = rows("positions")
    assert.isTrue(
      Either.isLeft(OkxEndpoints.balance.decode(envelope({ ...balance, details: [{ ccy: "BTC", eq: "1e50" }] })))
    )
    assert.isTrue(Either.isLeft(OkxEndpoints.positions.decode(envelope({ ...position, posSide: "sideways" }))))
    assert.isTrue(Either.isLeft(OkxEndpoints.balance.decode(envelope())))
  })
})

describe("server time", () => {
  it("is a text of milliseconds", () => {
    assert.strictEqual(decode(OkxEndpoints.serverTime, envelope({ ts: "1597026383085" })), 1_597_026_383_085)
    for (const ts of ["", "-1", "1.5", "soon"]) {
      assert.isTrue(Either.isLeft(OkxEndpoints.serverTime.decode(envelope({ ts }))), ts)
    }
  })
})
