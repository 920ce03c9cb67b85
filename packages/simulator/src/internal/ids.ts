/**
 * The ids under which exchanges speak of what the engine numbers.
 *
 * @internal
 */
import * as Account from "../engine/Account.js"

/** @internal How numbers are written as ids, and ids are read. */
export interface Ids {
  readonly write: (number: number) => string
  /** Undefined when the id is none of these. */
  readonly read: (id: string) => number | undefined
}

/** @internal UUIDs that follow from a name and end in the number. */
export const uuids = (name: string): Ids => {
  const start = uuid(name).slice(0, -12)
  return {
    write: (number) => `${start}${number.toString(16).padStart(12, "0")}`,
    read: (id) => {
      const number = id.toLowerCase().startsWith(start) ? id.slice(start.length) : ""
      return /^[0-9a-f]{12}$/i.test(number) ? Number.parseInt(number, 16) : undefined
    }
  }
}

/** @internal A UUID, of those that are random, that follows from a name. */
export const uuid = (name: string): string =>
  Buffer.from(Account.deriveBytes(name, 16)).toString("hex")
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5")

/** @internal Integers that begin above `first` and rise by `step`: beyond what a double holds, if need be. */
export const numbers = (first: bigint, step = 1n): Ids => ({
  write: (number) => String(first + BigInt(number) * step),
  read: (id) => {
    const offset = /^\d{1,19}$/.test(id) ? BigInt(id) - first : 0n
    return offset > 0n && offset % step === 0n ? Number(offset / step) : undefined
  }
})
