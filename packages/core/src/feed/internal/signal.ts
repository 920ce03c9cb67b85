import * as Effect from "effect/Effect"

/**
 * Wakes the single fiber that waits for something that callbacks provide.
 *
 * @internal
 */
export interface Signal {
  readonly notify: () => void
  /** Waits until something is ready. */
  readonly awaitReady: Effect.Effect<void>
}

/** @internal */
export const make = (isReady: () => boolean): Signal => {
  let wake: (() => void) | undefined
  // No cleanup for an interruption, which would cost as many steps as everything else: waking a fiber that is gone does
  // nothing.
  const waiting = Effect.async<void>((resume) => {
    // It may have become ready since the check: a fiber may yield between any two steps.
    if (isReady()) resume(Effect.void)
    else wake = () => resume(Effect.void)
  })
  return {
    notify: () => {
      const resume = wake
      wake = undefined
      resume?.()
    },
    awaitReady: Effect.suspend(() => isReady() ? Effect.void : waiting)
  }
}
