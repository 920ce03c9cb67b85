import * as Redacted from "effect/Redacted"
import type { ApiKey } from "../engine/Account.js"

/** @internal Returns a function that redacts keys, secrets, tokens and signatures in a request target. */
export const redactor = (keys: ReadonlyArray<ApiKey>): (target: string) => string => {
  const secrets = keys.flatMap(({ id, passphrase, verifier }) => [
    Redacted.value(id),
    ...(verifier._tag === "Hmac" ? [Redacted.value(verifier.secret)] : []),
    ...(passphrase === undefined ? [] : [Redacted.value(passphrase)])
  ])
  return (target) =>
    secrets.reduce(
      (text, secret) => text.replaceAll(secret, "<redacted>"),
      target.replace(
        /([?&](?:signature|apiKey|api-key|api-signature|access_token|refresh_token|client_secret)=)[^&]*/gi,
        "$1<redacted>"
      )
    )
}
