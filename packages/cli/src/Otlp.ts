/**
 * Exports traces, metrics and logs to a collector by OTLP over HTTP, configured by the standard OpenTelemetry
 * variables.
 *
 * The exporter is loaded only if something is exported.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as OtlpSettings from "./OtlpSettings.js"

/**
 * Exports the configured signals until the scope closes, then flushes the rest for at most three seconds.
 *
 * A collector that is down, slow or failing does not affect the command: data it does not accept is dropped with a
 * warning. If traces are not exported, tracing is disabled: spans cost a fifth of a request.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (settings: OtlpSettings.Settings): Layer.Layer<never> => {
  const spans = settings.traces === undefined ? Layer.setTracerEnabled(false) : Layer.empty
  return OtlpSettings.isNothing(settings)
    ? spans
    : Layer.merge(
      spans,
      Layer.unwrapEffect(Effect.map(Effect.promise(() => import("./internal/otlp.js")), (otlp) => otlp.layer(settings)))
    )
}
