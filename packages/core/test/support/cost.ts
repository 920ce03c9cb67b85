import { Effect, type Fiber, Scheduler } from "effect"

/** The cost of an effect in Effect's run loop: operations of all fibers, and how many fibers besides its own. */
export const cost = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    let operations = 0
    const fibers = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
    const counting: Scheduler.Scheduler = {
      shouldYield: (fiber) => {
        operations++
        fibers.add(fiber)
        return Scheduler.defaultScheduler.shouldYield(fiber)
      },
      scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
    }
    return Effect.map(Effect.withScheduler(self, counting), () => ({ operations, fibers: fibers.size - 1 }))
  })
