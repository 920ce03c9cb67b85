import { type Entry, parse } from "./journalEntry.js"

/**
 * A reader that takes the bytes of a journal in pieces and emits its entries one line at a time. It holds no more of
 * the file than that.
 *
 * @internal
 */
export interface Reader {
  /** Returns what is wrong with the bytes, if anything. */
  readonly push: (bytes: Uint8Array) => string | undefined
  /** Returns how the file ends. `whole` is an entry that only lacks its line break; `cut` is not an entry. */
  readonly end: () => "line break" | "whole" | "cut"
  readonly lines: () => number
}

/** @internal */
export const make = (onEntry: (entry: Entry) => void): Reader => {
  const decoder = new TextDecoder()
  let rest = new Uint8Array()
  let lines = 0

  const tooLong = () => `line ${lines + 1} exceeds the maximum length of an entry; fix it or move the file away`

  return {
    push: (bytes) => {
      const end = bytes.lastIndexOf(lineBreak) + 1
      // Bytes are joined before they are decoded, because a character may be split between two pieces.
      const whole = end === 0 ? new Uint8Array() : join(rest, bytes.subarray(0, end))
      rest = end === 0 ? join(rest, bytes) : bytes.slice(end)
      if (end > 0) {
        for (const line of decoder.decode(whole.subarray(0, -1)).split("\n")) {
          if (line.length > longest) return tooLong()
          lines++
          const entry = parse(line)
          if (entry !== undefined) onEntry(entry)
          else if (line !== "" && !line.endsWith(unfinishedMark)) {
            return `line ${lines} is not a valid entry; fix it or move the file away`
          }
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
 * The end of a line that could not be finished.
 *
 * @internal
 */
export const unfinishedMark = " (unfinished)"

/**
 * The maximum number of characters in a line.
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
