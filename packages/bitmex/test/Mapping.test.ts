import { Decimal, ExchangeSymbol, type Market, type OrderBook, type Ticker } from "@effect-exchange/core"
import type { Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { type BigDecimal, Either, FastCheck, Record } from "effect"
import { BitMexEndpoints, BitMexMapping, type BitMexWire } from "../src/index.js"
import { fixture, json } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

const text = (decimal: BigDecimal.BigDecimal | undefined) => decimal === undefined ? undefined : Decimal.format(decimal)

const printed = (ticker: Ticker.Ticker) => ({
  last: text(ticker.last),
  bid: text(ticker.bid),
  ask: text(ticker.ask),
  open24h: text(ticker.open24h),
  high24h: text(ticker.high24h),
  low24h: text(ticker.low24h),
  volume24h: text(ticker.volume24h)
})

const nothing = {
  last: undefined,
  bid: undefined,
  ask: undefined,
  open24h: undefined,
  high24h: undefined,
  low24h: undefined,
  volume24h: undefined
}

const listed = decode(BitMexEndpoints.instrumentsActive, json(fixture("instrument_active")))

const instrument = (id: string): BitMexWire.Instrument => {
  const found = listed.find(({ symbol }) => symbol === id)
  assert(found !== undefined, id)
  return found
}

const market = (id: string): Market.Market => {
  const found = BitMexMapping.market(instrument(id))
  assert(found !== undefined, id)
  return found
}

describe("market", () => {
  const markets = listed.flatMap((row) => BitMexMapping.market(row) ?? [])

  it("reads kind, assets, status and steps; lots in the base currency but of inverse contracts", () => {
    assert.deepStrictEqual(
      Record.fromIterableWith(markets, ({ id, kind, lotSize, status, symbol, tickSize }) => [
        id,
        [`${symbol}`, kind, status, text(tickSize), text(lotSize)]
      ]),
      {
        XBTUSD: ["BTC/USD:BTC", "perpetual", "open", "0.1", "100"],
        XBTUSDT: ["BTC/USDT:USDT", "perpetual", "open", "0.1", "0.001"],
        // It says only what one coin is in settlement units.
        SHIBUSDT: ["SHIB/USDT:USDT", "perpetual", "open", "0.00000001", "125"],
        // A quanto contract: what it is worth in the base currency changes with the price.
        ETHUSD: ["ETH/USD:BTC", "perpetual", "open", "0.05", undefined],
        XBT_USDT: ["BTC/USDT", "spot", "open", "0.5", "0.0001"],
        XBTZ26: ["BTC/USD:BTC-261225", "future", "open", "0.5", "100"],
        XBTH26: ["BTC/USD:BTC-260327", "future", "closed", "0.5", "100"],
        EURUSDT: ["EUR/USDT:USDT", "perpetual", "halted", "0.0001", "1"],
        TSLAUSDT: ["TSLA/USDT:USDT", "perpetual", "unknown", undefined, undefined]
      }
    )
    assert.deepStrictEqual([market("XBTUSD").base, market("XBTUSD").quote], ["BTC", "USD"])
  })

  it("says what one unit of quantity is, and what bounds an order", () => {
    const facts = (id: string) => {
      const { inverse, maxAmount, maxPrice, minAmount, multiplier, settle } = market(id)
      return [settle, inverse, text(multiplier), text(minAmount), text(maxAmount), text(maxPrice)]
    }
    // A contract is a dollar.
    assert.deepStrictEqual(facts("XBTUSD"), ["BTC", true, "1", "100", "10000000", "1000000"])
    assert.deepStrictEqual(facts("XBTUSDT"), ["USDT", false, "0.000001", "0.001", "1000", undefined])
    assert.deepStrictEqual(facts("SHIBUSDT"), ["USDT", false, "0.125", "125", undefined, undefined])
    // Spot is counted in satoshis.
    assert.deepStrictEqual(facts("XBT_USDT"), [undefined, false, "0.00000001", "0.0001", undefined, undefined])
    // What a quanto contract is in ether nobody can tell.
    assert.deepStrictEqual(facts("ETHUSD"), ["BTC", false, undefined, undefined, undefined, undefined])
    const huge = { ...instrument("XBTUSD"), maxOrderQty: 1e16 }
    assert.isUndefined(BitMexMapping.market(huge)?.maxAmount)
  })

  it("leaves out indices, spreads, predictions and what is not whole; one broken row hides no other", () => {
    assert.deepStrictEqual(
      listed.map(({ symbol }) => symbol).filter((id) => !markets.some((market) => market.id === id)),
      ["XBTDAYLESS", "XBTZ26_H27", "PREDICT26", ".BXBT", "ODD", "BARE"]
    )
    assert.isFalse(listed.some(({ symbol }) => symbol === "BROKEN"))
  })

  it("never takes a future without its day for the perpetual of the same assets", () => {
    const { expiry: _, ...dayless } = instrument("XBTZ26")
    assert.isUndefined(BitMexMapping.market(dayless))
    assert.strictEqual(new Set(markets.map(({ symbol }) => symbol)).size, markets.length)
  })

  it("leaves out a contract of which it is not said what it settles in, and not a spot market", () => {
    const { settlCurrency: _, ...contract } = instrument("XBTUSDT")
    assert.isUndefined(BitMexMapping.market(contract))
    assert.isUndefined(BitMexMapping.market({ ...contract, settlCurrency: null }))
    assert.isUndefined(instrument("XBT_USDT").settlCurrency)
  })

  it("fails when it can read no row at all, as the shape must have changed", () => {
    assert.isTrue(Either.isLeft(BitMexEndpoints.instrumentsActive.decode([{ name: "XBTUSD" }])))
    assert.isTrue(Either.isLeft(BitMexEndpoints.instrumentsActive.decode({ instruments: [] })))
    assert.deepStrictEqual(decode(BitMexEndpoints.instrumentsActive, []), [])
  })
})

describe("asset", () => {
  it("knows minor units by their case, and XBT by its other name", () => {
    const codes = "XBT XBt USDt USDT Gwei ETH MAMUSd SOL kPEPE constructor __proto__".split(" ")
    const assets = "BTC BTC USDT USDT ETH ETH MAMUSD SOL KPEPE CONSTRUCTOR __PROTO__".split(" ")
    assert.deepStrictEqual(codes.map(BitMexMapping.asset), assets)
  })
})

describe("amounts", () => {
  const unit = (id: string) => {
    const found = BitMexMapping.unit(market(id))
    assert(found !== undefined, id)
    return found
  }

  for (
    const [id, quantity, amount] of [
      ["XBT_USDT", "10000", "0.0001"],
      ["XBT_USDT", "1", "0.00000001"],
      ["XBTUSDT", "1000", "0.001"],
      ["SHIBUSDT", "3", "0.375"],
      ["XBTUSD", "100", "100"]
    ] as const
  ) {
    it(`${quantity} of ${id} is ${amount}, and back`, () => {
      assert.strictEqual(text(BitMexMapping.amount(unit(id), Decimal.make(quantity))), amount)
      assert.strictEqual(text(BitMexMapping.quantity(unit(id), Decimal.make(amount))), quantity)
    })
  }

  it("are whole numbers of the unit or none", () => {
    assert.isUndefined(BitMexMapping.quantity(unit("XBT_USDT"), Decimal.make("0.000000001")))
    assert.isUndefined(BitMexMapping.quantity(unit("SHIBUSDT"), Decimal.make("0.2")))
    assert.isUndefined(BitMexMapping.quantity(unit("XBTUSD"), Decimal.make("0.5")))
    assert.isUndefined(BitMexMapping.unit(market("ETHUSD")))
  })

  it.prop(
    "go there and back unchanged, whatever the quantity",
    [
      FastCheck.bigInt({ min: 1n, max: 9_007_199_254_740_991n }),
      FastCheck.constantFrom("XBT_USDT", "XBTUSDT", "XBTUSD")
    ],
    ([quantity, id]) => {
      const amount = BitMexMapping.amount(unit(id), Decimal.make(String(quantity)))
      assert.strictEqual(text(BitMexMapping.quantity(unit(id), amount)), String(quantity))
    }
  )
})

describe("orderBook", () => {
  const unit = Decimal.make("0.000001")
  const rows = decode(BitMexEndpoints.orderBookL2, json(fixture("orderBook_L2")))
  const levels = (side: ReadonlyArray<OrderBook.Level>) => side.map(({ amount, price }) => [text(price), text(amount)])

  it("sorts by price what comes in no order, best first, and adds up what has one price", () => {
    const book = BitMexMapping.orderBook(market("XBTUSDT"), unit, rows, 7)
    assert.deepStrictEqual(levels(book.bids), [["64050", "0.0015"], ["63999.9", "0.004"]])
    assert.deepStrictEqual(levels(book.asks), [["64051.4", "0.002"], ["64060.5", "0.033"]])
    assert.deepStrictEqual([book.exchange, `${book.symbol}`, book.at], ["bitmex", "BTC/USDT:USDT", 7])
  })

  it("may be empty, and fails on a side it does not know", () => {
    assert.deepStrictEqual(BitMexMapping.orderBook(market("XBTUSDT"), unit, [], 7).bids, [])
    assert.isTrue(Either.isLeft(BitMexEndpoints.orderBookL2.decode([{ side: "Both", size: 1, price: 1 }])))
  })
})

describe("trade", () => {
  it("reads the taker's side, and leaves out what is no trade", () => {
    const rows = decode(BitMexEndpoints.trades, json(fixture("trade")))
    const trades = rows.flatMap((row) => BitMexMapping.trade(market("XBTUSD"), Decimal.make("1"), row) ?? [])
    assert.deepStrictEqual(
      trades.map(({ amount, at, id, price, side, symbol }) => [
        `${symbol}`,
        id.slice(-3),
        side,
        text(price),
        text(amount),
        at
      ]),
      [
        ["BTC/USD:BTC", "102", "sell", "64043.1", "100", 1_787_220_930_789],
        ["BTC/USD:BTC", "101", "buy", "64043.2", "2500", 1_787_220_930_123]
      ]
    )
  })
})

describe("bar", () => {
  it("is stamped at its open, opens within its range, and is none where nothing was traded", () => {
    const rows = decode(BitMexEndpoints.tradesBucketed, json(fixture("trade_bucketed")))
    const bars = rows.flatMap((row) => BitMexMapping.bar(Decimal.make("0.000001"), 60_000, row) ?? [])
    assert.deepStrictEqual(
      bars.map(({ close, high, low, open, openTime, volume }) => [
        new Date(openTime).toISOString(),
        ...[open, high, low, close, volume].map(text)
      ]),
      [
        ["2026-08-20T10:10:00.000Z", "64001.2", "64010", "64001.2", "64005", "0.025"],
        ["2026-08-20T10:13:00.000Z", "64003.3", "64003.3", "63990", "63991.1", "0.003"]
      ]
    )
  })
})

describe("ticker", () => {
  it("keeps every digit of an inverse perpetual, its volume in the base currency", () => {
    const [wire] = decode(BitMexEndpoints.instrument, json(fixture("instrument")))
    assert(wire !== undefined)
    const ticker = BitMexMapping.ticker(market("XBTUSD"), wire)
    assert.deepStrictEqual(printed(ticker), {
      last: "64043.2",
      bid: "64043.1",
      ask: "64043.2",
      open24h: "62510.5",
      high24h: "64500",
      low24h: "62011.9",
      volume24h: "6553.62899194"
    })
    assert.strictEqual(ticker.exchange, "bitmex")
    assert.strictEqual(ticker.symbol, "BTC/USD:BTC")
    assert.strictEqual(ticker.at, 1_787_220_930_123)
  })

  it("takes what is missing, null or zero for nothing", () => {
    const ticker = (id: string) => printed(BitMexMapping.ticker(market(id), instrument(id)))
    assert.deepStrictEqual(ticker("XBTUSDT"), {
      ...nothing,
      last: "64051.4",
      bid: "64050",
      volume24h: "0.00000015"
    })
    assert.deepStrictEqual(ticker("XBTH26"), { ...nothing, last: "61000" })
    assert.deepStrictEqual(ticker("XBT_USDT"), { ...nothing, bid: "64020.5", ask: "64060" })
    assert.deepStrictEqual(ticker("EURUSDT"), nothing)
    assert.deepStrictEqual(ticker("SHIBUSDT"), {
      ...nothing,
      last: "0.00001234",
      bid: "0.00001233",
      ask: "0.00001235"
    })
  })

  it("gives no price below zero, as spreads have", () => {
    const spread = { ...market("XBTUSD"), symbol: ExchangeSymbol.make("BTC/USD:BTC-261225") }
    assert.deepStrictEqual(printed(BitMexMapping.ticker(spread, instrument("XBTZ26_H27"))), nothing)
  })

  it("takes no number for one that JSON has damaged, and reads time to the microsecond", () => {
    const row = { symbol: "XBTUSD", typ: "FFWCSX", state: "Open", timestamp: "2026-08-20T10:15:30.123456Z" }
    const read = (extra: object) => BitMexEndpoints.instrument.decode([{ ...row, ...extra }])
    assert.strictEqual(
      BitMexMapping.ticker(market("XBTUSD"), decode(BitMexEndpoints.instrument, [row])[0] ?? assert.fail()).at,
      1_787_220_930_123
    )
    assert.isTrue(Either.isRight(read({ lastPrice: 9_007_199_254_740_991, totalTurnover: 37_667_684_492_745_240 })))
    for (const lastPrice of [9_007_199_254_740_992, "64043.2", true, {}]) {
      assert.isTrue(Either.isLeft(read({ lastPrice })), String(lastPrice))
    }
    for (const timestamp of ["yesterday", "", 1_787_220_930_123, null]) {
      assert.isTrue(Either.isLeft(read({ timestamp })), String(timestamp))
    }
  })

  it("reads no instrument from an empty list", () => {
    assert.deepStrictEqual(decode(BitMexEndpoints.instrument, []), [])
  })
})

describe("balance", () => {
  const rows = decode(BitMexEndpoints.margin, json(fixture("user_margin")))

  it("turns minor units into whole ones, exactly, below zero too", () => {
    assert.deepStrictEqual(
      rows.map((row) => {
        const balance = BitMexMapping.balance(row)
        return balance === undefined ? undefined : [balance.asset, text(balance.free), text(balance.total)]
      }),
      [
        ["BTC", "1.50000000", "1.75000001"],
        ["USDT", "0.000000", "-2.500001"],
        ["ETH", "0.000000001", "12.345678910"],
        ["LAMP", "0.000000", "0.000000"],
        undefined
      ]
    )
  })

  it("guesses no unit: codes differ by their case alone", () => {
    for (const currency of ["XBT", "xbt", "XBT ", "USDT", "usdt", "gwei", "constructor", "__proto__", "toString"]) {
      assert.isUndefined(BitMexMapping.balance({ currency, marginBalance: 1, availableMargin: 1 }), currency)
    }
  })

  it("is strict about money: whole numbers that JSON has not damaged", () => {
    const read = (marginBalance: unknown) =>
      BitMexEndpoints.margin.decode([{ currency: "XBt", marginBalance, availableMargin: 0 }])
    assert.isTrue(Either.isRight(read(-9_007_199_254_740_991)))
    for (const wrong of [0.5, "1", null, undefined, 9_007_199_254_740_992]) {
      assert.isTrue(Either.isLeft(read(wrong)), String(wrong))
    }
  })
})

describe("permissions", () => {
  const keys = decode(BitMexEndpoints.apiKeys, json(fixture("apiKey")))

  const cases = [
    ["reader", { read: true, trade: false, withdraw: false, ipRestricted: false }],
    ["trader", { read: true, trade: true, withdraw: false, ipRestricted: true }],
    ["canceller", { read: true, trade: false, withdraw: false, ipRestricted: false }],
    ["disabled", { read: false, trade: true, withdraw: false, ipRestricted: true }],
    ["foreign-withdrawer", { read: true, trade: true, withdraw: true, ipRestricted: false }]
  ] as const

  for (const [id, expected] of cases) {
    it(`reads those of the key in use among all: ${id}`, () => {
      assert.deepStrictEqual(BitMexMapping.permissions(keys, id), expected)
    })
  }

  it("says unknown of a key that is not there or cannot be read, never no", () => {
    const unknown = { read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" } as const
    for (const id of ["elsewhere", "odd", "READER", ""]) {
      assert.deepStrictEqual(BitMexMapping.permissions(keys, id), unknown, id)
    }
    assert.deepStrictEqual(BitMexMapping.permissions([], "reader"), unknown)
  })
})

describe("serverTime", () => {
  it("reads milliseconds, and nothing else", () => {
    assert.strictEqual(decode(BitMexEndpoints.serverTime, json(fixture("root"))), 1_787_220_930_123)
    for (const timestamp of ["2026-08-20T10:15:30.123Z", -1, 1.5, null]) {
      assert.isTrue(Either.isLeft(BitMexEndpoints.serverTime.decode({ timestamp })), String(timestamp))
    }
  })
})
