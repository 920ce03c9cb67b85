import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import type { Invariant, Truth, World } from "../../SimulationWorld.js"
import { bookText, type Listener, type Received } from "./listener.js"

/**
 * The circumstances at the moment of a check.
 *
 * @internal
 */
export interface Moment {
  readonly now: number
  /** Whether a live subscription must equal the current state of the exchange. */
  readonly isStrict: boolean
  /** Whether no fault has been injected yet. */
  readonly isUntroubled: boolean
  /** Whether trades may have been lost, or sent out of order, without being detected. */
  readonly trades: "kept" | "lost" | "muddled"
  /** The instant since which nothing has prevented subscriptions from being live. */
  readonly since: number
  readonly patience: number
}

/**
 * The recorded history of a market: its current state and the time of it, and its books and trades so far.
 *
 * @internal
 */
export interface History {
  readonly at: number
  readonly truth: Truth
  readonly books: Array<string>
  readonly trades: Map<number, Truth["trades"][number]>
}

/** @internal */
export type Verdict = { readonly invariant: Invariant; readonly detail: string } | undefined

/** @internal Checks the items that one listener has received since the last check. */
export interface Judge {
  readonly listener: Listener
  readonly check: (course: History, moment: Moment) => Verdict
  /** Returns `true` if the listener is live and equal to the exchange. */
  readonly isWhole: (course: History) => boolean
}

