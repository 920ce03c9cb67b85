import { Redacted } from "effect"

/** Known to the tests alone, so that finding one anywhere proves a leak. */
export const key = Redacted.make("K3y/CANARY+key==0123456789abcdef")
export const secret = Redacted.make("S3cr3t/CANARY+secret==fedcba9876543210")
