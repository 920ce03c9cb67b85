/**
 * What signatures are made by: HMAC and two curves, by `node:crypto` on Node and in JavaScript elsewhere.
 *
 * Pure and synchronous on every platform, so that a signed request needs no turn of the event loop that a `TestClock` could
 * not see.
 *
 * @since 0.1.0
 */
import { primitives } from "#crypto"
import * as Context from "effect/Context"
import type { Primitives } from "./internal/primitives.js"

export type { Primitives } from "./internal/primitives.js"

/**
 * The primitives of the platform that this runs on, as `imports` of the manifest tells them apart: what is for others is
 * neither loaded nor bundled, and the curves in JavaScript are an eighth of a client.
 *
 * **Gotchas**
 *
 * Signatures on P-256 differ each time on Node; in JavaScript they are always the same for the same key and data (RFC 6979).
 *
 * @since 0.1.0
 * @category constructors
 */
export const platform: Primitives = primitives

/**
 * The primitives that the Layers of exchanges sign with: {@link platform} unless others are provided beneath them.
 *
 * @since 0.1.0
 * @category references
 */
export class Crypto extends Context.Reference<Crypto>()("@effect-exchange/core/Crypto", {
  defaultValue: (): Primitives => platform
}) {}
