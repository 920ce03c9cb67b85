/**
 * Corrects the generated OpenAPI document: it replaces the platform's own errors with problems, and adds the stream.
 *
 * @internal
 */
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"

type Json = { readonly [name: string]: unknown }

const objectOf = (value: unknown): Json => Predicate.isReadonlyRecord(value) ? value : {}

/**
 * Replaces the platform's decode error (400) with a problem, and removes 405, which a documented operation never
 * returns.
 */
const problemOf = (responses: Json): Json => {
  const problem = objectOf(objectOf(objectOf(responses["404"])["content"])["application/problem+json"])
  const { properties, ...schema } = objectOf(problem["schema"])
  return {
    ...Record.filter(responses, (_, status) => status !== "405"),
    400: {
      description: "The request is invalid; `detail` says what to fix.",
      content: {
        "application/problem+json": {
          schema: { ...schema, properties: { ...objectOf(properties), status: { type: "number", enum: [400] } } }
        }
      }
    }
  }
}

const platforms = new Set(["HttpApiDecodeError", "Issue", "PropertyKey"])

const stream: Json = {
  get: {
    tags: ["stream"],
    operationId: "stream.events",
    description:
      "Prices and the state of feeds and exchanges as Server-Sent Events, until the client disconnects or the service shuts down. "
      + "Without `symbols`, the symbols that the service was started with.",
    parameters: [{
      name: "symbols",
      in: "query",
      required: false,
      schema: { type: "string" },
      description: "Symbols such as BTC/USDT, separated by commas."
    }],
    security: [],
    responses: {
      200: { description: "Events", content: { "text/event-stream": { schema: { type: "string" } } } }
    }
  }
}

/** @internal */
export const correctDocument = (document: Json): Json => {
  const paths = Record.map(objectOf(document["paths"]), (path) =>
    Record.map(objectOf(path), (operation) => {
      const documented = objectOf(operation)
      return { ...documented, responses: problemOf(objectOf(documented["responses"])) }
    }))
  const components = objectOf(document["components"])
  return {
    ...document,
    paths: { ...paths, "/v1/stream": stream },
    components: {
      ...components,
      schemas: Record.filter(objectOf(components["schemas"]), (_, name) => !platforms.has(name))
    }
  }
}
