import * as Data from "effect/Data"

/**
 * The HTTP client stopped reading an answer: at its own limit or at that of the call, as the bytes came or as they came out.
 *
 * @internal
 */
export class TooLarge extends Data.TaggedError("@effect-exchange/core/engine/internal/unread/TooLarge")<Limit> {}

/**
 * A limit that an answer has gone beyond.
 *
 * @internal
 */
export interface Limit {
  readonly bytes: number
  /** The option that sets it. */
  readonly option: "maxBytes of NodeExchange" | "maxResponseBytes"
  /** Which bytes were counted; of an answer that is not packed there is but one kind. */
  readonly counted?: "packed" | "unpacked" | undefined
}

/**
 * What is said of it: how much, of what, and which option moves it.
 *
 * @internal
 */
export const sentence = ({ bytes, counted, option }: Limit): string =>
  `${bytes} bytes${counted === undefined ? "" : ` ${words[counted]}`} (see ${option}): raise that to read such answers`

const words = { packed: "before it is unpacked", unpacked: "unpacked" } as const

/**
 * An answer does not unpack as it says it was packed.
 *
 * @internal
 */
export class NotUnpacked
  extends Data.TaggedError("@effect-exchange/core/engine/internal/unread/NotUnpacked")<{ readonly coding: string }>
{}
