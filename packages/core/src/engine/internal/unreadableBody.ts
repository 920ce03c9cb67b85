import * as Data from "effect/Data"

/**
 * The HTTP client stopped reading a response at its own limit or that of the call, counted in compressed or
 * decompressed bytes.
 *
 * @internal
 */
export class TooLarge
  extends Data.TaggedError("@effect-exchange/core/engine/internal/unreadableBody/TooLarge")<Limit>
{}

/**
 * A limit that a response has exceeded.
 *
 * @internal
 */
export interface Limit {
  readonly bytes: number
  /** The option that sets the limit. */
  readonly option: "maxBytes of NodeExchange" | "maxResponseBytes"
  /** Which bytes were counted. Absent if the response was not compressed. */
  readonly counted?: "packed" | "unpacked" | undefined
}

/**
 * Describes a limit: its size, what was counted, and the option that changes it.
 *
 * @internal
 */
export const sentence = ({ bytes, counted, option }: Limit): string =>
  `${bytes} bytes${
    counted === undefined ? "" : ` ${words[counted]}`
  } (see ${option}); raise that option to read larger responses`

const words = { packed: "before decompression", unpacked: "after decompression" } as const

/**
 * The body could not be decompressed by its declared coding.
 *
 * @internal
 */
export class NotUnpacked extends Data.TaggedError("@effect-exchange/core/engine/internal/unreadableBody/NotUnpacked")<
  { readonly coding: string }
> {}
