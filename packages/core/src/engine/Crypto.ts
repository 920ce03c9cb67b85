/**
 * Provides the cryptographic primitives of signatures: HMAC and two curves, by `node:crypto` on Node.js and in
 * JavaScript elsewhere.
 *
 * They are pure and synchronous on every platform, so that a signed request needs no turn of the event loop that a
 * `TestClock` cannot see.
 *
 * @since 0.1.0
 */
import { primitives } from "#crypto"
import * as Context from "effect/Context"
import type { Primitives } from "./internal/primitives.js"

export type { Primitives } from "./internal/primitives.js"

/**
 * The primitives of the current platform, selected by `imports` in `package.json`. Those of other platforms are neither
 * loaded nor bundled; the curves in JavaScript are an eighth of a client's size.
 *
 * **Gotchas**
 *
 * P-256 signatures differ each time on Node.js. In JavaScript they are deterministic (RFC 6979).
 *
 * @since 0.1.0
 * @category constructors
 */
export const platform: Primitives = primitives

/**
 * The primitives that the exchanges' Layers sign with. Defaults to {@link platform}. Provide others beneath the Layers.
 *
 * @since 0.1.0
 * @category references
 */
export class Crypto extends Context.Reference<Crypto>()("@effect-exchange/core/Crypto", {
  defaultValue: (): Primitives => platform
}) {}
