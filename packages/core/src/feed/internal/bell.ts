import * as Effect from "effect/Effect"

/**
 * Wakes the one fiber that waits for what callbacks put somewhere.
 *
 * @internal
 */
export interface Bell {
  readonly ring: () => void
  /** Waits until there is something. */
  readonly heard: Effect.Effect<void>
}

/** @internal */
export const make = (isReady: () => boolean): Bell => {
  let wake: (() => void) | undefined
  // Without a word of what to do when it is interrupted, as that takes as many steps as all else: to wake one that is gone does
  // nothing.
  const asleep = Effect.async<void>((resume) => {
    // It may have come since it was looked for: a fiber gives way between any two steps.
    if (isReady()) resume(Effect.void)
    else wake = () => resume(Effect.void)
  })
  return {
    ring: () => {
      const resume = wake
      wake = undefined
      resume?.()
    },
    heard: Effect.suspend(() => isReady() ? Effect.void : asleep)
  }
}
