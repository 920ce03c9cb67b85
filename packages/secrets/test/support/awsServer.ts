import { DateTime, Effect } from "effect"
import * as Server from "./server.js"
import * as SigV4 from "./sigV4.js"

export interface Key {
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** Epoch milliseconds. */
  readonly endsAt: number
}

/** AWS Secrets Manager, which verifies every signature, and the credentials endpoint of a container. */
export const start = Effect.gen(function*() {
  const state = {
    region: "eu-central-1",
    /** By access key id. */
    keys: new Map<string, Key>(),
    /** By name. */
    secrets: new Map<string, { SecretString: string } | { SecretBinary: string }>(),
    isAllowed: true,
    authorization: "",
    /** The lifetime of the container credentials, in milliseconds. */
    lifetime: 3600_000,
    fetches: 0
  }
  const manager = yield* Server.start((request) =>
    Effect.map(Effect.clock, (clock) => respond(request, clock.unsafeCurrentTimeMillis()))
  )
  const container = yield* Server.start((request) =>
    Effect.map(Effect.clock, (clock) => {
      if (request.headers["authorization"] !== state.authorization) {
        return Server.json(401, { code: "Unauthorized", message: `not ${request.headers["authorization"]}` })
      }
      if (request.path !== "/v1/credentials") return Server.json(404, { code: "NotFound", message: "no such path" })
      const id = `ASIACANARY${String(++state.fetches).padStart(10, "0")}`
      const key = {
        secretAccessKey: `wJalrXUtnFEMI/CANARY+${state.fetches}/bPxRfiCYfetched`,
        sessionToken: `IQoJb3JpZ2luX2VjCANARY${state.fetches}//////////wEaCWV1+session==`,
        endsAt: clock.unsafeCurrentTimeMillis() + state.lifetime
      }
      state.keys.set(id, key)
      return Server.json(200, {
        AccessKeyId: id,
        SecretAccessKey: key.secretAccessKey,
        Token: key.sessionToken,
        Expiration: DateTime.formatIso(DateTime.unsafeMake(key.endsAt)).replace(/\.\d{3}/, ""),
        AccountId: "123456789012"
      })
    })
  )

  const respond = (request: Server.Received, now: number): Server.Reply => {
    const { authorization, "content-type": type, "x-amz-date": date = "", "x-amz-target": target } = request.headers
    if (request.method !== "POST" || request.path !== "/" || type !== "application/x-amz-json-1.1") {
      return error("UnknownOperationException", "")
    }
    if (target !== "secretsmanager.GetSecretValue") return error("UnknownOperationException", "")
    if (authorization === undefined) return error("MissingAuthenticationTokenException", "Missing Authentication Token")
    const signed = SigV4.parse(authorization)
    if (signed === undefined) return error("IncompleteSignatureException", `'${authorization}' is not valid`)
    const key = state.keys.get(signed.accessKeyId)
    if (key === undefined || key.sessionToken !== request.headers["x-amz-security-token"]) {
      return error("UnrecognizedClientException", "The security token included in the request is invalid.")
    }
    if (key.endsAt <= now) {
      return error("ExpiredTokenException", "The security token included in the request is expired")
    }
    const instant = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"))
    if (!(Math.abs(instant - now) <= 5 * 60_000)) {
      return error("InvalidSignatureException", `Signature expired: ${date} is now earlier than the clock`)
    }
    if (
      signed.service !== "secretsmanager" || signed.region !== state.region ||
      !SigV4.verifies(request, signed, key.secretAccessKey)
    ) {
      return error(
        "InvalidSignatureException",
        `The request signature we calculated does not match ${signed.signature}`
      )
    }
    if (!state.isAllowed) {
      return error("AccessDeniedException", "User: arn:aws:sts::123456789012:assumed-role/trader is not authorized")
    }
    const { SecretId, VersionStage }: { readonly SecretId?: string; readonly VersionStage?: string } = JSON.parse(
      request.body
    )
    const secret = state.secrets.get(SecretId ?? "")
    if (secret === undefined || VersionStage !== "AWSCURRENT") {
      return error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    }
    return Server.json(200, {
      ARN: `arn:aws:secretsmanager:${state.region}:123456789012:secret:${SecretId}-a1b2c3`,
      CreatedDate: 1523477145.713,
      Name: SecretId,
      ...secret,
      VersionId: "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE",
      VersionStages: ["AWSCURRENT"]
    }, { "content-type": "application/x-amz-json-1.1" })
  }

  return { manager, container, state }
})

export const error = (type: string, message: string, status = 400): Server.Reply =>
  Server.json(status, { __type: type, Message: message }, { "content-type": "application/x-amz-json-1.1" })
