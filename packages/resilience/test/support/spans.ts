import { Effect, Option, Tracer } from "effect"

export interface Recorded {
  readonly name: string
  readonly parent: string | undefined
  readonly attributes: Record<string, unknown>
  readonly events: Array<readonly [name: string, attributes: Record<string, unknown>]>
}

/** Runs effects with a tracer that records all of its spans. */
export const recordingTracer = () => {
  const spans: Array<Recorded> = []
  const begin: Tracer.Tracer["span"] = (name, parent, context, links, startTime, kind) => {
    const recorded: Recorded = {
      name,
      parent: Option.getOrUndefined(Option.map(parent, ({ spanId }) => spanId)),
      attributes: {},
      events: []
    }
    spans.push(recorded)
    let status: Tracer.SpanStatus = { _tag: "Started", startTime }
    return {
      _tag: "Span",
      name,
      spanId: `${spans.length}`,
      traceId: "trace",
      parent,
      context,
      links,
      sampled: true,
      kind,
      attributes: new Map(),
      get status() {
        return status
      },
      end: (endTime, exit) => {
        status = { _tag: "Ended", startTime, endTime, exit }
      },
      attribute: (key, value) => {
        recorded.attributes[key] = value
      },
      event: (event, _, attributes) => {
        recorded.events.push([event, attributes ?? {}])
      },
      addLinks: () => {}
    }
  }
  return { spans, traced: Effect.withTracer(Tracer.make({ span: begin, context: (run) => run() })) }
}
