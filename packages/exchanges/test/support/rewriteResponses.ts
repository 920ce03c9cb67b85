import { HttpClient, HttpClientResponse } from "@effect/platform"
import { Effect, Layer } from "effect"

/** The text of a response, and the request that it answers. */
export interface Answer {
  readonly method: string
  /** The path and the query. */
  readonly target: string
  readonly text: string
}

/** Provides a client that rewrites the text of each response and adds headers to it. */
export const rewriteResponses = (
  rewrite: (answer: Answer) => string,
  headers: (answer: Answer) => Readonly<Record<string, string>> = () => ({})
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      HttpClient.HttpClient,
      HttpClient.transform((answer, request) =>
        Effect.flatMap(answer, (response) =>
          Effect.map(response.text, (text) => {
            const { pathname, search } = new URL(request.url)
            const one = { method: request.method, target: `${pathname}${search}`, text }
            const { "content-length": _, ...own } = response.headers
            const init = { status: response.status, headers: { ...own, ...headers(one) } }
            return HttpClientResponse.fromWeb(request, new Response(rewrite(one), init))
          }))
      )
    )
  )
