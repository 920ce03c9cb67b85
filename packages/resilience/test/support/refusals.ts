import { Bulkhead, Rejection } from "@effect-exchange/resilience"

/** The error of a full bulkhead with that name. */
export const full = (name: string) => Rejection.raise(decodedBulkheadFull(name))

/** The same error as if it had been decoded: no gate of this process has raised it. */
export const decodedBulkheadFull = (name: string) =>
  new Bulkhead.BulkheadFull({ name, reason: "QueueFull", permits: 1, queued: 0 })
