import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Redacted, TestClock } from "effect"
import { sign } from "../src/internal/awsSignature.js"
import * as SigV4 from "./support/sigV4.js"

const keys = {
  accessKeyId: Redacted.make("AKIDEXAMPLE"),
  secretAccessKey: Redacted.make("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

/** From the documentation of Signature Version 4, and from the test suite that AWS publishes. */
const published = [
  {
    name: "the ListUsers example of the documentation",
    url: "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
    method: "GET",
    service: "iam",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    signed: "content-type;host;x-amz-date",
    signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
  },
  {
    name: "get-vanilla",
    url: "https://example.amazonaws.com/",
    method: "GET",
    service: "service",
    headers: {},
    signed: "host;x-amz-date",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
  },
  {
    name: "post-vanilla",
    url: "https://example.amazonaws.com/",
    method: "POST",
    service: "service",
    headers: {},
    signed: "host;x-amz-date",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
  }
] as const

describe("AWS Signature Version 4", () => {
  for (const { headers, method, name, service, signature, signed, url } of published) {
    it.effect(`computes the published signature of ${name}, with the time of Effect's clock`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(DateTime.toEpochMillis(DateTime.unsafeMake("2015-08-30T12:36:00Z")))
        const request = yield* sign({ method, url, headers }, keys, { service, region: "us-east-1" })
        assert.strictEqual(request.headers["x-amz-date"], "20150830T123600Z")
        assert.strictEqual(
          request.headers["authorization"],
          `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/${service}/aws4_request, ` +
            `SignedHeaders=${signed}, Signature=${signature}`
        )
        // The verifier of the test servers agrees.
        const { host, pathname, search } = new URL(url)
        const received = { method, path: pathname + search, headers: { ...request.headers, host }, body: "" }
        const parsed = SigV4.parse(request.headers["authorization"] ?? "")
        assert.strictEqual(
          parsed && SigV4.signature(received, parsed, Redacted.value(keys.secretAccessKey)),
          signature
        )
      }))
  }
})
