/** @internal */
import * as Effect from "effect/Effect"

/** @internal Loads code on first use and keeps it. */
export const once = <Module>(load: () => Promise<Module>): Effect.Effect<Module> => {
  let loaded: Module | undefined
  return Effect.suspend(() =>
    loaded === undefined
      ? Effect.map(Effect.promise(load), (module) => loaded = module)
      : Effect.succeed(loaded)
  )
}
