import * as Redacted from "effect/Redacted"
import type { ApiKey } from "../engine/Account.js"

/** @internal Replaces keys, secrets and signatures in a target by `<redacted>`. */
export const concealer = (keys: ReadonlyArray<ApiKey>): (target: string) => string => {
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
