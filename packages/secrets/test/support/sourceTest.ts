import type { FileSystem, HttpClient } from "@effect/platform"
import { it } from "@effect/vitest"
import { Config, Effect, type Layer, Random, Redacted, type Scope } from "effect"
import type { SecretSource } from "../../src/index.js"
import * as Server from "./server.js"

/** Reads the secrets and unwraps their values. */
export const readPlain = (read: SecretSource.Service["read"]) =>
  Effect.map(read, (secrets) => Object.fromEntries([...secrets].map(([name, text]) => [name, Redacted.value(text)])))

export const pair = Config.all([Config.string("BINANCE_API_KEY"), Config.string("BINANCE_API_SECRET")])

/** A test over real sockets. The random numbers are all zero, so that there is no delay between attempts. */
export const test = <A, E>(
  name: string,
  body: Effect.Effect<A, E, HttpClient.HttpClient | FileSystem.FileSystem | Scope.Scope>,
  platform: Layer.Layer<HttpClient.HttpClient | FileSystem.FileSystem> = Server.platform
) => it.scoped(name, () => Effect.provide(Effect.withRandom(body, Random.fixed([0])), platform))
