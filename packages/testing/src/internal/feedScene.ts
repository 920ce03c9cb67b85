/**
 * The client and the simulated exchange of a case of `FeedSuite`.
 *
 * @internal
 */
import { type BookView, type Candle, Decimal, MarketData } from "@effect-exchange/core"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Socket from "@effect/platform/Socket"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import type { recordItems } from "./recordItems.js"
import type { Control, Expect } from "./suiteRunner.js"

/**
 * The client under test, and the simulated exchange that it talks to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject<R, E> {
  /** The name in the titles of the cases. */
  readonly name: string
  /** The client. Each case builds it again. */
  readonly client: Layer.Layer<MarketData.MarketData, E, R | HttpClient.HttpClient>
  /** The exchange, in memory. Each case builds it again. */
  readonly simulator: Layer.Layer<R | HttpClient.HttpClient | Socket.WebSocketConstructor, E>
  /** The control of the exchange, such as a `Simulator`. */
  readonly control: Effect.Effect<Control, Error, R>
  /** A listed symbol. */
  readonly symbol: string
  /**
   * How a lost update of a book is detected: immediately, by its sequence number (`numbered`); later, by a checksum,
   * unless later updates compensate for it (`checked`); or once a later update does not fit the book (`unfitting`).
   */
  readonly gaps: "numbered" | "checked" | "unfitting"
  /** Whether updates of a book have a checksum. */
  readonly checksum: boolean
  /** Whether the exchange announces that it will close a connection. */
  readonly notice: boolean
  /** Whether candles are streamed only after they have ended. Defaults to `false`. */
  readonly endedCandles?: boolean | undefined
  /** Contracts whose volumes, in tickers and candles, have another unit than amounts. Defaults to none. */
  readonly contracts?: ReadonlyArray<string> | undefined
  /** The interval of the longest candles that the exchange streams. Defaults to five minutes. */
  readonly longest?: Candle.Interval | undefined
}

/** @internal Formats a decimal without trailing zeros, because streams and requests may differ in them. */
export const shown = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

const levels = (book: Pick<BookView.BookView, "depth">) => {
  const { asks, bids } = book.depth(10)
  const plain = (side: typeof asks) => side.map(({ amount, price }) => `${shown(price)} ${shown(amount)}`)
  return { asks: plain(asks), bids: plain(bids) }
}

/** Requests the current book. */
const currentBook = (symbol: string) =>
  Effect.flatMap(
    MarketData.MarketData,
    (market) =>
      Effect.map(market.orderBook(symbol, { depth: 10 }), ({ asks, bids }) =>
        levels({ depth: () => ({ asks: asks.slice(0, 10), bids: bids.slice(0, 10) }) }))
  )

type Recorded = Effect.Effect.Success<ReturnType<typeof recordItems<BookView.BookView, never>>>

/**
 * Expects the latest book to be equal to that of the exchange. The clock must be at a whole second, when all changes
 * have been sent.
 *
 * @since 0.1.0
 * @category expectations
 */
export const expectCurrent = (expect: Expect) => (book: Pick<Recorded, "values" | "last">, symbol: string) =>
  Effect.gen(function*() {
    const latest = book.values().at(-1)
    expect(book.last()?._tag).toBe("Data")
    expect(latest && levels(latest)).toEqual(yield* currentBook(symbol))
  })

/** @internal Runs a case at a realistic time: not all exchanges accept a request for the first candle after the epoch. */
export const atStart = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.zipRight(TestClock.setTime(Date.UTC(2026, 10, 2)), self)

/** @internal */
export const pass = (seconds: number) => TestClock.adjust(`${seconds} seconds`)

/** @internal Runs a case on its own simulator. */
export const running = <R, E>({ client, control, simulator }: Subject<R, E>) =>
<A, E2>(
  body: (control: Control, market: MarketData.MarketData.Service) => Effect.Effect<A, E2, MarketData.MarketData>
) =>
() =>
  Effect.gen(function*() {
    const market = yield* MarketData.MarketData
    yield* body(yield* control, market)
  }).pipe(Effect.provide(Layer.provideMerge(client, simulator)), atStart)