/** @internal */
export const make = (
  listener: Listener,
  begun: number,
  { hasWholeBooks, tradeNumber }: Pick<World<unknown>, "hasWholeBooks" | "tradeNumber">
): Judge => {
  const { received, step: { kind, pause, buffer }, symbol } = listener
  const who = `listener ${listener.step.listener} to the ${kind} of ${symbol}`
  const losesSilently = pause > 0 && buffer === "latest"
  const ids = new Set<string>()
  let read = 0
  let isLive = false
  let notLiveSince = begun
  let liveSince = begun
  let isFirst = true
  /** The index of the latest book in the course. */
  let place = 0
  /** The sequence number of the latest trade. */
  let number: number | undefined
  let losesTrades = losesSilently
  /** A listener that reads slowly reaches a gap long after the loss. */
  let mayHaveLost = losesSilently
  let latest: Received | undefined
  let isOver = false

  const wrong = (invariant: Invariant, detail: string): Verdict => ({ invariant, detail: `${who}: ${detail}` })

  const book = (text: string, { books }: History): Verdict => {
    const found = books.indexOf(text, place)
    if (found === -1) {
      if (!hasWholeBooks) return undefined
      return wrong(
        "book",
        books.includes(text)
          ? `an older book arrived after a newer one: ${text}`
          : `the exchange never had the book that arrived: ${text}\nthe current book: ${books.at(-1) ?? "none"}`
      )
    }
    place = found
    return undefined
  }

  const trade = (item: Received & { readonly _tag: "Trade" }, { trades }: History, moment: Moment): Verdict => {
    if (ids.has(item.id)) return wrong("trades", `trade ${item.id} arrived twice`)
    ids.add(item.id)
    const found = tradeNumber(item.id)
    const one = trades.get(found)
    if (one === undefined || one.price !== item.price || one.at !== item.at) {
      return wrong("trades", `the exchange never had trade ${item.id} (${item.price} at ${item.at})`)
    }
    if (number !== undefined && found <= number && moment.trades !== "muddled") {
      return wrong("trades", `trade ${item.id} arrived after a later trade`)
    }
    if (number !== undefined && found > number + 1 && !losesTrades) {
      return wrong("trades", `${found - number - 1} trades before ${item.id} are missing`)
    }
    number = Math.max(found, number ?? 0)
    losesTrades = mayHaveLost
    return undefined
  }

  const checkItem = (item: Received, course: History, moment: Moment): Verdict => {
    const wasFirst = isFirst
    isFirst = false
    switch (item._tag) {
      case "Book":
        latest = item
        return book(item.text, course)
      case "Trade":
        return trade(item, course, moment)
      case "Ticker":
        latest = item
        return undefined
      case "Connected":
        if (!wasFirst && isLive) return wrong("cause", "Connected arrived twice")
        isLive = true
        liveSince = moment.now
        return undefined
      case "Resynced":
        if (isLive) return wrong("cause", "Resynced arrived, although the stream was live")
        isLive = true
        liveSince = moment.now
        losesTrades = true
        return undefined
      case "Stale":
      case "Reconnecting":
        if (isLive) notLiveSince = moment.now
        isLive = false
        losesTrades = true
        return moment.isUntroubled
          ? wrong("cause", `${item._tag} arrived before any fault: ${item.because}`)
          : undefined
      case "Dropped":
        losesTrades = true
        return pause === 0
          ? wrong("hearing", `${item.count} items were dropped, although the listener reads immediately`)
          : undefined
      case "Ended": {
        isOver = true
        isLive = false
        if (!Chunk.isEmpty(Cause.defects(item.cause))) return wrong("defect", Cause.pretty(item.cause))
        const [failure] = Chunk.toReadonlyArray(Cause.failures(item.cause))
        const isSlow = failure?._tag === "SlowConsumer"
        if (isSlow ? pause > 0 && buffer === "failing" : !moment.isUntroubled) return undefined
        return wrong("hearing", `the stream ended: ${Cause.pretty(item.cause)}`)
      }
    }
  }

  const isCurrent = ({ books, truth }: History): boolean => {
    switch (kind) {
      case "book":
        return latest?._tag === "Book" && latest.text === books.at(-1)
      case "ticker":
        return latest?._tag === "Ticker" && (latest.last === undefined || latest.last === truth.last)
      case "trades":
        return truth.trades.every(({ at, id }) => at <= liveSince || id <= (number ?? -1))
    }
  }

  return {
    listener,
    isWhole: (course) => isOver || pause > 0 || (isLive && isCurrent(course)),
    check: (course, moment) => {
      for (; read < received.length; read++) {
        const item = received[read]
        if (moment.trades !== "kept") {
          losesTrades = true
          if (pause > 0) mayHaveLost = true
        }
        const verdict = item === undefined ? undefined : checkItem(item, course, moment)
        if (verdict !== undefined) return verdict
      }
      if (moment.trades !== "kept") {
        losesTrades = true
        if (pause > 0) mayHaveLost = true
      }
      if (isOver || pause > 0) return undefined
      if (!isLive) {
        const since = Math.max(notLiveSince, moment.since)
        return moment.now - since > moment.patience
          ? wrong("staleness", `the stream has not been live for ${moment.now - since} ms without any fault`)
          : undefined
      }
      if (moment.isStrict && !isCurrent(course)) {
        return wrong(
          kind === "book" ? "book" : "hearing",
          `the stream is live, but out of date: ${shown(latest, number)}\nthe exchange: ${ofExchange(kind, course)}`
        )
      }
      return undefined
    }
  }
}

const shown = (latest: Received | undefined, number: number | undefined): string => {
  if (latest?._tag === "Book") return latest.text
  return latest?._tag === "Ticker" ? latest.last ?? "no price" : number === undefined ? "nothing" : `trade ${number}`
}

const ofExchange = (kind: Listener["step"]["kind"], { books, truth }: History): string => {
  if (kind === "book") return books.at(-1) ?? "none"
  return kind === "ticker" ? truth.last : `trade ${truth.trades.at(-1)?.id ?? "none"}`
}

/** @internal Adds the current state to the history. */
export const follow = (course: History | undefined, truth: Truth, now: number): History => {
  const { books, trades }: Pick<History, "books" | "trades"> = course ?? { books: [], trades: new Map() }
  const text = bookText(truth)
  if (books.at(-1) !== text) books.push(text)
  for (const trade of truth.trades) trades.set(trade.id, trade)
  return { books, trades, truth, at: now }
}
