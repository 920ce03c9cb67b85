import { Redacted } from "effect"
import { generateKeyPairSync } from "node:crypto"

/** Known to the tests alone, so that finding one anywhere proves a leak. */
export const key = Redacted.make("K3y/CANARY+key==0123456789abcdef")
export const secret = Redacted.make("S3cr3t/CANARY+secret==fedcba9876543210")
export const passphrase = Redacted.make("P4ss/CANARY+phrase==0a1b2c3d4e5f")
/** P-256. Made anew for every run: a private key in a repository would alarm secret scanners. */
export const pem = Redacted.make(
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "pem", type: "pkcs8" }).toString()
    .trim()
)
