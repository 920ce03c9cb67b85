import { Bulkhead, Rejection } from "@effect-exchange/resilience"

/** What a full bulkhead of that name refuses with. */
export const full = (name: string) => Rejection.raise(decodedFull(name))

/** The same error as it comes from elsewhere: no gate of this process has raised it. */
export const decodedFull = (name: string) =>
  new Bulkhead.BulkheadFull({ name, reason: "QueueFull", permits: 1, queued: 0 })
