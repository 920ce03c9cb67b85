import type * as Data from "effect/Data"
import type * as Duration from "effect/Duration"

/**
 * One step of the script: a response, a connection failure with an error code of Node, or no response.
 *
 * @since 0.1.0
 * @category models
 */
export type Step = Data.TaggedEnum<{
  Response: {
    readonly status: number
    readonly headers: { readonly [name: string]: string }
    readonly chunks: ReadonlyArray<string>
    /** The delay before each chunk but the first. */
    readonly pause: Duration.Duration
    /** Whether the connection breaks after the last chunk. */
    readonly broken: boolean
    readonly delay: Duration.Duration
  }
  Failure: { readonly code: string; readonly delay: Duration.Duration }
  Never: {}
}>
