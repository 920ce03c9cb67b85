/**
 * Client order ids: ids that the client assigns to an order before sending it, so that the order can be found even if
 * the response is lost.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { quote } from "./internal/quote.js"

/**
 * The client order ids that an exchange accepts. `pattern` matches valid ids; `make` encodes 128 bits (32 lower-case
 * hex digits) as one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Alphabet {
  readonly pattern: RegExp
  /** A description for error messages: `"1 to 36 characters of A-Z a-z 0-9 _ -"`. */
  readonly described: string
  readonly make: (hex: string) => string
}

/**
 * Describes client order ids of 1 to `most` characters. `characters` are ranges and single characters, separated by
 * spaces, and a `-` comes last: `"A-Z a-z 0-9 _ -"`. `make` defaults to the 32 hex digits themselves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const upTo = (most: number, characters: string, make: Alphabet["make"] = (hex) => hex): Alphabet => ({
  pattern: new RegExp(`^[${characters.replaceAll(" ", "")}]{1,${most}}$`),
  described: `1 to ${most} characters of ${characters}`,
  make
})

/**
 * Formats 32 hex digits as a version 4 UUID. The version and variant bits are overwritten.
 *
 * @since 0.1.0
 * @category constructors
 */
export const asUuid = (hex: string): string => {
  const variant = (8 + (Number.parseInt(hex.charAt(16), 16) & 3)).toString(16)
  const digits = `${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

/**
 * Creates a new id of 128 bits: the time in milliseconds (48 bits), then Effect's `Random` (80 bits). A test with a
 * seeded `Random` and a test clock always gets the same ids.
 *
 * The time is included because `Random` is seeded with only 32 bits: among a hundred thousand processes, two would
 * start with the same ids.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (alphabet: Alphabet): Effect.Effect<string> =>
  Effect.zipWith(
    Clock.currentTimeMillis,
    Effect.replicateEffect(Random.nextIntBetween(0, 0x1_0000), 5),
    (now, words) => alphabet.make(`${hex(now, 12)}${words.map((word) => hex(word, 4)).join("")}`)
  )

/**
 * Throws a `RangeError` if `make` creates ids that `pattern` does not match: the exchange would refuse every order.
 *
 * @since 0.1.0
 * @category validation
 */
export const validate = (alphabet: Alphabet): void => {
  const wrong = samples.map(alphabet.make).find((id) => !alphabet.pattern.test(id))
  if (wrong === undefined) return
  throw new RangeError(`names.make created ${quote(wrong)}, expected ${alphabet.described}`)
}

// The smallest, the largest and an ordinary id of this century.
const samples = [
  `${"0193".padEnd(12, "0")}${"0".repeat(20)}`,
  `${"03c0".padEnd(32, "f")}`,
  "01939f7c8e5ab3d40f6172839aecbd05"
]

const hex = (value: number, digits: number): string =>
  Math.floor(value).toString(16).padStart(digits, "0").slice(-digits)
