/**
 * Prints all metrics that `/metrics` can expose, as `[{ name, kind }]`. It updates each metric of the code and renders
 * them as the service does. Run it with `tsx`.
 */
import { createRequire } from "node:module"
import * as Core from "../packages/core/src/ports/Telemetry.ts"
import * as Resilience from "../packages/resilience/src/Telemetry.ts"
import * as Server from "../packages/server/src/Telemetry.ts"
import { gauges } from "../packages/cli/src/ProcessMetrics.ts"
import { render } from "../packages/server/src/PrometheusText.ts"

// The instance of effect that these modules import.
const { Effect, Metric } = await import(
  createRequire(new URL("../packages/core/package.json", import.meta.url)).resolve("effect").replace("/cjs/", "/esm/")
)

const touch = (value) => {
  if (typeof value === "function" && Metric.MetricTypeId in value) value.unsafeUpdate(0, [])
  else if (typeof value === "object" && value !== null) for (const each of Object.values(value)) touch(each)
}
for (const module of [Resilience, Core, Server, gauges]) touch({ ...module })
// Runs a fiber, so that Effect's fiber metrics exist.
await Effect.runPromise(Effect.flatMap(Effect.fork(Effect.fail("counted")), (fiber) => fiber.await))

console.log(JSON.stringify(
  Array.from(render(Metric.unsafeSnapshot()).matchAll(/^# TYPE (\S+) (\w+)$/gm), ([, name, kind]) => ({ name, kind }))
))
