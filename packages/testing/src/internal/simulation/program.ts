import { PCGRandom } from "effect/Utils"

/**
 * The kind of a subscription.
 *
 * @internal
 */
export type Kind = typeof kinds[number]

const kinds = ["book", "trades", "ticker"] as const

/**
 * A step of a program. Listeners and orders are referred to by number. A step about one that does not exist does
 * nothing, so any step can be left out. `symbol` and `fault` are indices into the lists of the world.
 *
 * @internal
 */
export type Step =
  | {
    readonly _tag: "Subscribe"
    readonly listener: number
    readonly kind: Kind
    readonly symbol: number
    /** The time that the listener takes per item, in milliseconds. */
    readonly pause: number
    readonly buffer: "latest" | "sliding" | "failing"
  }
  | { readonly _tag: "Leave"; readonly listener: number }
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Fault"; readonly fault: number }
  | { readonly _tag: "Calm" }
  | { readonly _tag: "Ask"; readonly symbol: number; readonly times: number }
  | { readonly _tag: "Place"; readonly order: number; readonly symbol: number }
  | { readonly _tag: "Cancel"; readonly order: number }
  | { readonly _tag: "Amend"; readonly order: number }
  | { readonly _tag: "Abandon"; readonly order: number }
  | { readonly _tag: "Fill"; readonly order: number }
  /** Starts a listener to the account. */
  | { readonly _tag: "Follow" }

/**
 * The numbers of symbols and faults to draw from, and whether the program may trade.
 *
 * @internal
 */
export interface Choices {
  readonly symbols: number
  readonly faults: number
  readonly trades: boolean
}

/** The relative frequency of each kind of step. */
const weights: ReadonlyArray<readonly [Step["_tag"], number]> = [
  ["Wait", 34],
  ["Subscribe", 18],
  ["Fault", 20],
  ["Leave", 8],
  ["Calm", 6],
  ["Ask", 5],
  ["Place", 7],
  ["Cancel", 3],
  ["Amend", 3],
  ["Abandon", 1],
  ["Fill", 5],
  ["Follow", 3]
]

const ofTrading: ReadonlySet<Step["_tag"]> = new Set(["Place", "Cancel", "Amend", "Abandon", "Fill", "Follow"] as const)

/**
 * Draws a program. The same seed, length and choices always give the same program.
 *
 * @internal
 */
export const draw = (seed: number, length: number, choices: Choices): ReadonlyArray<Step> => {
  const random = new PCGRandom(seed)
  const below = (count: number): number => random.integer(count)
  const usable = weights.filter(([tag]) => choices.trades || !ofTrading.has(tag))
  const total = usable.reduce((sum, [, weight]) => sum + weight, 0)
  let listeners = 0
  let orders = 0

  const tag = (): Step["_tag"] => {
    let left = below(total)
    for (const [tag, weight] of usable) {
      if (left < weight) return tag
      left -= weight
    }
    return "Wait"
  }

  const subscribe = (): Step => ({
    _tag: "Subscribe",
    listener: listeners++,
    // Books most often, because they are the easiest to get wrong.
    kind: below(3) === 0 ? "book" : pick(kinds, below),
    symbol: below(choices.symbols),
    pause: below(4) === 0 ? 500 + 250 * below(12) : 0,
    buffer: pick(["latest", "sliding", "failing"] as const, below)
  })

  const next = (): Step => {
    const chosen = tag()
    switch (chosen) {
      case "Subscribe":
        return subscribe()
      case "Leave":
        return { _tag: chosen, listener: below(Math.max(1, listeners)) }
      case "Wait":
        // Mostly whole beats, sometimes less time than a request takes.
        return { _tag: chosen, millis: below(3) === 0 ? 1 + below(999) : 1000 * (1 + below(3)) }
      case "Fault":
        return { _tag: chosen, fault: below(Math.max(1, choices.faults)) }
      case "Calm":
        return { _tag: chosen }
      case "Ask":
        return { _tag: chosen, symbol: below(choices.symbols), times: 1 + below(4) }
      case "Place":
        return { _tag: chosen, order: orders++, symbol: below(choices.symbols) }
      case "Cancel":
      case "Amend":
      case "Abandon":
      case "Fill":
        return { _tag: chosen, order: below(Math.max(1, orders)) }
      case "Follow":
        return { _tag: chosen }
    }
  }

  // A program without a listener tests little.
  return [subscribe(), ...Array.from({ length: Math.max(0, length - 1) }, next)]
}

const pick = <A>(all: readonly [A, ...ReadonlyArray<A>], below: (count: number) => number): A =>
  all[below(all.length)] ?? all[0]

/**
 * Describes a step in a sentence.
 *
 * @internal
 */
export const sentence = (
  step: Step,
  names: { readonly symbols: ReadonlyArray<string>; readonly faults: ReadonlyArray<string> }
): string => {
  const symbol = (index: number) => names.symbols[index] ?? "no market"
  switch (step._tag) {
    case "Subscribe": {
      const pace = step.pause === 0 ? "" : ` and takes ${step.pause} ms per item (buffer: ${step.buffer})`
      return `listener ${step.listener} subscribes to the ${words[step.kind]} of ${symbol(step.symbol)}${pace}`
    }
    case "Leave":
      return `listener ${step.listener} unsubscribes`
    case "Wait":
      return `${step.millis} ms pass`
    case "Fault":
      return `fault: ${names.faults[step.fault] ?? "none"}`
    case "Calm":
      return "all faults end"
    case "Ask":
      return `the ticker of ${symbol(step.symbol)} is requested ${
        step.times === 1 ? "once" : `${step.times} times concurrently`
      }`
    case "Place":
      return `order ${step.order} is placed in ${symbol(step.symbol)}`
    case "Cancel":
      return `order ${step.order} is canceled`
    case "Amend":
      return `the amount of order ${step.order} is doubled`
    case "Abandon":
      return `the caller of order ${step.order} is interrupted`
    case "Fill":
      return `half of order ${step.order} is filled`
    case "Follow":
      return "a listener subscribes to the account"
  }
}

const words: { readonly [K in Kind]: string } = { book: "order book", trades: "trades", ticker: "ticker" }
