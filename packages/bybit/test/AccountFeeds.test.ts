import { Decimal } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Either, Redacted, Stream, TestClock } from "effect"
import { register } from "../../exchanges/test/support/accountFeeds.js"
import { feeds } from "../src/Feeds.js"
import { Bybit } from "../src/index.js"
import { account as subject } from "./feeds.js"
import { simulated } from "./support.js"
import { documented } from "./utils.js"

register(subject)

const { balances, fills, orders, protocol } = feeds
const account = protocol.sockets["private"]

/** Formats decimals as text, and removes `undefined` fields. */
const shown = (row: object) =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, BigDecimal.isBigDecimal(value) ? Decimal.format(value) : value])
  )

const read = <A extends object>(rows: Listing.Rows<A> | undefined) => {
  const { rows: known, unknown } = Listing.from(rows ?? [])
  return { rows: known.map(shown), unknown: unknown.length }
}

const conn_id = "cejreaspqfm9se7usbrg-3ab"

describe("login to Bybit's private stream", () => {
  it("signs its expiry", () => {
    const moment = { now: 1_699_999_990_000, nonce: 0n, host: "api.bybit.com" }
    assert.deepStrictEqual(account?.login?.(documented, moment).pipe(Either.getOrThrow), [{
      op: "auth",
      args: ["test_api_key", 1_700_000_000_000, "bacffe7500499eb829bb58c45d36d1b3e5ac67c14eaeba91df5e99ccee013925"]
    }])
  })

  it("fails for an RSA key without revealing it", () => {
    const secret = Redacted.make("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
    const login = account?.login?.({ ...documented, secret }, { now: 0, nonce: 0n, host: "" })
    assert.match(String(login && Either.getOrThrow(Either.flip(login))), /RSA/)
    assert.notInclude(String(login && Either.getOrThrow(Either.flip(login))), "AAAA")
  })

  it("is confirmed, or refused", () => {
    assert.deepStrictEqual(protocol.read({ success: true, ret_msg: "", op: "auth", conn_id }), [{ _tag: "LoggedIn" }])
    assert.deepStrictEqual(
      protocol.read({ success: false, ret_msg: "error sign!", op: "auth", conn_id }),
      [{ _tag: "LoginRefused", error: { code: "", text: "error sign!" } }]
    )
  })

  it("uses the socket of the region of the key", () => {
    assert.strictEqual(account?.at["live"], "wss://stream.bybit.com/v5/private")
    assert.strictEqual(account?.at["demo"], "wss://stream-demo.bybit.com/v5/private")
    assert.strictEqual(account?.at["eu"], "wss://stream.bybit.eu/v5/private")
  })
})

describe("frames of Bybit's private stream", () => {
  const order = {
    category: "spot",
    orderId: "1523347543495541248",
    orderLinkId: "our-1",
    isLeverage: "0",
    blockTradeId: "",
    symbol: "BTCUSDT",
    price: "0",
    qty: "250.5",
    side: "Buy",
    positionIdx: 0,
    orderStatus: "PartiallyFilledCanceled",
    cancelType: "UNKNOWN",
    rejectReason: "EC_NoError",
    avgPrice: "60000.10",
    leavesQty: "0.000000",
    leavesValue: "0.4998",
    cumExecQty: "0.004166",
    cumExecValue: "249.9604166",
    cumExecFee: "0.000004166",
    closedPnl: "0",
    feeCurrency: "BTC",
    timeInForce: "IOC",
    orderType: "Market",
    stopOrderType: "",
    ocoTriggerBy: "",
    orderIv: "",
    marketUnit: "",
    triggerPrice: "0.00",
    triggerDirection: 0,
    triggerBy: "",
    lastPriceOnCreated: "",
    reduceOnly: false,
    closeOnTrigger: false,
    placeType: "",
    smpType: "None",
    smpGroup: 0,
    smpOrderId: "",
    createdTime: "1672364262444",
    updatedTime: "1672364262457",
    cumFeeDetail: { BTC: "0.000004166" }
  }
  const frame = (topic: string, ...data: ReadonlyArray<unknown>) => ({
    id: "5923240c6880ab-c59f-420b-9adb-3639adc9dd90",
    topic,
    creationTime: 1_672_364_262_474,
    data
  })

  it("of orders have the market of their category, and leave out options", () => {
    const linear = {
      ...order,
      category: "linear",
      orderStatus: "New",
      orderType: "Limit",
      price: "16000.10",
      qty: "0.010"
    }
    const option = { ...order, category: "option", symbol: "ETH-30DEC22-1400-C" }
    const found = read(orders?.reader()(frame("order", order, option, { ...linear, avgPrice: "", cumExecQty: "0" })))
    assert.deepStrictEqual(found.rows.map(({ market }) => market), ["spot:BTCUSDT", "linear:BTCUSDT"])
    assert.deepInclude(found.rows[1], { price: "16000.10", amount: "0.010", filled: "0", status: "open" })
  })

  it("of orders leave out an amount in the quote coin, and keep every digit of an id", () => {
    const [row] = read(orders?.reader()(frame("order", order))).rows
    assert.deepInclude(row, {
      id: "1523347543495541248",
      clientOrderId: "our-1",
      status: "canceled",
      filled: "0.004166"
    })
    assert.notProperty(row, "amount")
  })

  it("with a row that cannot be decoded hide no other row", () => {
    const found = read(orders?.reader()(frame("order", { ...order, category: "swaps" }, order)))
    assert.deepStrictEqual([found.rows.length, found.unknown], [1, 1])
    assert.isUndefined(orders?.reader()({ topic: "order", data: "none" }))
  })

  const execution = {
    category: "linear",
    symbol: "SOLUSDT",
    closedSize: "0",
    execFee: "0.0256322",
    execId: "3fb94d67-8482-58a5-91a4-154777511c1c",
    execPrice: "233.02",
    execQty: "0.2",
    execType: "Trade",
    execValue: "46.604",
    feeRate: "0.00055",
    tradeIv: "",
    markIv: "",
    blockTradeId: "",
    markPrice: "233.029",
    indexPrice: "",
    underlyingPrice: "",
    leavesQty: "0",
    orderId: "373b6927-71ff-4bde-a8a6-c3de21838f20",
    orderLinkId: "",
    orderPrice: "240",
    orderQty: "0.2",
    orderType: "Limit",
    stopOrderType: "UNKNOWN",
    side: "Buy",
    execTime: "1759432560940",
    isLeverage: "0",
    isMaker: false,
    seq: 227_170_130_491,
    marketUnit: "",
    execPnl: "0",
    createType: "CreateByUser",
    extraFees: "",
    feeCurrency: "USDT"
  }

  it("of executions decode to a fill for a trade, and to none for a funding payment", () => {
    const funding = { ...execution, execId: "f", execType: "Funding", orderId: "", orderQty: "0", orderType: "UNKNOWN" }
    const found = read(fills?.reader()(frame("execution", funding, execution)))
    assert.deepStrictEqual(found, {
      rows: [{
        id: execution.execId,
        orderId: execution.orderId,
        market: "linear:SOLUSDT",
        side: "buy",
        price: "233.02",
        amount: "0.2",
        fee: "0.0256322",
        feeAsset: "USDT",
        liquidity: "taker",
        at: 1_759_432_560_940
      }],
      unknown: 0
    })
  })

  it("of the wallet decode to the balances of the unified account, including empty ones", () => {
    const coin = {
      coin: "USDT",
      walletBalance: "106.03",
      locked: "1",
      totalOrderIM: "2",
      totalPositionIM: "3",
      bonus: "0"
    }
    const empty = { ...coin, coin: "USDC", walletBalance: "0", locked: "0", totalOrderIM: "", totalPositionIM: "" }
    const inverse = { accountType: "CONTRACT", coin: [{ ...coin, coin: "BTC" }] }
    const found = read(
      balances?.reader?.()(
        frame("wallet", inverse, { accountType: "UNIFIED", totalEquity: "106", coin: [coin, empty] })
      )
    )
    assert.deepStrictEqual(found.rows, [
      { asset: "USDT", total: "106.03", free: "100.03" },
      { asset: "USDC", total: "0", free: "0" }
    ])
  })

  it("of the wallet are requested instead under portfolio margin, where what is available bounds every coin", () => {
    const coin = {
      coin: "BTC",
      walletBalance: "2",
      equity: "2",
      usdValue: "120000",
      totalOrderIM: "",
      totalPositionIM: ""
    }
    const wallet = (...coin: ReadonlyArray<object>) =>
      balances?.reader?.()(frame("wallet", { accountType: "UNIFIED", totalAvailableBalance: "30000", coin }))
    assert.isUndefined(wallet(coin))
    // No collateral, so no position holds it.
    assert.deepStrictEqual(read(wallet({ ...coin, coin: "XYZ", usdValue: "0" })).rows, [
      { asset: "XYZ", total: "2", free: "2" }
    ])
  })
})

describe("orders in markets with the same id", () => {
  it.effect("are told apart by their category", () =>
    simulated(Effect.scoped(Effect.gen(function*() {
      const { place } = yield* Bybit.Trading
      const account = yield* Bybit.Account
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("bybit"))
      const received: Array<string> = []
      yield* Effect.forkScoped(Stream.runForEach(account.streamFills(), (item) =>
        Effect.sync(() => {
          if (item._tag === "Data") received.push(`${item.value.symbol} ${item.value.feeAsset}`)
        })))
      yield* TestClock.adjust("3 seconds")
      const wanted = [["BTC/USDT", "0.001"], ["BTC/USDT:USDT", "0.001"], ["BTC/USD:BTC", "100"]] as const
      for (const [symbol, amount] of wanted) {
        const order = yield* place({ symbol, side: "buy", type: "limit", amount, price: "50000" })
        yield* simulator.fill(order.id)
        yield* TestClock.adjust("2 seconds")
      }
      assert.deepStrictEqual(received, ["BTC/USDT BTC", "BTC/USDT:USDT USDT", "BTC/USD:BTC BTC"])
    }))))
})
