/**
 * Client order ids: the name an order carries before the exchange has given it one, by which it can be found again when
 * the answer is lost.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/**
 * What an exchange takes for one: `pattern` is what it accepts, `make` writes 128 bits (32 lower case hex digits) in its
 * alphabet.
 *
 * @since 0.1.0
 * @category models
 */
export interface Alphabet {
  readonly pattern: RegExp
  /** In words, for errors: `"1 to 36 of A-Z a-z 0-9 - _"`. */
  readonly described: string
  readonly make: (hex: string) => string
}

/**
 * 32 hex digits with the dashes of a UUID.
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
 * A fresh id of 128 bits: the time in milliseconds (48 bits) and Effect's `Random` (80 bits), so that a seeded test always
 * gets the same. The time is there because `Random` starts from 32 bits: of a hundred thousand processes two would begin
 * with the same ids.
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

const hex = (value: number, digits: number): string =>
  Math.floor(value).toString(16).padStart(digits, "0").slice(-digits)
