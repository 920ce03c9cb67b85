/**
 * Fails to load with Effect 4, which has no `effect/Either` and which an installer may let pass. Node's error then
 * appears before any module has run and names the importing file, so the name of this file states the requirement. The
 * first module of each package imports this file first.
 */
import "effect/Either"
