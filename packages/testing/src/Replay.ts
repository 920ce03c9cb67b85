/**
 * An `HttpClient` that serves the fixtures of `Recording`.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { ScriptedResponse, step } from "./internal/scriptedResponse.js"
import { strip, type Target } from "./internal/stripping.js"
import { Fixture, parameters } from "./Recording.js"

/**
 * The options of a replay.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The parameters that distinguish requests, which must be the recorded ones. Defaults to `Recording.parameters`. */
  readonly parameters?: ReadonlyArray<string> | undefined
}

/**
 * Serves fixtures. A request receives the fixtures with its method, path, query and body in order, and then the last of
 * them again and again. A request without a fixture is a mistake in the test, so it is a defect: a `NotRecorded`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  fixtures: ReadonlyArray<Fixture>,
  options: Options = {}
): Layer.Layer<HttpClient.HttpClient> => {
  const allowed = new Set(options.parameters ?? parameters)
  const byTarget = new Map<string, ReadonlyArray<Fixture>>()
  for (const fixture of fixtures) {
    byTarget.set(describe(fixture), [...byTarget.get(describe(fixture)) ?? [], fixture])
  }
  return Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      Ref.make<ReadonlyMap<string, number>>(new Map()),
      (served) =>
        HttpClient.make((request) =>
          Effect.gen(function*() {
            const { target } = yield* strip(request, allowed)
            const described = describe(target)
            const index = yield* Ref.modify(served, (counts) => {
              const count = counts.get(described) ?? 0
              return [count, new Map(counts).set(described, count + 1)]
            })
            const answers = byTarget.get(described) ?? []
            const fixture = answers[Math.min(index, answers.length - 1)]
            if (fixture === undefined) {
              return yield* Effect.die(new NotRecorded({ request: described, recorded: [...byTarget.keys()] }))
            }
            return new ScriptedResponse(request, step(fixture.status, fixture.headers, fixture.text))
          })
        )
    )
  )
}

/**
 * Serves the fixtures of a directory, in the order of their file names. Fails with `BadFixture` if a file is not a
 * fixture.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDirectory = (
  directory: string,
  options?: Options
): Layer.Layer<HttpClient.HttpClient, PlatformError | BadFixture, FileSystem.FileSystem> =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const names = (yield* files.readDirectory(directory)).filter((name) => name.endsWith(".json")).toSorted()
    const fixtures = yield* Effect.forEach(
      names,
      (name) =>
        Effect.flatMap(
          files.readFileString(`${directory}/${name}`),
          (text) => Either.mapLeft(decode(text), ({ message }) => new BadFixture({ file: name, detail: message }))
        )
    )
    return layer(fixtures, options)
  }))

/**
 * No response is recorded for a request. `request` is its method and URL, and `recorded` lists the recorded requests.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotRecorded
  extends Schema.TaggedError<NotRecorded>("@effect-exchange/testing/Replay/NotRecorded")("NotRecorded", {
    request: Schema.String,
    recorded: Schema.Array(Schema.String)
  })
{
  override get message(): string {
    const known = this.recorded.length === 0 ? "none" : this.recorded.join("; ")
    return `No response is recorded for ${this.request}; record one. Recorded requests: ${known}`
  }
}

/**
 * A file in the directory is not a fixture.
 *
 * @since 0.1.0
 * @category errors
 */
export class BadFixture
  extends Schema.TaggedError<BadFixture>("@effect-exchange/testing/Replay/BadFixture")("BadFixture", {
    file: Schema.String,
    detail: Schema.String
  })
{
  override get message(): string {
    return `${this.file} is not a valid fixture; record it again or remove it: ${this.detail}`
  }
}

const decode = Schema.decodeEither(Schema.parseJson(Fixture))

const describe = ({ body, method, path, query }: Target): string =>
  `${method} ${path}${query === "" ? "" : `?${query}`}${body === "" ? "" : ` ${body}`}`
