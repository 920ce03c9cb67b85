import type * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey, Permission } from "../../engine/Account.js"
import type { Engine } from "../../engine/Engine.js"
import type { Json } from "../../internal/json.js"
import type { Params, Refusal } from "./params.js"

/** @internal What an endpoint answers, and the engine after it when something was traded. */
export interface Answer {
  readonly body: Json
  readonly engine?: Engine | undefined
}

/** @internal */
export interface Endpoint {
  readonly params: ReadonlyArray<string>
  readonly weight: (params: Params) => number
  /** What the key that signs must be allowed to do; absent where nothing is signed. */
  readonly signed?: Permission | undefined
  /** Weight is given back when the answer is not a refusal. */
  readonly freeWhenAccepted?: boolean | undefined
  /** Counts against the unfilled orders. */
  readonly places?: boolean | undefined
  readonly answer: (
    params: Params,
    world: World,
    key: ApiKey | undefined
  ) => Either.Either<Answer, Refusal>
}

/** @internal Endpoints by method and path. */
export type Endpoints = Readonly<Record<string, Endpoint>>
