import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { SourceMisconfigured } from "../SecretSourceError.js"
import { isHeader } from "./address.js"

/**
 * Reads the token in a file. The file is read on each run, because its owner may replace the token.
 *
 * @internal
 */
export const read = (
  source: string,
  fs: FileSystem.FileSystem,
  path: string,
  what: string
): Effect.Effect<Redacted.Redacted<string>, SourceMisconfigured> =>
  fs.readFileString(path).pipe(
    Effect.map((text) => text.trim()),
    Effect.mapError((error) =>
      new SourceMisconfigured({
        source,
        code: error._tag === "SystemError" ? error.reason : undefined,
        detail: `the file of ${what} cannot be read; check that it exists and is readable`
      })
    ),
    Effect.filterOrFail(
      isHeader,
      () =>
        new SourceMisconfigured({
          source,
          detail:
            `the file of ${what} contains no token: expected printable ASCII without spaces; the value is not shown`
        })
    ),
    Effect.map((text) => Redacted.make(text))
  )
