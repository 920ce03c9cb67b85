import { HttpClient, HttpClientResponse } from "@effect/platform"
import { Effect, Layer } from "effect"

/** An answer to be, and the request it is for. */
export interface Answer {
  readonly method: string
  /** The path and what stands behind it. */
  readonly target: string
  readonly text: string
}

/** The client with each answer's text as `rewrite` has it, and these headers beside its own. */
export const rewritten = (
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
