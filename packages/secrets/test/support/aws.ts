import { Effect, Redacted } from "effect"
import type { AwsSecretsManager } from "../../src/index.js"
import * as AwsServer from "./awsServer.js"

export const accessKeyId = "AKIACANARY7EXAMPLE00"
export const secretAccessKey = "wJalrXUtnFEMI/CANARY+bPxRfiCYEXAMPLEKEY0"
export const keys = {
  type: "keys" as const,
  accessKeyId: Redacted.make(accessKeyId),
  secretAccessKey: Redacted.make(secretAccessKey)
}

/** An AWS server with one secret and one access key that may read it. */
export const started = Effect.gen(function*() {
  const aws = yield* AwsServer.start
  aws.state.keys.set(accessKeyId, { secretAccessKey, endsAt: Number.POSITIVE_INFINITY })
  aws.state.secrets.set("team/exchanges", { SecretString: `{"BINANCE_API_KEY":"k1","BINANCE_API_SECRET":"s1"}` })
  return aws
})

export type Aws = Effect.Effect.Success<typeof started>

export const options = (
  { manager }: Pick<Aws, "manager">,
  more: Partial<AwsSecretsManager.Options> = {}
): AwsSecretsManager.Options => ({
  region: "eu-central-1",
  secretId: "team/exchanges",
  endpoint: manager.url,
  credentials: keys,
  ...more
})
