import { Scheduler } from "effect"

/** Yields after a few operations, a different number each time. (Resuming after a yield takes about ten operations.) */
export const yieldOften = (): Scheduler.Scheduler => {
  let turn = 0
  return {
    shouldYield: (fiber) => fiber.currentOpCount > 10 + turn ? (turn = (turn + 3) % 7, 0) : false,
    scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
}
