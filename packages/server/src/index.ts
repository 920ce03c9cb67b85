/**
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

export * as Admission from "./Admission.js"
export * as Api from "./Api.js"
export * as Client from "./Client.js"
export * as Events from "./Events.js"
export * as Handlers from "./Handlers.js"
export * as Lifecycle from "./Lifecycle.js"
export * as Probes from "./Probes.js"
export * as Problem from "./Problem.js"
export * as PrometheusText from "./PrometheusText.js"
export * as Server from "./Server.js"
export * as Sources from "./Sources.js"
export * as StatusPage from "./StatusPage.js"
export * as Telemetry from "./Telemetry.js"
