import { type Entry, parse } from "./journalEntry.js"

/**
 * Takes a journal's bytes piece by piece and hands over its entries: one line at a time, and no more of the file than that.
 *
 * @internal
 */
export interface Reader {
  /** What is wrong with what was read, if anything is. */
  readonly push: (bytes: Uint8Array) => string | undefined
  /** What the file ends with: `whole` is an entry that lacks only its line break, `cut` what is no entry. */
  readonly end: () => "line break" | "whole" | "cut"
  readonly lines: () => number
}

/** @internal */
export const make = (onEntry: (entry: Entry) => void): Reader => {
  const decoder = new TextDecoder()
  let rest = new Uint8Array()
  let lines = 0

  const tooLong = () => `line ${lines + 1} is longer than any entry; mend it or move the file away`

  return {
    push: (bytes) => {
      const end = bytes.lastIndexOf(lineBreak) + 1
      // Bytes are put together before they are decoded: a character may be in two pieces.
      const whole = end === 0 ? new Uint8Array() : join(rest, bytes.subarray(0, end))
      rest = end === 0 ? join(rest, bytes) : bytes.slice(end)
      if (end > 0) {
        for (const line of decoder.decode(whole.subarray(0, -1)).split("\n")) {
          if (line.length > longest) return tooLong()
          lines++
          const entry = parse(line)
          if (entry !== undefined) onEntry(entry)
          else if (line !== "" && !line.endsWith(cut)) return `line ${lines} is no entry; mend it or move the file away`
        }
      }
      return rest.length > longest ? tooLong() : undefined
    },
    end: () => {
      if (rest.length === 0) return "line break"
      const entry = parse(decoder.decode(rest))
      if (entry === undefined) return "cut"
      onEntry(entry)
      lines++
      return "whole"
    },
    lines: () => lines
  }
}

/**
 * What a line ends with that could not be finished.
 *
 * @internal
 */
export const cut = " (unfinished)"

/**
 * The most characters a line may have.
 *
 * @internal
 */
export const longest = 1 << 20

const lineBreak = 10

const join = (one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> => {
  const joined = new Uint8Array(one.length + other.length)
  joined.set(one)
  joined.set(other, one.length)
  return joined
}
