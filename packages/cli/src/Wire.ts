/**
 * Lets the contract suite observe the requests of a client, and lose them on purpose.
 *
 * @since 0.1.0
 */
import type * as ContractCase from "@effect-exchange/testing/ContractCase"
import * as LossyHttp from "@effect-exchange/testing/LossyHttp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"

/**
 * The observer that the contract suite asks for.
 *
 * @since 0.1.0
 * @category tags
 */
export class Wire extends Context.Tag("@effect-exchange/cli/Wire")<Wire, ContractCase.Observer>() {}

/**
 * Wraps the `HttpClient` of the environment: counts requests, and loses requests that change something when the suite
 * asks for it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  HttpClient.HttpClient | LossyHttp.LossyHttp | Wire,
  never,
  HttpClient.HttpClient
> = Layer.suspend(() => LossyHttp.layer().pipe(Layer.provideMerge(watched)))

const watched = Layer.effectContext(Effect.gen(function*() {
  const client = yield* HttpClient.HttpClient
  const sent = yield* Ref.make(0)
  const inFlight = yield* Ref.make(0)
  const limited = yield* Ref.make(0)
  const watching = HttpClient.transform(client, (answer) =>
    Effect.acquireUseRelease(
      Effect.zipRight(Ref.update(sent, increment), Ref.update(inFlight, increment)),
      () =>
        Effect.tap(
          answer,
          ({ status }) => status === 429 || status === 418 ? Ref.update(limited, increment) : undefined
        ),
      () => Ref.update(inFlight, (count) => count - 1)
    ))
  return Context.make(HttpClient.HttpClient, watching).pipe(
    Context.add(Wire, { sent: Ref.get(sent), inFlight: Ref.get(inFlight), limited: Ref.get(limited) })
  )
}))

const increment = (count: number): number => count + 1
