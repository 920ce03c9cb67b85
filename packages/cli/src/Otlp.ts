/**
 * Traces, metrics and logs for a collector, by OTLP over HTTP, where the standard variables of OpenTelemetry ask for it.
 *
 * What sends them is loaded where there is something to send: without a variable a command is as it was.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as OtlpSettings from "./OtlpSettings.js"

/**
 * Exports what the variables ask for until the scope closes, and then what is left, for three seconds at the most. A
 * collector that is gone, slow or failing disturbs nobody: what it does not take is dropped, and a warning says so. Where
 * traces go nowhere none are made: they cost a fifth of a request.
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
