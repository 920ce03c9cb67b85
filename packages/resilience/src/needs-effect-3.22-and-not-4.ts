/**
 * Effect 4 has no `effect/Either`, and an installer may let it pass. What Node says then, before any module has run, names the
 * file that asked for it: the name of this one says what is needed. The first module of each package imports it first.
 */
import { isEither } from "effect/Either"

// Used, as bundlers warn of an import for its side effects where there are none.
export { isEither }
