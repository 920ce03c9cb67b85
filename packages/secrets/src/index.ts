/**
 * Configuration from secret managers.
 *
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

export * as AwsSecretsManager from "./AwsSecretsManager.js"
export * as SecretSource from "./SecretSource.js"
export * as SecretSourceError from "./SecretSourceError.js"
export * as Vault from "./Vault.js"
