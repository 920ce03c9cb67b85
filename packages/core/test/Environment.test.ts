import { assert, describe, it } from "@effect/vitest"
import { assertLeft, assertRight } from "@effect/vitest/utils"
import { Either } from "effect"
import { Environment } from "../src/index.js"

describe("Environment", () => {
  for (
    const [baseUrl, origin] of [
      ["https://api.acme.example", "https://api.acme.example"],
      ["https://api.acme.example/", "https://api.acme.example"],
      ["HTTPS://API.ACME.EXAMPLE:443", "https://api.acme.example"],
      ["https://api.acme.example:8443", "https://api.acme.example:8443"],
      ["https://[2001:db8::1]", "https://[2001:db8::1]"],
      ["http://localhost", "http://localhost"],
      ["http://LOCALHOST:8080", "http://localhost:8080"],
      ["http://api.localhost:8080", "http://api.localhost:8080"],
      ["http://127.0.0.1:8080/", "http://127.0.0.1:8080"],
      ["http://127.255.255.254", "http://127.255.255.254"],
      ["http://[::1]:8080", "http://[::1]:8080"],
      ["http://[0:0:0:0:0:0:0:1]", "http://[::1]"],
      // Other ways to write 127.0.0.1, which the URL parser resolves.
      ["http://2130706433", "http://127.0.0.1"],
      ["http://0x7f000001", "http://127.0.0.1"],
      ["http://0177.0.0.1", "http://127.0.0.1"],
      ["http://127.1", "http://127.0.0.1"]
    ] as const
  ) {
    it(`accepts ${baseUrl}`, () => assertRight(Environment.origin(baseUrl), origin))
  }

  for (
    const baseUrl of [
      "",
      "acme.example",
      "//acme.example",
      "/path",
      "https://",
      "http://acme.example",
      "http://10.0.0.1",
      "http://192.168.0.1:8080",
      "http://169.254.169.254",
      "http://0.0.0.0",
      "http://[::]",
      "http://[::ffff:127.0.0.1]",
      "http://localhost.evil.com",
      "http://127.0.0.1.evil.com",
      "http://evil.com/localhost",
      "http://evillocalhost",
      "http://127.0.0.1@evil.com",
      "http://3232235777",
      "http://0x0a000001",
      "https://user@acme.example",
      "https://user:hunter2@acme.example",
      "https://:hunter2@acme.example",
      "https://acme.example/api",
      "https://acme.example/?x=1",
      "https://acme.example/#x",
      "https://acme.example//",
      "ftp://acme.example",
      "ws://localhost",
      "wss://acme.example",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "data:text/plain,x"
    ]
  ) {
    it(`refuses ${baseUrl} without showing its password`, () => {
      const result = Environment.origin(baseUrl)
      assert.isTrue(Either.isLeft(result))
      if (Either.isLeft(result)) {
        assert.strictEqual(result.left._op, "InvalidData")
        assert.notInclude(String(result.left), "hunter2")
        assert.include(String(result.left), "baseUrl")
      }
    })
  }

  it("the error explains what is wrong with a base URL", () => {
    for (
      const [baseUrl, expected] of [
        ["http://acme.example", "only for loopback addresses"],
        ["ftp://acme.example", "https URL"],
        ["https://user:hunter2@acme.example", "without user name or password"],
        ["https://acme.example/api", "only a scheme, host and port"],
        ["acme", "absolute URL"]
      ] as const
    ) {
      assertLeft(Either.mapLeft(Environment.origin(baseUrl), (error) => String(error).includes(expected)), true)
    }
  })

  it("has a name", () => {
    assert.strictEqual(Environment.name("live"), "live")
    assert.strictEqual(Environment.name("testnet"), "testnet")
    assert.strictEqual(Environment.name({ name: "proxy", baseUrl: "https://acme.example" }), "proxy")
  })

  it("isLive depends on the address, never on the name", () => {
    const protocol = { testHosts: ["test.acme.example"] }
    const at = (baseUrl: string) => Environment.isLive(protocol, { name: "testnet", baseUrl })
    assert.isTrue(Environment.isLive(protocol, "live"))
    assert.isFalse(Environment.isLive(protocol, "testnet"))
    for (const url of ["https://api.acme.example", "https://acme.example", "https://x.test.acme.example"]) {
      assert.isTrue(at(url), url)
    }
    for (
      const url of ["https://test.acme.example", "https://TEST.acme.example:8443", "http://localhost", "https://[::1]"]
    ) {
      assert.isFalse(at(url), url)
    }
    assert.isTrue(Environment.isLive({}, { name: "testnet", baseUrl: "https://test.acme.example" }))
  })
})
